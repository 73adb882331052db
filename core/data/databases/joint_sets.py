"""The joint sets in which databases give their keypoints, and where their joints stand among the 49 (method
section 7.1).
"""

from __future__ import annotations

from ...body.spin_joints import COMMON_14, SPIN_JOINT_NAMES

# InstaVariety's own order: heels in place of ankles, then what BODY_25 adds, the ankles last.
_INSTA_25_NAMES: tuple[str, ...] = (
    "op_right_heel", "op_right_knee", "op_right_hip", "op_left_hip", "op_left_knee", "op_left_heel",
    "op_right_wrist", "op_right_elbow", "op_right_shoulder", "op_left_shoulder", "op_left_elbow",
    "op_left_wrist", "op_neck", "head_top", "op_nose", "op_left_eye", "op_right_eye", "op_left_ear",
    "op_right_ear", "op_left_big_toe", "op_right_big_toe", "op_left_small_toe", "op_right_small_toe",
    "op_left_ankle", "op_right_ankle",
)  # fmt: skip

JOINT_SETS: dict[str, tuple[int, ...]] = {
    "spin49": tuple(range(len(SPIN_JOINT_NAMES))),
    "common14": tuple(COMMON_14),
    "insta25": tuple(SPIN_JOINT_NAMES.index(name) for name in _INSTA_25_NAMES),
}
"""Index of each joint of a set among the 49 "SPIN" joints (method section 4.6)."""


def joint_set_of(count: int) -> str | None:
    """The set that has `count` joints, or None."""
    return next((name for name, places in JOINT_SETS.items() if len(places) == count), None)
