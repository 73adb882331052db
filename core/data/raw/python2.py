"""Pickles that Python 2 wrote, as 3DPW has, read without running what they ask for (method section 7.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...restricted_pickle import ForbiddenName, load_plain
from .errors import RawDataInvalid


class RawDataUnsafe(RawDataInvalid):
    """A pickle wants something run that no dataset needs; nothing was."""

    code = "data.raw_unsafe"
    exit_code = 5


def read_python2_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle of numpy arrays, lists and text.

    Raises RawDataInvalid, RawDataUnsafe.
    """
    try:
        with open(path, "rb") as stream:
            content = load_plain(stream)
    except ForbiddenName as error:
        raise RawDataUnsafe(
            f"{path} asks to run {error.name}, which no dataset needs; it was not run. Fetch the "
            "file from the dataset's own site."
        ) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise RawDataInvalid(
            f"{path} is not a readable pickle ({error}): fetch the dataset again."
        ) from error
    if not isinstance(content, dict):
        raise RawDataInvalid(f"{path} holds no dictionary: fetch the dataset's own file again.")
    return content
