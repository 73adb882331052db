"""Child processes, the same way on every system: no console window, one tree to stop, no inherited Python.

Standard library only.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from ..core.errors import Cancelled

Say = Callable[[str], None]


def spawn(command: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
    """`subprocess.Popen` in a process group of its own.

    The group keeps a terminal's Ctrl-C with the parent, which cancels in order, and lets `stop_tree` reach
    grandchildren. On Windows no console window flashes up.
    """
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        options.setdefault("creationflags", flags)
    else:
        options.setdefault("start_new_session", True)
    process = subprocess.Popen([os.fspath(part) for part in command], **options)
    return cast("subprocess.Popen[bytes]", process)  # no caller passes text=True or an encoding


def stop_tree(process: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    """Ask (or, with `kill`, force) a process of `spawn` and its children to end; does not wait."""
    if sys.platform == "win32":
        # TerminateProcess spares the children; taskkill /T does not.
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],
            capture_output=True,
            check=False,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)


def python_environment(python: str | Path) -> dict[str, str]:
    """The variables for a child Python that must see its own packages and nothing of ours.

    Blender sets PYTHONHOME for its own interpreter; inherited, it breaks every other one.
    """
    variables = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONSTARTUP")
    }
    if Path(python) != Path(sys.executable):
        variables.pop("PYTHONPATH", None)
        variables["PYTHONNOUSERSITE"] = "1"
    variables.update(PYTHONUTF8="1", PYTHONSAFEPATH="1", PYTHONUNBUFFERED="1")
    if (
        sys.platform == "darwin"
    ):  # the few operations that Apple's GPU lacks run on the CPU instead of failing
        variables.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    return variables


def pid_alive(pid: int) -> bool:
    """Whether a process with this id runs now (a recycled id counts as alive)."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259  # STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def run_streaming(
    command: Sequence[str | Path],
    *,
    say: Say,
    log: Path | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    **options: Any,
) -> tuple[int, list[str]]:
    """Run a command to its end, handing each line it prints to `say` and to the log file.

    Returns:
        The exit code and the last 40 lines.

    Raises:
        Cancelled: `should_stop` became true; the process and its children are gone.
        OSError: the command cannot be started.
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    process = spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=pump, args=(process, lines), daemon=True).start()
    tail: deque[str] = deque(maxlen=40)
    try:
        while (line := _next(lines, should_stop)) is not None:
            tail.append(line)
            if log:
                with log.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            say(line)
        return process.wait(), list(tail)
    finally:
        if process.poll() is None:
            stop_tree(process)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                stop_tree(process, kill=True)
                process.wait()


def pump(process: subprocess.Popen[bytes], lines: queue.Queue[str | None]) -> None:
    """Put each line that a process prints into a queue, then None."""
    assert process.stdout is not None
    for raw in process.stdout:
        lines.put(raw.decode("utf-8", "replace").rstrip())
    lines.put(None)


def _next(lines: queue.Queue[str | None], should_stop: Callable[[], bool]) -> str | None:
    while True:
        if should_stop():
            raise Cancelled("Stopped on request.")
        with suppress(queue.Empty):
            return lines.get(timeout=0.2)
