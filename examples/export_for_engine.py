"""An .fbx as a game engine wants it: python export_for_engine.py IN OUT.fbx unreal|unity"""

import sys

import bpy
from reel2rig import BuildOptions, Cleanup, ExportOptions, build, export, gather, load

motion, out, engine = sys.argv[-3:]

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene

# Engines read the way across the floor from the root bone.
built, _ = build(
    scene,
    gather(load(motion)[:1]),
    BuildOptions(),
    Cleanup(smoothing=2.0, travel="root", heading_on_root=True),
)

export(scene, built.people[0].armature, out, "fbx", ExportOptions(engine=engine))
print(out)
