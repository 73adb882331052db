"""Writing a file so that the reader finds either all of it or what was there before."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import DiskFull, OutputError, OutputFolderMissing, OutputNotWritable

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`: moved onto `path` if the block ends well, removed otherwise.

    Raises OutputFolderMissing, OutputNotWritable, DiskFull, or OutputError for any other failure of the file
    system, each with a sentence that names the path. The temporary name keeps the suffix of `path`, for
    writers that choose by it.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise OutputFolderMissing(
            f"The folder {target.parent} does not exist: create it or choose another one."
        )
    if target.is_dir():
        raise OutputNotWritable(f"{target} is a folder: choose a file name inside it.")
    # Not by process id: two computers that share the folder may have the same one.
    temporary = target.with_name(f".{target.stem}.{uuid.uuid4().hex[:8]}.part{target.suffix}")
    try:
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        raise _as_output_error(error, target) from error
    finally:
        temporary.unlink(missing_ok=True)


def _as_output_error(error: OSError, target: Path) -> OutputError:
    if error.errno in _FULL:
        return DiskFull(
            f"The disk is full, {target.name} was not written: free some space on {target.parent}."
        )
    if error.errno in _REFUSED:
        return OutputNotWritable(
            f"{target} cannot be written: choose a folder in which you may create files."
        )
    if error.errno == errno.ENOENT:
        return OutputFolderMissing(
            f"The folder {target.parent} does not exist: create it or choose another one."
        )
    reason = error.strerror or str(error)
    return OutputError(f"{target} could not be written ({reason}): choose another file or folder.")
