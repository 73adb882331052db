"""What a source armature does, as it is seen: an action, corrections on top, strips, constraints."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.motion.retarget.human import SourceMotion
from ....core.motion.retarget.rig_map import RigMap
from ....core.motion.retarget.skeleton import Skeleton
from ....core.motion.rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    sign_continuous,
)
from ..contact_curves import CONTACTS, NOT_SEEN
from ..placing import scene_fps
from .plain_pose import Moved, is_plain, plain_motion
from .played import curve_values, played_curves, sampled_frames
from .read_rig import place_of, read_skeleton
from .stage import Stage, on_stage

Array = NDArray[np.float64]


def source_motion(scene: bpy.types.Scene, armature: bpy.types.Object, rig_map: RigMap) -> SourceMotion:
    """Read the motion of the mapped bones of an armature, on the frames that `sampled_frames` finds.

    An armature that nothing but one action moves is read from its curves; any other is evaluated frame by
    frame beside the scene, whose own frame stays where it is. Contacts and gaps are those of the curves that
    a captured person has.

    Raises NoArmature, UnevenScale, NoMotion, MotionTooLong.

    **Convention**: see `SourceMotion`. An object that moves as a whole counts as standing where it does on
    the first frame; the way it makes from there is the bones' motion.
    """
    unit = 1.0 / scene.unit_settings.scale_length
    frames = sampled_frames(armature, scene)
    bones = [bone for bones in rig_map.bones.values() for bone in bones if bone in armature.data.bones]
    switches = [name for name in (*CONTACTS, NOT_SEEN) if name in armature]
    with on_stage(scene, armature) as stage:
        stage.go_to(frames[0])
        there = stage.evaluated(armature)
        skeleton, metres = read_skeleton(there, unit), place_of(there, unit).metres
        if is_plain(armature):
            moved = plain_motion(armature, skeleton, metres, bones, frames)
            states = _switch_curves(armature, switches, frames)
        else:
            moved, states = _evaluated_motion(stage, armature, skeleton, unit, bones, switches, frames)
    contacts = [states[name] > 0.5 for name in CONTACTS if name in states]
    held = states[NOT_SEEN] > 0.5 if NOT_SEEN in states else np.zeros(len(frames), bool)
    return SourceMotion(
        skeleton=skeleton,
        rig_map=rig_map,
        frames=frames,
        turns={bone: sign_continuous(turns) for bone, turns in moved.turns.items()},
        heads=moved.heads,
        contacts=np.stack(contacts, axis=-1) if len(contacts) == len(CONTACTS) else None,
        held=held if not held.all() else np.zeros(len(frames), bool),
        fps=scene_fps(scene),
    )


def _switch_curves(armature: bpy.types.Object, names: list[str], frames: Array) -> dict[str, Array]:
    """Custom properties of the object over time, bone by bone out of its action."""
    curves = {curve.data_path: curve for curve in played_curves(armature.animation_data) if not curve.mute}
    return {
        name: curve_values(curves[path], frames)
        if (path := f'["{name}"]') in curves
        else np.full(len(frames), float(armature[name]))
        for name in names
    }


def _evaluated_motion(
    stage: Stage,
    armature: bpy.types.Object,
    skeleton: Skeleton,
    unit: float,
    bones: list[str],
    names: list[str],
    frames: Array,
) -> tuple[Moved, dict[str, Array]]:
    """What is seen, frame by frame, and the object's custom properties `names`.

    **Convention**: a bone's axes in the world are those of the object times those in its space; scales of
    bones are divided out.
    """
    rows = [armature.pose.bones.find(bone) for bone in bones]
    poses = np.empty((len(frames), len(rows), 4, 4))
    states = np.empty((len(frames), len(names)))
    for index, frame in enumerate(frames):
        stage.go_to(frame)
        there = stage.evaluated(armature)
        poses[index] = np.array(there.matrix_world) @ stage.pose(armature)[rows]
        states[index] = [there[name] for name in names]
    lengths = np.linalg.norm(poses[..., :3, :3], axis=-2, keepdims=True)
    axes = quaternion_from_matrix(poses[..., :3, :3] / np.maximum(lengths, 1e-12))
    moved = Moved({}, {})
    for column, bone in enumerate(bones):
        rest = quaternion_from_matrix(skeleton.axes[skeleton.index[bone]])
        moved.turns[bone] = quaternion_multiply(axes[:, column], quaternion_conjugate(rest))
        moved.heads[bone] = poses[:, column, :3, 3] / unit
    return moved, dict(zip(names, states.T, strict=True))
