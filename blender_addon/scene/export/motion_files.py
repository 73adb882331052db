"""What a captured person shows, as a motion clip again, and the files that hold motions without a scene."""

from __future__ import annotations

import os

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError
from ....core.motion.clip import MotionClip
from ....core.motion.files.csv import write_joint_table
from ....core.motion.files.save import save_motion
from ....core.motion.rotations import quaternion_from_matrix
from ....core.motion.skeletons import SMPL_PARENTS
from ....core.motion.spaces import YUP_TO_BLENDER
from ..body_shape import in_shape
from ..contact_curves import NOT_SEEN, read_contacts
from ..fcurves import curve_container
from ..layers import capture_action
from ..names import BONES
from ..packed import unpack_clip
from ..people import is_person
from .formats import format_named
from .take import RigTake


class NotCaptured(InputError):
    code = "export.not_captured"


def write_motion(
    rig: bpy.types.Object, take: RigTake, path: str | os.PathLike[str], file_format: str
) -> None:
    """Write a take of a rig in a format of motions: npz, amass, smpl, csv.

    Raises NotCaptured when the format holds SMPL's joints and the rig is no captured person, and what the
    format's writer raises.
    """
    if is_person(rig):
        save_motion(path, seen_clip(rig, take), file_format)
        return
    if format_named(file_format).smpl:
        raise NotCaptured(
            f"{rig.name} is no captured person, and this format knows SMPL's joints only; "
            "choose FBX, glTF, USD, BVH or CSV."
        )
    places = np.einsum("ij,tbj->tbi", take.node[:3, :3], take.poses[..., :3, 3]) + take.node[:3, 3]
    write_joint_table(path, take.bones, places, take.first + np.arange(len(take)), take.fps)


def seen_clip(person: bpy.types.Object, take: RigTake) -> MotionClip:
    """The motion of a captured person as it plays in the scene: cleaned up, corrected, retimed and placed.

    **Convention**: with C renaming SMPL's axes as Blender's, and W a bone's turn from rest in the world,
    SMPL's local rotation of joint j under c is C^T W_c^T W_j C, and that of the pelvis W C ("blender"
    space). Frames count from 0 at the take's first frame.

    Raises what `unpack_clip` and reading the body raise.
    """
    raw = in_shape(person, unpack_clip(person)[0])
    rows = [take.bones.index(bone) for bone in BONES]
    rest, poses = take.rest[rows, :3, :3], take.poses[:, rows, :3, :3]
    turns = take.node[:3, :3] @ poses @ np.swapaxes(rest, -1, -2)
    local = turns @ YUP_TO_BLENDER
    for joint, parent in enumerate(SMPL_PARENTS):
        if parent >= 0:
            local[:, joint] = YUP_TO_BLENDER.T @ np.swapaxes(turns[:, parent], -1, -2) @ turns[:, joint]
            local[:, joint] = local[:, joint] @ YUP_TO_BLENDER
    root = take.poses[:, rows[0], :3, 3] @ take.node[:3, :3].T + take.node[:3, 3]
    contacts, seen = _on_the_floor(person, take)
    return MotionClip(
        rotations=quaternion_from_matrix(local),
        root=root,
        betas=raw.betas,
        rest_joints=raw.rest_joints,
        fps=take.fps,
        frames=np.arange(len(take)),
        valid=seen,
        contacts=contacts,
        space="blender",
        body_scale=raw.body_scale,
        track=raw.track,
        source=raw.source,
        notes=raw.notes,
    )


def _on_the_floor(person: bpy.types.Object, take: RigTake) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Contacts (T, 4) of heels and toes, and whether the person was seen (T,), from the capture's curves."""
    frames = take.first + np.arange(len(take))
    action = capture_action(person)
    contacts = None if action is None else read_contacts(action, frames)
    if contacts is None:
        contacts = np.zeros((len(take), 2), bool)
    hidden = None if action is None else curve_container(action).fcurves.find(f'["{NOT_SEEN}"]')
    seen = [hidden is None or hidden.evaluate(frame) < 0.5 for frame in frames]
    return np.repeat(contacts, 2, axis=1).astype(np.float64), np.array(seen, bool)
