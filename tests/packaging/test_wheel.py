"""The built wheel, run where the checkout cannot help: its own environment, another folder."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from source_tree import PACKAGE_FOLDERS, ROOT, modules, pyproject


def _run(command: list[str | Path], cwd: Path) -> str:
    """Run without any hint of the checkout in the environment; returns stdout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command[0]}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built the way the extension's own wheel is."""
    return runpy.run_path(str(ROOT / "build_addon.py"))["build_wheel"](tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it, and the packages it needs lent by the environment of the tests.

    A path inside a `.pth` file adds that folder but not the `.pth` files in it: the editable install of the
    checkout stays out of sight.
    """
    home = tmp_path_factory.mktemp("wheel_environment")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    _run([*pip, "--no-index", wheel], cwd=home)
    site = Path(
        _run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=home).strip()
    )
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return scripts


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name, module in modules().items():
        path = name.replace(".", "/") + ("/__init__.py" if module.path.name == "__init__.py" else ".py")
        assert path in inside
    for data in ("reel2rig/core/body/free_body.npz", "reel2rig/core/network/weights/default.safetensors"):
        assert data in inside


def test_the_wheel_holds_nothing_but_the_package_and_its_metadata(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    version = pyproject()["project"]["version"]
    assert tops == {"reel2rig", f"reel2rig-{version}.dist-info"}


def test_the_wheel_carries_the_licence_of_each_folder(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    for folder in PACKAGE_FOLDERS:
        assert any(name.endswith(f"licenses/{folder}/LICENSE") for name in inside), folder


def test_the_command_of_the_wheel_says_its_version(bin_folder: Path, tmp_path: Path) -> None:
    assert pyproject()["project"]["version"] in _run([bin_folder / "reel2rig", "--version"], cwd=tmp_path)


def test_every_module_and_data_file_is_used_from_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    names = [
        name
        for name in modules()
        if "blender_addon" not in name and ".body.generate" not in name and not name.endswith("__main__")
    ]
    script = f"""
import importlib, json, sys
places = [importlib.import_module(name).__file__ for name in {names!r}]
from reel2rig.core.motion.body import free_body_path, load_body
from reel2rig.core.network.checkpoint import load_default
body = load_body(free_body_path())
load_default("cpu")
print(json.dumps({{"places": places, "body": str(free_body_path()), "vertices": len(body.v_template)}}))
"""
    told = json.loads(_run([bin_folder / "python", "-c", script], cwd=tmp_path).splitlines()[-1])
    home = str(bin_folder.parent)
    assert told["vertices"] > 1000
    assert told["body"].startswith(home)
    assert all(place.startswith(home) for place in told["places"])


@pytest.mark.blender
def test_the_add_on_package_loads_from_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    script = "import bpy, reel2rig.blender_addon as addon; print(addon.__file__)"
    place = _run([bin_folder / "python", "-c", script], cwd=tmp_path).splitlines()[-1]
    assert place.startswith(str(bin_folder.parent))
