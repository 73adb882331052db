"""Binary glTF through Blender's own writer."""

from __future__ import annotations

import bpy

from .stage import Stage


def write_glb(stage: Stage, path: str) -> None:
    """Write the stage as one animation in which all people keep their common time.

    **Convention**: y up, metres, seconds; time 0 is frame 0 of the stage.
    """
    bpy.ops.export_scene.gltf(
        filepath=path,
        export_format="GLB",
        use_active_scene=True,
        export_cameras=True,
        export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS",
        export_nla_strips_merged_animation_name=stage.title,
        export_frame_range=True,
        export_force_sampling=True,
        export_optimize_animation_size=False,
        export_morph_normal=False,
        export_def_bones=False,
    )
