"""What can be wrong with a database; every sentence names the file, the key and what was expected (method
section 7.1).
"""

from __future__ import annotations

from ...errors import FileCorrupt, InputError, OutputError


class DatabaseMissing(InputError):
    """There is no file or folder of that name."""

    code = "data.not_found"


class DatabaseUnknown(InputError):
    """A file or folder that is no database this project reads."""

    code = "data.unknown_format"


class DatabaseCorrupt(FileCorrupt):
    """A database that is cut off or damaged."""

    code = "data.corrupt"


class MissingKey(InputError):
    """An array that is needed is not there."""

    code = "data.missing_key"


class RaggedArrays(InputError):
    """Arrays that do not have one row per frame each, or rows of different lengths."""

    code = "data.ragged"


class BadShape(InputError):
    """An array whose rows have another size than their key asks for."""

    code = "data.bad_shape"


class NotFinite(InputError):
    """NaN or infinite numbers."""

    code = "data.not_finite"


class UnsafeFile(InputError):
    """The file wants something run; nothing was."""

    code = "data.unsafe_file"
    exit_code = 5


class DestinationTaken(OutputError):
    """The folder to write exists already."""

    code = "data.destination_taken"
