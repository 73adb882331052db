"""The state of an installation, part by part, each with what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Reel2RigError
from ..core.people.model_files import landmark_model_path
from .client.environment import find_environment
from .client.gpu import find_gpu
from .client.system_libraries import BLENDER, WORKER, apt_line, missing_libraries
from .client.torch_build import GIGABYTE
from .headless_blender import find_blender
from .home import Home
from .version import VERSION

SETUP = "run 'reel2rig setup'"
SCARCE = 1.0 * GIGABYTE


@dataclass(frozen=True)
class Finding:
    """One part. `state`: "ok", "missing" (captures cannot run), or "note" (something else cannot)."""

    name: str
    state: str
    found: str
    advice: str = ""


def examine(home: Home) -> list[Finding]:
    """Look at everything a capture needs. Starts no worker and touches no network."""
    findings = [
        Finding("Reel2Rig", "ok", VERSION),
        Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})"),
        Finding("system", "ok", platform.platform()),
        _worker(home),
        _gpu(home),
        _model(home),
        *_package_files(),
        _libraries("libraries of the worker", WORKER, "missing"),
    ]
    blender = _blender(home)
    findings.append(blender)
    if "module" in blender.found:
        findings.append(_libraries("libraries of Blender", BLENDER, "note"))
    findings.append(_disk(home))
    return findings


def _worker(home: Home) -> Finding:
    environment = find_environment(home)
    state = environment.state()
    name = "worker environment"
    if state.name == "ready":
        versions = ", ".join(f"{key} {value}" for key, value in state.versions.items() if value)
        told = f"{state.line}: {environment.python}" + (f" ({versions})" if versions else "")
        return Finding(name, "ok", told, "" if state.device else f"{SETUP} once to check that it starts")
    advice = {
        "broken": "run 'reel2rig setup --repair'",
        "installing": "wait until it is ready",
        "outdated": "run 'reel2rig setup' to update it",
    }
    return Finding(name, "missing", f"{state.name}: {state.reason}", advice.get(state.name, SETUP))


def _gpu(home: Home) -> Finding:
    """What the system shows, and what the worker said of it when it was last installed or repaired."""
    gpu, state = find_gpu(), find_environment(home).state()
    if gpu is None:
        return Finding("GPU", "ok", "none found; captures run on the CPU")
    return Finding("GPU", "note" if state.advice else "ok", gpu.name, state.advice)


def _model(home: Home) -> Finding:
    try:
        return Finding("landmark model", "ok", str(landmark_model_path(home.models)))
    except Reel2RigError as error:
        return Finding("landmark model", "missing", error.message, SETUP)


def _package_files() -> list[Finding]:
    """The data that comes with the package; missing only in a damaged installation."""
    core = Path(__file__).parent.parent / "core"
    files = {
        "default network": core / "network" / "weights" / "default.safetensors",
        "free body": core / "body" / "free_body.npz",
    }
    findings = []
    for name, file in files.items():
        if file.is_file():
            findings.append(Finding(name, "ok", f"{file.stat().st_size / 1e6:.1f} MB"))
        else:
            findings.append(Finding(name, "missing", f"no {file}", "install Reel2Rig again"))
    return findings


def _libraries(name: str, libraries: dict[str, str], state: str) -> Finding:
    missing = missing_libraries(libraries)
    if missing:
        return Finding(name, state, f"missing: {', '.join(missing)}", apt_line(missing))
    return Finding(name, "ok", "all found")


def _blender(home: Home) -> Finding:
    try:
        return Finding("Blender", "ok", find_blender(find_environment(home).python).label)
    except Reel2RigError as error:
        return Finding("Blender", "note", "not found: only .npz can be written", error.message)


def _disk(home: Home) -> Finding:
    existing = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    told = f"{free / GIGABYTE:.1f} GB free for {home.root}"
    if free < SCARCE:
        return Finding("disk", "note", told, "free some space, or set REEL2RIG_HOME to a folder elsewhere")
    return Finding("disk", "ok", told)
