"""People with skin, keys and clean-up in a .blend: python build_in_blender.py IN OUT.blend"""

import sys
from pathlib import Path

import bpy
from reel2rig import BuildOptions, Cleanup, build, gather, load

motion, out = sys.argv[-2:]

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene

# The clean-up stays with each person and can be changed in the panel later.
built, notes = build(
    scene, gather(load(motion)), BuildOptions(frame_start=1), Cleanup(smoothing=2.0, foot_lock=1.0)
)

for person in built.people:
    print(f"{person.armature.name}: {person.action.name}, frames {tuple(person.action.frame_range)}")
for note in notes:
    print(f"Note: {note}")
bpy.ops.wm.save_as_mainfile(filepath=str(Path(out).absolute()))
