"""A captured person and what rigs do after a retarget, as Blender itself evaluates them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_multiply
from reel2rig.core.motion.skeletons import JOINT_INDEX
from walking import BODY, walking_person

Array = NDArray[np.float64]

LIMBS = ("UpperArm", "LowerArm", "UpperLeg", "LowerLeg")
ENDS = {"UpperArm": "LowerArm", "LowerArm": "Hand", "UpperLeg": "LowerLeg", "LowerLeg": "Foot"}
SIDES = ("left", "right")


class Seen(NamedTuple):
    """Bones over frames in the world: axes (T, 3, 3) and heads (T, 3), metres, by the bone's name."""

    axes: dict[str, Array]
    heads: dict[str, Array]


def captured_person(scene, clip: MotionClip, frames=None, name: str = "Person"):
    """The armature of a captured person, keyed as the capture left it, without mesh and packed clip."""
    from reel2rig.blender_addon.scene.action import key_clip
    from reel2rig.blender_addon.scene.armature import build_armature
    from reel2rig.blender_addon.scene.bone_axes import rest_bones
    from reel2rig.blender_addon.scene.skin import rest_pelvis

    rest = rest_bones(clip.rest_joints, rest_pelvis(clip, BODY))
    armature = build_armature(scene.collection, name, rest)
    key_clip(armature, clip, 1 + np.arange(len(clip)) if frames is None else frames, f"{name} walks")
    return armature


def lively_walk(seconds: float = 2.0) -> MotionClip:
    """A walk with bent, turning arms and hands, a turning trunk and a nodding head."""
    clip = walking_person(seconds)
    times = clip.times
    rotations = clip.rotations.astype(float)

    def turn(joint: str, *angles: Array | float) -> None:
        own = quaternion_from_rotvec(np.stack(np.broadcast_arrays(*angles, times)[:3], axis=-1))
        rotations[:, JOINT_INDEX[joint]] = quaternion_multiply(rotations[:, JOINT_INDEX[joint]], own)

    for side, sign in (("L", 1.0), ("R", -1.0)):
        wave = np.sin(5.0 * times + sign)
        turn(f"{side}_Shoulder", 0.3 * wave, -0.4 * sign, -0.7 * sign)
        turn(f"{side}_Elbow", 0.5 * wave, sign * (-0.9 + 0.5 * wave), 0.0)
        turn(f"{side}_Wrist", 0.6 * wave, 0.2, 0.3 * wave)
        turn(f"{side}_Collar", 0.0, 0.0, 0.1 * wave)
    for joint in ("Spine1", "Spine2", "Spine3"):
        turn(joint, 0.08, 0.1 * np.sin(6.0 * times), 0.05 * np.sin(3.0 * times))
    turn("Head", 0.3 * np.sin(4.0 * times), 0.4 * np.sin(2.0 * times), 0.0)
    return clip.replace(rotations=rotations)


def seen(scene, armature, frames) -> Seen:
    """All bones as the scene shows them; the scene is left on its frame."""
    before = scene.frame_current
    axes, heads = [], []
    for frame in frames:
        whole = int(np.floor(frame))
        scene.frame_set(whole, subframe=float(frame - whole))
        world = np.array(armature.matrix_world)
        poses = world @ np.array([bone.matrix for bone in armature.pose.bones], np.float64)
        axes.append(poses[:, :3, :3] / np.linalg.norm(poses[:, :3, :3], axis=1, keepdims=True))
        heads.append(poses[:, :3, 3] * scene.unit_settings.scale_length)
    scene.frame_set(before)
    names = [bone.name for bone in armature.pose.bones]
    return Seen(
        dict(zip(names, np.stack(axes, axis=1), strict=True)),
        dict(zip(names, np.stack(heads, axis=1), strict=True)),
    )


def limb_directions(seen: Seen, rig_map: RigMap) -> dict[str, Array]:
    """Role -> (T, 3) unit vectors from the head of a limb to that of the next."""
    return {
        side + limb: _unit(_head(seen, rig_map, side + ENDS[limb]) - _head(seen, rig_map, side + limb))
        for side in SIDES
        for limb in LIMBS
    }


def hinges(seen: Seen, rig_map: RigMap) -> dict[str, Array]:
    """Upper limb's role -> (T, 3) normals of the planes in which elbows and knees are bent; length = sine."""
    along = limb_directions(seen, rig_map)
    pairs = (("UpperArm", "LowerArm"), ("UpperLeg", "LowerLeg"))
    return {side + a: np.cross(along[side + a], along[side + b]) for side in SIDES for a, b in pairs}


def foot_heads(seen: Seen, rig_map: RigMap) -> Array:
    """(T, 2, 3) where the ankles are, left and right."""
    return np.stack([_head(seen, rig_map, f"{side}Foot") for side in SIDES], axis=1)


def angles(first: Array, second: Array) -> Array:
    """(T,) degrees between vectors (T, 3)."""
    cosine = np.sum(_unit(first) * _unit(second), axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def _head(seen: Seen, rig_map: RigMap, role: str) -> Array:
    return seen.heads[rig_map.bones[role][0]]


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
