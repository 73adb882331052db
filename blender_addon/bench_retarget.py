"""How long a captured motion of 10,000 frames takes onto the FK controls of a rig that Rigify generates.

    python -m reel2rig.blender_addon.bench_retarget [--runs 5] [--frames 10000]

prints one JSON object. Measured is the whole of what the operator does: reading the captured armature, the
maths, finding out what carries what, keying, and the look at a few frames that it ends with. The last result
is then evaluated on 200 frames, and limbs are compared with the captured person's; so is one whose feet may
glide as the person's do, since legs that keep feet where they stand have to lie otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.motion.body import BodyTemplate, load_body
from ..core.motion.clip import MotionClip
from ..core.motion.retarget.anatomy import Anatomy
from ..core.motion.retarget.options import RetargetOptions
from ..core.motion.retarget.recognise import fitted, shipped_maps
from ..core.motion.retarget.rig_map import RigMap
from ..core.motion.retarget.roles import SIDES, sided
from ..core.motion.rotations import quaternion_from_matrix, quaternion_from_rotvec, quaternion_multiply
from ..core.motion.skeletons import JOINT_INDEX
from ..core.motion.spaces import YUP_TO_BLENDER

Array = NDArray[np.float64]

ARMS = sided("UpperArm", "LowerArm", "Hand")
LEGS = sided("UpperLeg", "LowerLeg")
CHECKED = 200  # evaluated frames, in pairs of neighbours


def measure_retarget(frames: int = 10_000, runs: int = 5) -> dict[str, Any]:
    """Time `retarget_rig` and check what it made.

    Returns a JSON-able dict: `ratios.retarget_10k_seconds` {min, median, max, runs}, named after the frames
    that are meant, and the worst errors over the frames looked at: `check` of what was timed,
    `check_feet_free` of the same with feet that are not kept in place.
    """
    import bpy

    from .scene.rigs.retarget_rig import retarget_rig

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    rig = _generated_rig()
    person = _captured_person(scene.collection, _walk(frames, load_body()))
    seconds = []
    for _ in range(runs):
        if rig.animation_data.action is not None:
            bpy.data.actions.remove(rig.animation_data.action)
        start = time.perf_counter()
        retarget_rig(scene, person, rig)
        seconds.append(time.perf_counter() - start)
    spread = {"min": min(seconds), "median": statistics.median(seconds), "max": max(seconds), "runs": runs}
    check = _check(scene, person, rig, frames)
    retarget_rig(scene, person, rig, options=RetargetOptions(feet=False))
    return {
        "ratios": {"retarget_10k_seconds": spread},
        "check": check,
        "check_feet_free": _check(scene, person, rig, frames),
        "inputs": {
            "frames": frames,
            "bones": len(rig.data.bones),
            "drivers": len(rig.animation_data.drivers),
        },
        "versions": {"blender": bpy.app.version_string, "python": platform.python_version()},
    }


def _generated_rig() -> Any:
    import bpy

    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.data.objects["rig"]


def _captured_person(collection: Any, clip: MotionClip) -> Any:
    from .scene.action import key_clip
    from .scene.armature import build_armature
    from .scene.bone_axes import rest_bones
    from .scene.skin import rest_pelvis

    rest = rest_bones(clip.rest_joints, rest_pelvis(clip, load_body()))
    person = build_armature(collection, "Person", rest)
    key_clip(person, clip, 1 + np.arange(len(clip)), "Walk")
    return person


def _walk(frames: int, body: BodyTemplate) -> MotionClip:
    """Somebody who walks in a circle, trembling and with feet that glide, as captured people are."""
    times = np.arange(frames) / 30.0
    rotations = np.zeros((frames, 24, 4))
    rotations[..., 0] = 1.0
    contacts = np.zeros((frames, 4))

    def turn(joint: str, *angles: Any) -> None:
        vectors = np.stack(np.broadcast_arrays(*angles, times)[:3], axis=-1)
        index = JOINT_INDEX[joint]
        rotations[:, index] = quaternion_multiply(rotations[:, index], quaternion_from_rotvec(vectors))

    for foot, (side, sign) in enumerate((("L", 1.0), ("R", -1.0))):
        phase = (times / 1.1 + 0.5 * foot) % 1.0 * 2.0 * np.pi
        hip, knee = -0.3 * np.cos(phase), 0.12 + 0.9 * np.maximum(0.0, -np.sin(phase)) ** 1.5
        turn(f"{side}_Hip", hip, 0.0, 0.0)
        turn(f"{side}_Knee", knee, 0.0, 0.0)
        turn(f"{side}_Ankle", -hip - knee, 0.0, 0.0)
        turn(f"{side}_Shoulder", 0.0, -0.8 * sign * np.sin(times), -0.9 * sign)
        turn(f"{side}_Elbow", 0.0, -sign * (0.8 + 0.5 * np.sin(2.0 * times)), 0.0)
        turn(f"{side}_Wrist", 0.5 * np.sin(3.0 * times), 0.0, 0.2)
        contacts[:, 2 * foot] = contacts[:, 2 * foot + 1] = (phase > 0.4) & (phase < 2.4)
    for joint in ("Spine1", "Spine2", "Spine3"):
        turn(joint, 0.05, 0.1 * np.sin(5.7 * times), 0.03 * np.sin(5.7 * times))
    rotations = quaternion_multiply(
        rotations,
        quaternion_from_rotvec(np.random.default_rng(0).normal(0.0, 0.003, rotations[..., :3].shape)),
    )
    heading = 0.25 * times
    upright = quaternion_multiply(
        quaternion_from_rotvec(heading[:, None] * [0.0, 0.0, 1.0]), quaternion_from_matrix(YUP_TO_BLENDER)
    )
    rotations[:, 0] = quaternion_multiply(upright, rotations[:, 0])
    joints = body.joints(np.zeros(10))
    height = joints[0, 1] - float(body.shaped_vertices(np.zeros(10))[:, 1].min())
    path = np.stack([np.cos(heading), np.sin(heading), 0.0 * times], axis=-1)
    return MotionClip(
        rotations=rotations,
        root=-5.0 * path + [0.0, 0.0, height - 0.02],
        betas=np.zeros(10),
        rest_joints=joints,
        fps=Fraction(30),
        frames=np.arange(frames),
        valid=np.ones(frames, bool),
        contacts=contacts,
        space="blender",
    )


def _check(scene: Any, person: Any, rig: Any, frames: int) -> dict[str, Any]:
    """The worst errors of limbs on the evaluated rig, against the evaluated person.

    Legs differ by what keeps the rig's feet where they stand while the person's glide.

    **Convention**: a limb's frame in the world is its turn from rest times `Anatomy.limb_frame`; "direction"
    is the angle between the y axes, "twist" that between the x axes, degrees. Both face -y at rest.
    """
    from .scene.contact_curves import read_contacts
    from .scene.rigs.rig_maps import rig_map_of

    firsts = np.linspace(1, frames - 1, CHECKED // 2).astype(int)
    looked = np.stack([firsts, firsts + 1], axis=-1).ravel()
    # What deforms the character are the ORG- bones, whichever controls move them.
    deforming = fitted(shipped_maps()["rigify_metarig"], rig.data.bones.keys(), "ORG-")
    wanted, _ = _limbs(scene, person, rig_map_of(person), looked)
    got, feet = _limbs(scene, rig, deforming, looked)
    errors = {
        f"{limbs}_{kind}_degrees": float(
            max(_degrees(wanted[role][..., axis], got[role][..., axis]).max() for role in roles)
        )
        for limbs, roles in (("arms", ARMS), ("legs", LEGS))
        for kind, axis in (("direction", 1), ("twist", 0))
    }
    stands = read_contacts(person.animation_data.action, looked).reshape(-1, 2, 2).all(axis=1)
    # Of a foot that stands on heel or ball the other may rise: the stiller of ankle and ball counts.
    steps = np.linalg.norm(np.diff(feet.reshape(-1, 2, 2, 2, 3), axis=1)[:, 0], axis=-1).min(axis=-1)
    return {"frames": len(looked), **errors, "standing_foot_mm_a_frame": float(1e3 * steps[stands].max())}


def _limbs(
    scene: Any, armature: Any, rig_map: RigMap, frames: NDArray[np.int_]
) -> tuple[dict[str, Array], Array]:
    """Role -> (T, 3, 3) frames of the limbs, and (T, 2, 2, 3) each foot's ankle and ball, in the world, as
    Blender evaluates them.
    """
    from .scene.rigs.read_rig import read_skeleton

    skeleton = read_skeleton(armature)
    anatomy = Anatomy(skeleton, rig_map)
    poses = np.empty((len(frames), len(skeleton.names), 4, 4))
    for row, frame in enumerate(frames):
        scene.frame_set(int(frame))
        poses[row] = np.array(armature.matrix_world) @ np.array([bone.matrix for bone in armature.pose.bones])
    axes = poses[..., :3, :3] / np.linalg.norm(poses[..., :3, :3], axis=-2, keepdims=True)
    limbs = {}
    for role in ARMS + LEGS:
        bone = skeleton.index[rig_map.bones[role][0]]
        limbs[role] = axes[:, bone] @ skeleton.axes[bone].T @ anatomy.limb_frame(role)
    joints = [side + part for side in SIDES for part in ("Foot", "Toes")]
    rows = [skeleton.index[rig_map.bones[role][0]] for role in joints]
    return limbs, poses[:, rows][..., 3].reshape(len(frames), 2, 2, 4)[..., :3]


def _degrees(first: Array, second: Array) -> Array:
    return np.degrees(np.arccos(np.clip(np.sum(first * second, axis=-1), -1.0, 1.0)))


def main(arguments: list[str]) -> None:
    """Print the measurement as JSON and end the process."""
    parser = argparse.ArgumentParser(prog="bench_retarget", description=measure_retarget.__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--frames", type=int, default=10_000)
    given = parser.parse_args(arguments)
    print(json.dumps(measure_retarget(given.frames, given.runs), indent=1))
    sys.stdout.flush()
    os._exit(0)  # Blender 4.2 crashes while it is taken down after Rigify


if __name__ == "__main__":
    main(sys.argv[1:])
