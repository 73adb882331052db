"""The virtual environment in .venv: made once, refreshed when pyproject.toml or the list of files changes.

The project itself is installed as a *strict* editable: a tree of links to exactly the files that the wheel
would hold, so that type checkers see `reel2rig.*` and a file forgotten in pyproject.toml is missing here too.
Such a tree does not see new files by itself, hence the list of files in the stamp.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "reel2rig-installed.json"
PACKAGE_FOLDERS = ("core", "bridge", "blender_addon")
GENERATED = (".venv", "build", "dist", "demo", ".cache", ".pytest_cache", ".ruff_cache", ".hypothesis")

# Chooses the CPU or a CUDA build of torch: one of the index addresses on pytorch.org's install page.
TORCH_INDEX = "REEL2RIG_TORCH_INDEX"

# Measured with torch 2.13, bpy 4.5 and mediapipe 1.2 on Linux x86-64, rounded up.
INSTALLED_BYTES = {"the Python packages": 3.0e9, "the tools for the tests": 0.8e9}
CUDA_INSTALLED_BYTES = 4.7e9
DOWNLOADED_BYTES = 1.2e9
CUDA_DOWNLOADED_BYTES = 2.8e9


def program(name: str) -> str:
    """Path of a program inside the environment."""
    return str(
        VENV / ("Scripts" if os.name == "nt" else "bin") / (f"{name}.exe" if os.name == "nt" else name)
    )


def install(extras: tuple[str, ...]) -> None:
    """Bring .venv up to date with pyproject.toml, `extras` and the files of the packages."""
    stamp = _read_stamp()
    wanted = {
        "checkout": str(ROOT),
        "python": list(sys.version_info[:3]),
        "pyproject": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
        "torch_index": os.environ.get(TORCH_INDEX, ""),
        "extras": sorted(set(extras) | set(stamp.get("extras", ()))),
        "files": _file_list_digest(),
    }
    if stamp == wanted:
        return
    if any(stamp.get(key) != wanted[key] for key in ("checkout", "python")):
        _make_environment()
        wanted["extras"] = sorted(extras)
    if {**stamp, "files": ""} != {**wanted, "files": ""}:
        _install_packages(wanted["extras"])
    _install_project()
    STAMP.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")


def remove_generated_files() -> None:
    """Delete what the commands made in the checkout; the sources and pip's cache stay."""
    for name in (*GENERATED, *(path.name for path in ROOT.glob("*.egg-info"))):
        shutil.rmtree(ROOT / name, ignore_errors=True)


def _make_environment() -> None:
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists():
        raise machine.SetupProblem(f"{VENV} exists and is not a virtual environment; move it away")
    print(f"Making a virtual environment in {VENV}", flush=True)
    _call([sys.executable, "-m", "venv", "--clear", str(VENV)], "making the virtual environment")
    # setuptools and wheel stand in the environment so that the project itself is built without a download.
    _pip(["--upgrade", "pip", "setuptools>=77", "wheel"], "updating pip", silent=True)


def _install_packages(extras: list[str]) -> None:
    """Install the requirements of `extras` (and torch from its own index, when one is named)."""
    requirements = _requirements(extras)
    torch = [item for item in requirements if item.startswith("torch")]
    index = os.environ.get(TORCH_INDEX)
    torch_source = ["--index-url", index] if index else []
    print(f"Installing the packages of [{','.join(extras)}]", flush=True)
    if torch:
        _check_disk(_brings_cuda([*torch, *torch_source]), "dev" in extras)
        print("The first time this downloads about a gigabyte", flush=True)
    if index and torch:
        _pip([*torch_source, *torch], f"installing torch from {TORCH_INDEX}")
    _pip(requirements, "installing the packages")


def _install_project() -> None:
    # Silent, because setuptools warns at length about what is meant here: a tree of links that must stay.
    strict = ["--config-settings", "editable_mode=strict", "--editable", str(ROOT)]
    _pip(["--no-deps", "--no-build-isolation", *strict], "installing the project itself", silent=True)


def _requirements(extras: list[str]) -> list[str]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chosen = [*project["dependencies"]]
    for extra in extras:
        chosen += project["optional-dependencies"][extra]
    return chosen


def _brings_cuda(torch: list[str]) -> bool:
    """Ask pip which torch it would take here: the CUDA builds pull gigabytes of further packages."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            program("python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--dry-run",
            "--no-deps",
            "--ignore-installed",
        ]
        if subprocess.call([*command, "--report", str(report), *torch], stderr=subprocess.DEVNULL) != 0:
            return False
        chosen = json.loads(report.read_text(encoding="utf-8"))["install"][0]["metadata"]
    brings = any(name.startswith(("nvidia", "cuda")) for name in chosen.get("requires_dist", ()))
    if brings:
        print(
            f"pip takes the CUDA build of torch {chosen['version']}: about {CUDA_DOWNLOADED_BYTES / 1e9:.1f} "
            f"GB more to download. For the CPU build, set {TORCH_INDEX} to the CPU index that pytorch.org's "
            "install page names.",
            flush=True,
        )
    return brings


def _check_disk(cuda: bool, with_tools: bool) -> None:
    sizes = list(INSTALLED_BYTES.values())
    needs = {"the Python packages": (VENV, sizes[0] + cuda * CUDA_INSTALLED_BYTES)}
    if with_tools:
        needs["the tools for the tests"] = (VENV, sizes[1])
    if not os.environ.get("PIP_NO_CACHE_DIR"):
        needs["pip's download cache"] = (
            machine.pip_cache_folder(),
            DOWNLOADED_BYTES + cuda * CUDA_DOWNLOADED_BYTES,
        )
    machine.check_free_disk(needs)


def _read_stamp() -> dict:
    """What was installed last time; empty when unknown or when the environment does not start."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        subprocess.run([program("python"), "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return stamp if (ROOT / "build").is_dir() else {**stamp, "files": ""}


def _file_list_digest() -> str:
    """Changes when a file of the packages appears or disappears (contents are followed by the links)."""
    names = sorted(
        path.relative_to(ROOT).as_posix()
        for folder in PACKAGE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _pip(arguments: list[str], doing: str, *, silent: bool = False) -> None:
    """One pip install; pip's own PIP_* variables and configuration files are honoured."""
    _call(
        [program("python"), "-m", "pip", "install", "--disable-pip-version-check", *arguments], doing, silent
    )


def _call(command: list[str], doing: str, silent: bool = False) -> None:
    """Run one step of the installation; a silent one speaks only when it fails."""
    stream = subprocess.PIPE if silent else None
    done = subprocess.run(
        command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT if silent else None, text=True, check=False
    )
    if done.returncode != 0:
        print(done.stdout or "", file=sys.stderr)
        raise machine.SetupProblem(
            f"{doing} failed; the message above says why. Mend it and run this command again"
        )
