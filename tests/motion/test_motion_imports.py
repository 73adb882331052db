"""core.motion runs inside Blender, where only the standard library and numpy are at hand."""

import subprocess
import sys

BLOCKED = ("torch", "cv2", "scipy", "smplx", "mediapipe", "av", "safetensors", "typer", "rich", "yaml", "bpy")

SCRIPT = f"""
import importlib, pkgutil, sys
for name in {BLOCKED!r}:
    sys.modules[name] = None
import reel2rig.core.motion as motion
found = [m.name for m in pkgutil.walk_packages(motion.__path__, motion.__name__ + ".")]
for name in found:
    importlib.import_module(name)
print(len(found))
"""


def test_every_module_of_motion_imports_with_numpy_alone():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10
