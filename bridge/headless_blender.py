"""Everything that needs Blender, as a child process over a job folder: nothing here imports bpy."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Reel2RigError
from .errors import BlenderFailed, BlenderMissing, BlenderTooOld, exit_sentence, from_wire
from .files import read_json, write_json
from .processes import python_environment, run_streaming, spawn

VARIABLE = "REEL2RIG_BLENDER"  # a Blender program, or a Python that has bpy
OLDEST = (4, 2)
SERVE = "--serve"  # in a request's place: answer one after the other, named on stdin
_HAS_BPY = "import importlib.util, sys; sys.exit(importlib.util.find_spec('bpy') is None)"


@dataclass(frozen=True)
class BlenderProgram:
    """Something that can run bpy. `module`: a Python with the bpy module, else a Blender program."""

    path: Path
    module: bool

    def command(self, request: Path | str) -> list[str | Path]:
        """The command line for one request file, or for `SERVE`."""
        if self.module:
            return [self.path, "-m", "reel2rig.blender_addon.headless", request]
        # Beside `bridge` in a checkout and in an installation; as a script it needs neither installed.
        script = Path(__file__).parent.parent / "blender_addon" / "headless.py"
        options = ["-b", "--factory-startup", "--python-exit-code", "1"]
        return [self.path, *options, "--python", script, "--", request]

    @property
    def label(self) -> str:
        return f"the bpy module of {self.path}" if self.module else str(self.path)


def find_blender(worker_python: Path | None = None) -> BlenderProgram:
    """The one `$REEL2RIG_BLENDER` names, else this Python, else the worker's, else `blender` on the path.

    Raises:
        BlenderMissing: none of them; the sentence says how to get one.
        BlenderTooOld: the program found is older than `OLDEST`.
    """
    if named := os.environ.get(VARIABLE):
        path = Path(shutil.which(named) or named)
        if not path.exists():
            raise BlenderMissing(f"{VARIABLE} names {named}, which does not exist; correct or unset it.")
        module = path.name.lower().startswith("python")
        return BlenderProgram(path, module) if module else _new_enough(path)
    if importlib.util.find_spec("bpy"):
        return BlenderProgram(Path(sys.executable), module=True)
    if worker_python and worker_python != Path(sys.executable) and _has_bpy(worker_python):
        return BlenderProgram(worker_python, module=True)
    if program := shutil.which("blender"):
        return _new_enough(Path(program))
    raise BlenderMissing(
        "This format needs Blender, and neither its Python module nor a 'blender' program was found; install "
        "the module with pip install 'reel2rig[blender]', or Blender 4.2 or later and put it on PATH "
        "(.npz needs neither)."
    )


def run_blender(
    program: BlenderProgram,
    request: dict[str, Any],
    folder: Path,
    log: Path,
    should_cancel: Callable[[], int] = lambda: 0,
) -> dict[str, Any]:
    """Run one request of `blender_addon.headless` and return its report.

    Args:
        request: {"job", "output", "format", "options"}.
        folder: takes the request and the report.

    Raises:
        BlenderFailed or the error that the report names; Cancelled.
    """
    number = len(list(folder.glob("blender-*.request.json")))
    file = folder / f"blender-{number}.request.json"
    write_json(file, request)
    try:
        code, _ = run_streaming(
            program.command(file),
            say=lambda line: None,
            log=log,
            should_stop=lambda: should_cancel() > 0,
            cwd=folder,
            env=python_environment(program.path),
        )
    except OSError as error:
        raise BlenderFailed(f"{program.path} cannot be started ({error.strerror or error}).") from error
    report = read_json(file.with_name(f"{file.stem}.report.json"))
    if report is None:
        raise BlenderFailed(f"Blender {exit_sentence(code)} without a report; the log is {log}.")
    if error := report_error(report, log):
        raise error
    return report


def report_error(report: dict[str, Any], log: Path) -> Reel2RigError | None:
    """The error that a report of `blender_addon.headless` tells of, or None when all went well."""
    if report.get("ok"):
        return None
    message = str(report.get("message") or f"Blender failed; the log is {log}.")
    exit_code = report.get("exit_code")
    known = exit_code if isinstance(exit_code, int) and exit_code > 0 else BlenderFailed.exit_code
    return from_wire(str(report.get("code") or BlenderFailed.code), message, known)


def _new_enough(program: Path) -> BlenderProgram:
    """Ask a program for its version; "Blender 4.2.3 LTS" is its first line."""
    lines: list[str] = []
    with suppress(OSError):
        run_streaming([program, "--version"], say=lines.append)
    found = re.search(r"Blender (\d+)\.(\d+)", "\n".join(lines))
    if found is None:
        raise BlenderMissing(f"{program} does not start, or is not Blender; set {VARIABLE} to one that does.")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise BlenderTooOld(f"{program} is {found[0]}, which is too old; install Blender 4.2 or later.")
    return BlenderProgram(program, module=False)


def _has_bpy(python: Path) -> bool:
    try:
        process = spawn([python, "-c", _HAS_BPY], stdin=subprocess.DEVNULL, env=python_environment(python))
    except OSError:
        return False
    return process.wait() == 0
