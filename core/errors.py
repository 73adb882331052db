"""The one base class of every error a user can meet, and the errors that more than one room raises.

An error carries a stable `code` (shown to the user, searchable in the troubleshooting page) and one
sentence that says what to do. Standard library only: the Blender add-on, the client and the worker share it.
"""

from __future__ import annotations


class Reel2RigError(Exception):
    """Something the user can act on.

    Attributes:
        code: stable dotted name such as ``video.not_found``; survives the wire between the two processes.
        exit_code: what the command line returns; 2 bad input, 3 output, 4 worker, 5 model or body file.
    """

    code: str = "internal.error"
    exit_code: int = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class Cancelled(Reel2RigError):
    """The user asked to stop; not a failure."""

    code = "job.cancelled"
    exit_code = 130


class OutputError(Reel2RigError):
    """A result could not be written; nothing half-written is left behind."""

    code = "output.failed"
    exit_code = 3


class OutputFolderMissing(OutputError):
    code = "output.folder_missing"


class OutputNotWritable(OutputError):
    code = "output.not_writable"


class DiskFull(OutputError):
    code = "output.disk_full"


class UnknownFormat(OutputError):
    code = "output.unknown_format"


class InputError(Reel2RigError):
    """Something the user gave cannot be used."""

    code = "input.invalid"
    exit_code = 2


class FileCorrupt(Reel2RigError):
    """A model, body or motion file does not hold what it must."""

    code = "file.corrupt"
    exit_code = 5
