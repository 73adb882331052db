"""Errors of the bridge, how an error crosses the wire, and what a dead process's exit code means."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import DiskFull, OutputError, OutputNotWritable, Reel2RigError


class WorkerError(Reel2RigError):
    """The worker process or its environment did not do its job."""

    code = "worker.failed"
    exit_code = 4


class WorkerEnvironmentMissing(WorkerError):
    code = "worker.environment_missing"


class WorkerEnvironmentBroken(WorkerError):
    code = "worker.environment_broken"


class WorkerKilled(WorkerError):
    code = "worker.killed"


class WorkerOutOfMemory(WorkerError):
    code = "worker.out_of_memory"


class WorkerProtocolError(WorkerError):
    code = "worker.protocol"


class WorkerVersionMismatch(WorkerError):
    code = "worker.version_mismatch"


class WorkerSilent(WorkerError):
    code = "worker.silent"


class SetupFailed(WorkerError):
    code = "setup.failed"


class PythonMissing(SetupFailed):
    code = "setup.python_missing"


class SetupDiskFull(SetupFailed):
    code = "setup.disk_full"


class BlenderMissing(OutputError):
    code = "blender.missing"


class BlenderTooOld(BlenderMissing):
    code = "blender.too_old"


class BlenderFailed(OutputError):
    code = "blender.failed"


class OutputIsFolder(OutputError):
    code = "output.is_folder"


class OutputIsInput(OutputError):
    code = "output.is_input"


class RemoteError(Reel2RigError):
    """An error that another process reported, with that error's code and exit code."""

    def __init__(self, message: str, code: str, exit_code: int) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code


def from_wire(code: str, message: str, exit_code: int) -> Reel2RigError:
    """Rebuild the error that another process described: of its own class where that is loaded here."""
    for kind in _kinds(Reel2RigError):
        if kind.__dict__.get("code") == code and kind.__init__ is Reel2RigError.__init__:
            return kind(message)
    return RemoteError(message, code, exit_code)


def _kinds(base: type[Reel2RigError]) -> Iterator[type[Reel2RigError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


_SIGNALS = {
    "SIGKILL": "was killed by the system, most often because the computer ran out of memory",
    "SIGSEGV": "crashed (segmentation fault)",
    "SIGBUS": "crashed (bus error)",
    "SIGABRT": "gave up after an internal error (abort)",
    "SIGILL": "crashed: this processor lacks an instruction the installed packages need",
    "SIGFPE": "crashed (arithmetic error)",
    "SIGTERM": "was told to stop by another program",
    "SIGHUP": "was stopped because its session ended",
    "SIGINT": "was interrupted",
}
_WINDOWS = {
    0xC0000005: "crashed (access violation)",
    0xC0000017: "was stopped because the computer ran out of memory",
    0xC000001D: "crashed: this processor lacks an instruction the installed packages need",
    0xC00000FD: "crashed (stack overflow)",
    0xC0000135: "could not start because a system library (DLL) is missing",
    0xC0000409: "crashed (stack buffer overrun)",
    0xC000013A: "was interrupted",
}


def exit_sentence(returncode: int) -> str:
    """What happened to a process that ended with `returncode`, as the end of "The worker ...".

    Understands the negative signal numbers of `subprocess`, the `128 + n` of shells and the NTSTATUS
    values of Windows (signed or unsigned).
    """
    if returncode == 0:
        return "ended early"
    status = returncode & 0xFFFFFFFF
    if status in _WINDOWS:
        return _WINDOWS[status]
    number = -returncode if returncode < 0 else returncode - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"ended with exit code {returncode}"
    # SIGKILL does not exist on Windows, hence names and not numbers in the table.
    return _SIGNALS.get(name, f"was stopped by signal {name}")


_DISK_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_WINDOWS_DISK_FULL = {39, 112}  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL


def is_disk_full(error: OSError) -> bool:
    return error.errno in _DISK_FULL or getattr(error, "winerror", None) in _WINDOWS_DISK_FULL


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's errors while `path` is written into errors a user can act on.

    Raises:
        DiskFull, OutputNotWritable, OutputError: see their codes.
    """
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                f"The disk is full, so {path} was not written; free some space or choose another folder."
            ) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise OutputNotWritable(
                f"{path} cannot be written; choose a folder in which you may create files."
            ) from error
        raise OutputError(f"{path} could not be written ({error.strerror or error}).") from error
