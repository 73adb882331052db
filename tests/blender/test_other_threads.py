"""Other Python threads, ours and those of other add-ons, run while people are built: Blender must bear it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("bpy")

pytestmark = pytest.mark.blender

# Operators let go of the interpreter lock, so the threads really run in the middle of them.
SCRIPT = """
import os, sys, threading
import bpy
from reel2rig.blender_addon.capture_result import read_result
from reel2rig.blender_addon.scene.body_shape import Shape, set_shape
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture

def busy():
    while True:
        {str(number): "x" * (number % 50) for number in range(2000)}

for _ in range(4):
    threading.Thread(target=busy, daemon=True).start()
sys.setswitchinterval(1e-5)
bpy.ops.wm.read_factory_settings(use_empty=True)
result = read_result(sys.argv[1])
for size in range(6):
    built = build_capture(bpy.context.scene, result, BuildOptions(skin=False, camera=False))
    set_shape(built.people[0].armature, Shape((0.0,) * 10, 1.0 + size / 10), 1.0)
print("built", len(bpy.data.armatures), flush=True)
os._exit(0)
"""


def test_people_are_built_and_reshaped_while_other_threads_run(make_clip, make_job):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(make_job(make_clip(frames=3)))],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout.split()[-2:]) == (0, ["built", "6"]), done.stderr[-2000:]
