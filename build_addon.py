"""Builds the Blender extension: `python build_addon.py` makes dist/reel2rig-<version>.zip.

The zip holds what runs inside Blender (blender_addon, core.motion with its rig maps, the client side of the
bridge, the free body) and, as a plain file, the project's own wheel, which the add-on installs into the
worker's environment. The wheel is not listed in the manifest, so Blender never unpacks it and can never
import it.

Building the same sources twice with the same setuptools gives the same bytes.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PACKAGES = ("core", "bridge", "blender_addon")
WHEEL_FOLDER = "worker"
DATA = ("core/body/free_body.npz", "core/motion/retarget/maps/*.json")
LICENCES = ("blender_addon/LICENSE", "core/LICENSE", "bridge/LICENSE")
_EPOCH = 315532800  # 1 January 1980 UTC, the earliest time that a zip can hold
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

_ROOT_INIT = '''"""Reel2Rig: turns an ordinary video of people into animation. Made by build_addon.py."""

from .blender_addon.registration import register, unregister

__all__ = ("register", "unregister")
'''

_MANIFEST = """schema_version = "1.0.0"

id = "reel2rig"
version = "{version}"
name = "Reel2Rig"
tagline = "{tagline}"
maintainer = "Reel2Rig contributors"
type = "add-on"
tags = ["Animation", "Import-Export", "Rigging"]

blender_version_min = "4.2.0"
license = ["SPDX:GPL-3.0-or-later", "SPDX:Apache-2.0"]

[permissions]
network = "Download the worker's packages and models when asked to"
files = "Read videos, keep the worker and its results on disk"

[build]
paths_exclude_pattern = ["__pycache__/", "*.pyc"]
"""


def build_addon(folder: Path = ROOT / "dist", wheel: Path | None = None) -> Path:
    """Build the extension's zip in `folder` and return its path.

    Args:
        wheel: the project's wheel to carry; None builds it from this checkout.

    Raises CalledProcessError when the wheel cannot be built, FileNotFoundError when a file is missing.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = {name: (ROOT / name).read_bytes() for name in (*addon_modules(), *_data(), *LICENCES)}
    files["__init__.py"] = _ROOT_INIT.encode()
    tagline = "Turns an ordinary video of people into animation"
    files["blender_manifest.toml"] = _MANIFEST.format(version=project["version"], tagline=tagline).encode()
    with tempfile.TemporaryDirectory() as scratch:
        carried = wheel or build_wheel(Path(scratch))
        files[f"{WHEEL_FOLDER}/{carried.name}"] = carried.read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"reel2rig-{project['version']}.zip"
    temporary = target.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    os.replace(temporary, target)
    return target


def addon_modules() -> list[str]:
    """Files of the checkout that the extension needs: blender_addon, core.motion and all they import."""
    waiting = [path for top in ("blender_addon", "core/motion") for path in (ROOT / top).rglob("*.py")]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting.extend(_imported(path))
        # Importing a module runs the __init__ of every package above it.
        waiting.extend(
            parent / "__init__.py" for parent in path.parents if parent != ROOT and ROOT in parent.parents
        )
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def _data() -> list[str]:
    """Files of the checkout, other than modules, that the extension needs."""
    return [path.relative_to(ROOT).as_posix() for pattern in DATA for path in sorted(ROOT.glob(pattern))]


def _imported(path: Path) -> list[Path]:
    """Files of the checkout that a module imports; all imports between the packages are relative."""
    files = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        for candidate in (base, *(base / alias.name for alias in node.names)):
            files += [
                file for file in (candidate.with_suffix(".py"), candidate / "__init__.py") if file.is_file()
            ]
    return files


def build_wheel(folder: Path) -> Path:
    """Build the project's wheel into `folder`, from a copy: no old build folder can leak in."""
    copy = folder / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
    if _has_setuptools():
        command.append("--no-build-isolation")
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(_EPOCH)}
    subprocess.run([*command, str(copy)], check=True, env=environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _has_setuptools() -> bool:
    """Whether the running Python can build without fetching a setuptools of its own."""
    try:
        return int(metadata.version("setuptools").split(".")[0]) >= 77
    except metadata.PackageNotFoundError:
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the Blender extension.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the zip (default: dist)")
    built = build_addon(parser.parse_args().out)
    print(f"{built} ({built.stat().st_size / 1e6:.1f} MB)")
