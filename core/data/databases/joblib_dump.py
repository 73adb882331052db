"""The dictionaries of arrays that researchers dumped with joblib (method section 7.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...restricted_joblib import OldJoblib, is_joblib, load_joblib
from ...restricted_pickle import ForbiddenName, plain
from .errors import DatabaseCorrupt, DatabaseUnknown, UnsafeFile

__all__ = ["is_joblib", "read_dump"]


def read_dump(path: Path) -> dict[str, Any]:
    """The dictionary in a dump: arrays (memory-mapped where it is not compressed), lists, text, numbers.

    Raises:
        UnsafeFile: it names anything but arrays; nothing of it was run.
        DatabaseUnknown: a dump of a joblib before 0.10, or of something else than a dictionary.
        DatabaseCorrupt: it is cut off or damaged.
    """
    try:
        content = plain(load_joblib(path))
    except OldJoblib as error:
        raise DatabaseUnknown(
            f"{path} was written by a joblib before 0.10: load it with that version and dump it with a new "
            "one."
        ) from error
    except ForbiddenName as error:
        raise UnsafeFile(
            f"{path} asks to run {error.name}, which no database needs; it was not run, and no key was "
            "read: expected a dictionary of numpy arrays. Get the file from its publisher again."
        ) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise DatabaseCorrupt(
            f"{path} is no whole joblib dump of arrays ({str(error) or type(error).__name__}): get the "
            "file again."
        ) from error
    if not isinstance(content, dict):
        raise DatabaseUnknown(
            f"{path} holds no dictionary; expected one with vid_name, features, joints2D and other arrays."
        )
    return {str(key): value for key, value in content.items()}
