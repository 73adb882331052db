"""FBX through Blender's own writer."""

from __future__ import annotations

import bpy

from .stage import Stage

# Where a person looks along -y and z is up in Blender; FBX files of most tools have y up and look along z.
_AXES = {"none": ("-Z", "Y"), "unity": ("-Z", "Y"), "unreal": ("Y", "Z")}


def write_fbx(stage: Stage, path: str) -> None:
    """Write the stage as its engine wants it: one take with a key on every frame.

    **Convention**: y up, except for Unreal, which has z up as Blender has; the file says so. The unit is the
    scene's: it stands in the file's header (UnitScaleFactor), and no node is scaled by it.
    """
    forward, up = _AXES[stage.engine]
    # In centimetres there is nothing to scale; said so, the header's unit is 1 to the last digit.
    scaling = "FBX_SCALE_NONE" if stage.engine == "unreal" else "FBX_SCALE_ALL"
    # Without meshes the nodes as they stand are all that such a file says about the rest pose.
    stage.scene.frame_set(stage.frames[0] - 1)
    bpy.ops.export_scene.fbx(
        filepath=path,
        object_types={"ARMATURE", "MESH", "CAMERA"},
        axis_forward=forward,
        axis_up=up,
        apply_scale_options=scaling,
        add_leaf_bones=False,
        armature_nodetype="NULL",
        mesh_smooth_type="FACE",
        bake_anim=True,
        bake_anim_use_all_bones=True,
        bake_anim_use_all_actions=False,
        bake_anim_use_nla_strips=False,
        bake_anim_force_startend_keying=True,
        bake_anim_step=1.0,
        bake_anim_simplify_factor=0.0,
    )
