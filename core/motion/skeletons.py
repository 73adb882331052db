"""The 24-joint SMPL skeleton: names, parents, and which joint mirrors which."""

from __future__ import annotations

SMPL_JOINTS: tuple[str, ...] = (
    "Pelvis",
    "L_Hip",
    "R_Hip",
    "Spine1",
    "L_Knee",
    "R_Knee",
    "Spine2",
    "L_Ankle",
    "R_Ankle",
    "Spine3",
    "L_Foot",
    "R_Foot",
    "Neck",
    "L_Collar",
    "R_Collar",
    "Head",
    "L_Shoulder",
    "R_Shoulder",
    "L_Elbow",
    "R_Elbow",
    "L_Wrist",
    "R_Wrist",
    "L_Hand",
    "R_Hand",
)

JOINT_COUNT = len(SMPL_JOINTS)

SMPL_PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21,
)  # fmt: skip

JOINT_INDEX: dict[str, int] = {name: index for index, name in enumerate(SMPL_JOINTS)}

LEFT_RIGHT_PAIRS: tuple[tuple[int, int], ...] = tuple(
    (index, JOINT_INDEX["R_" + name[2:]]) for index, name in enumerate(SMPL_JOINTS) if name.startswith("L_")
)


def mirrored_joints() -> tuple[int, ...]:
    """Index of each joint's mirror partner; a joint of the middle is its own partner."""
    partner = list(range(JOINT_COUNT))
    for left, right in LEFT_RIGHT_PAIRS:
        partner[left], partner[right] = right, left
    return tuple(partner)
