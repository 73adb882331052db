"""The extension's zip alone, outside the checkout: Blender accepts it, installs it, and it works there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.core.motion.retarget.recognise import shipped_maps  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "cv2", "scipy", "smplx", "mediapipe", "av", "safetensors", "yaml", "typer", "rich")

pytestmark = pytest.mark.blender


def build(out: Path, hash_seed: str = "0") -> Path:
    """Run build_addon.py as a user does."""
    command = [sys.executable, str(ROOT / "build_addon.py"), "--out", str(out)]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=out.parent, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (made,) = out.glob("*.zip")
    return made


@pytest.fixture(scope="module")
def extension(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("extension") / "dist")


BEFORE = """
import json, os, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in given["blocked"]:
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import bpy, importlib
import addon_utils  # found only once bpy is there

bpy.ops.extensions.package_install_files(filepath=given["zip"], repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.reel2rig"
part = lambda path: importlib.import_module(f"{name}.{path}")
out = {}
"""
AFTER = """
print("OUT" + json.dumps(out), flush=True)
os._exit(0)
"""


def run_blender(script: str, extension: Path, folder: Path, timeout: float = 180, **given) -> dict:
    """Install the zip in a Python with bpy, run a script there, and return what it leaves in `out`.

    The editable install makes the checkout importable there as `reel2rig`, so that is blocked by name.
    """
    given |= {"zip": str(extension), "blocked": ["reel2rig", "core", "bridge", *HEAVY]}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"BLENDER_USER_RESOURCES": str(folder / "blender"), "REEL2RIG_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-c", f"given = {given!r}\n{BEFORE}{script}{AFTER}"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=timeout,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("OUT")]
    assert lines, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return json.loads(lines[0][3:])


def test_blenders_own_validation_accepts_the_zip(extension):
    tool = Path(bpy.utils.system_resource("SCRIPTS"), "addons_core", "bl_pkg", "cli", "blender_ext.py")
    done = subprocess.run(
        [sys.executable, str(tool), "validate", str(extension)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in (done.stdout + done.stderr).lower()


def test_building_twice_gives_the_same_bytes(extension, tmp_path):
    again = build(tmp_path / "again", hash_seed="1")
    assert again.read_bytes() == extension.read_bytes()


def test_the_manifest_names_what_the_extension_needs_and_no_wheels(extension):
    with zipfile.ZipFile(extension) as archive:
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
        inside = archive.namelist()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert manifest["version"] == project["version"]
    assert manifest["blender_version_min"] == "4.2.0"
    assert set(manifest["permissions"]) == {"network", "files"}
    assert "wheels" not in manifest
    assert len([name for name in inside if name.endswith(".whl")]) == 1
    assert "core/body/free_body.npz" in inside
    assert not [
        name for name in inside if name.startswith(("core/network", "core/pipeline", "bridge/worker"))
    ]


LIGHT_SCRIPT = """
jobs, preferences = part("blender_addon.jobs").jobs, part("blender_addon.preferences")
out["state"] = jobs.state_line(preferences.home())
out["own preferences"] = preferences.preferences() is not None
out["panel"] = hasattr(bpy.types, "REEL2RIG_PT_capture")
bpy.ops.reel2rig.import_capture(filepath=given["job"])
scene = bpy.context.scene
out["bones"] = [len(thing.data.bones) for thing in scene.objects if thing.type == "ARMATURE"]
out["vertices"] = sum(len(thing.data.vertices) for thing in scene.objects if thing.name.endswith("Body"))
addon_utils.disable(name, default_set=True)
out["left"] = [n for kind in (bpy.types, bpy.types.Scene) for n in dir(kind) if "reel2rig" in n.lower()]
out["loaded"] = [n for n in sys.modules if n.partition(".")[0] in given["blocked"]]
addon_utils.enable(name, default_set=True)
out["again"] = hasattr(bpy.types, "REEL2RIG_PT_capture")
"""


def test_it_installs_registers_imports_a_motion_file_and_unregisters(
    extension, make_clip, make_job, tmp_path
):
    out = run_blender(LIGHT_SCRIPT, extension, tmp_path, job=str(make_job(make_clip(frames=4))))
    assert out["state"] == "Absent"
    assert out["own preferences"]
    assert out["panel"]
    assert out["bones"] == [25]
    assert out["vertices"] > 10_000
    assert out["left"] == []
    assert out["loaded"] == []
    assert out["again"]


IMPORT_SCRIPT = """
for module in given["modules"]:
    importlib.import_module(f"{name}.{module}".rstrip("."))
out["loaded"] = [n for n in sys.modules if n.partition(".")[0] in given["blocked"]]
out["rig maps"] = sorted(part("core.motion.retarget.recognise").shipped_maps())
"""


def test_everything_in_the_zip_imports_without_the_worker_packages(extension, tmp_path):
    with zipfile.ZipFile(extension) as archive:
        files = [name for name in archive.namelist() if name.endswith(".py")]
    modules = [
        file.removesuffix(".py").removesuffix("__init__").strip("/").replace("/", ".") for file in files
    ]
    assert len(modules) > 40
    out = run_blender(IMPORT_SCRIPT, extension, tmp_path, modules=modules)
    assert out["loaded"] == []
    assert out["rig maps"] == sorted(shipped_maps())


HEAVY_SCRIPT = """
jobs, preferences = part("blender_addon.jobs").jobs, part("blender_addon.preferences")
preferences.preferences().device = "cpu"
bpy.context.preferences.system.use_online_access = True
out["installed"] = list(bpy.ops.reel2rig.install_worker())
out["state"] = jobs.state_line(preferences.home())
scene = bpy.context.scene
scene.reel2rig.video = given["video"]
scene.reel2rig.trim, scene.reel2rig.trim_end = True, 39
out["captured"] = list(bpy.ops.reel2rig.capture())
armature = next(thing for thing in scene.objects if thing.type == "ARMATURE")
out["frames"] = list(armature.animation_data.action.frame_range)
out["heads"] = []
for frame in (1, 30):
    scene.frame_set(frame)
    out["heads"].append(list(armature.matrix_world @ armature.pose.bones["Head"].head))
out["finished"] = len(jobs.finished.now(preferences.home()))
addon_utils.disable(name, default_set=True)
out["session"] = jobs.session is None
"""


@pytest.mark.slow
def test_with_the_zip_alone_the_worker_is_installed_and_captures_the_demo_clip(
    extension, tmp_path, demo_video
):
    """Minutes and some gigabytes: an environment made from the wheel in the zip captures a real clip."""
    out = run_blender(HEAVY_SCRIPT, extension, tmp_path, timeout=2400, video=str(demo_video))
    assert out["installed"] == ["FINISHED"]
    assert out["state"].startswith("Ready on")
    assert out["captured"] == ["FINISHED"]
    assert out["frames"][1] - out["frames"][0] > 20
    assert all(1.0 < head[2] < 2.1 for head in out["heads"])
    assert out["heads"][0] != out["heads"][1]
    assert out["finished"] == 0
    assert out["session"]
