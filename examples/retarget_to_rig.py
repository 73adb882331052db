"""A motion onto your own character: python retarget_to_rig.py IN RIG.blend OUT.blend

The rig's file is opened and saved under the new name; it stays as it is.
"""

import sys
from pathlib import Path

import bpy
from reel2rig import BuildOptions, Cleanup, RetargetOptions, build, gather, load, retarget

motion, rig_file, out = sys.argv[-3:]

bpy.ops.wm.open_mainfile(filepath=str(Path(rig_file).absolute()))
scene = bpy.context.scene
# Rigify leaves the metarig in the file beside the rig that it made of it.
rig = next(thing for thing in scene.objects if thing.type == "ARMATURE" and "metarig" not in thing.name)

# A captured person without skin and camera, to be the source.
source, _ = build(
    scene,
    gather(load(motion)[:1]),
    BuildOptions(match_scene=False, skin=False, camera=False),
    Cleanup(smoothing=2.0),
)

made = retarget(scene, source.people[0].armature, rig, options=RetargetOptions(travel="full", feet=True))

print(f"{rig.name} plays {made.action.name}, frames {made.frames[0]:g} to {made.frames[1]:g}")
for note in made.notes:
    print(f"Note: {note}")
bpy.ops.wm.save_as_mainfile(filepath=str(Path(out).absolute()))
