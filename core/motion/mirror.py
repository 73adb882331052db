"""The same motion with left and right exchanged."""

from __future__ import annotations

import numpy as np

from .clip import MotionClip
from .rotations import quaternion_from_matrix, quaternion_to_matrix
from .skeletons import mirrored_joints
from .spaces import to_space
from .travel import headings, turn_about_z

_ACROSS = np.diag([-1.0, 1.0, 1.0])  # exchanges left and right, in SMPL's axes as in Blender's
_SYMMETRIC_WITHIN = 0.01  # metres; a difference that nobody sees
_LEFT_RIGHT_CONTACTS = [2, 3, 0, 1]
_UNEVEN = "The body is not the same on both sides; the mirrored motion keeps its shape."


def mirror_clip(clip: MotionClip) -> MotionClip:
    """What a mirror shows that stands upright along the way the person faces in the first frame.

    Start position, heading at the start, heights and floor stay; what was done with the left is done with the
    right, contacts included; the rest joints change sides too. Betas are kept, as bodies are even but for
    millimetres; an uneven one gets a note. The camera stays, and so no longer sees the person. Mirrored
    twice, the clip is the first one again.

    **Convention**: with M exchanging left and right in SMPL's axes and S the reflection across the mirror,
    a joint turns by M R M of its partner, the pelvis by S R M; mirrored rest joints are M J of the partner.
    """
    upright = to_space(clip, "blender")
    partner = list(mirrored_joints())
    facing = quaternion_to_matrix(turn_about_z(headings(upright)[0]))
    mirror = facing @ _ACROSS @ facing.T
    turns = quaternion_to_matrix(upright.rotations)[:, partner]
    turns = np.concatenate([mirror @ turns[:, :1], _ACROSS @ turns[:, 1:]], axis=1) @ _ACROSS
    start = upright.root[0].astype(np.float64)
    rest = clip.rest_joints[partner] @ _ACROSS
    centred = (joints - joints[0] for joints in (rest, clip.rest_joints))
    uneven = np.abs(np.subtract(*centred)).max() > _SYMMETRIC_WITHIN
    mirrored = upright.replace(
        rotations=quaternion_from_matrix(turns),
        root=(upright.root - start) @ mirror.T + start,
        rest_joints=rest,
        contacts=clip.contacts[:, _LEFT_RIGHT_CONTACTS],
        notes=tuple(dict.fromkeys([*clip.notes, _UNEVEN])) if uneven else clip.notes,
    )
    return to_space(mirrored, clip.space)
