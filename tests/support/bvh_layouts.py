"""BVH files of a clip in the ways in which programs write them: names, order, units, axes, rest pose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.kinematics import forward_kinematics
from reel2rig.core.motion.retarget.recognise import shipped_maps
from reel2rig.core.motion.retarget.roles import ROLE_OF_SMPL
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.motion.skeletons import JOINT_INDEX, SMPL_JOINTS, SMPL_PARENTS
from reel2rig.core.motion.spaces import to_space
from scipy.spatial.transform import Rotation

# Columns of a file's axes in the y-up world.
AXES: dict[str, NDArray[Any]] = {
    "y up": np.eye(3),
    "z up": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "y down": np.diag([1.0, -1.0, -1.0]),
    "x up": np.array([[0, 1.0, 0], [-1, 0, 0], [0, 0, 1]]),
}


def joint_names(kind: str) -> dict[str, str]:
    """SMPL joint -> its name in a kind of rig that has a shipped map, or "smpl" for its own."""
    if kind == "smpl":
        return {joint: joint for joint in SMPL_JOINTS}
    bones = {role: list(row) for role, row in shipped_maps()[kind].bones.items()}
    return {joint: bones[role].pop(0) for joint, role in ROLE_OF_SMPL.items() if bones.get(role)}


def arms_down(angle: float = 0.8) -> NDArray[Any]:
    """(24, 3, 3) global turns of a rest pose with the arms lowered by `angle` radians."""
    local = np.zeros((1, 24, 3))
    local[0, JOINT_INDEX["L_Shoulder"], 2], local[0, JOINT_INDEX["R_Shoulder"], 2] = -angle, angle
    return forward_kinematics(quaternion_from_rotvec(local), np.zeros((1, 3)), np.zeros((24, 3)))[1][0]


def write_bvh(
    path: Path,
    *clips: MotionClip,
    names: str = "mixamo",
    order: str = "ZXY",
    unit: float = 0.01,
    axes: str = "y up",
    rest: NDArray[Any] | None = None,
    frame_time: str | None = None,
    everywhere: bool = False,
) -> Path:
    """Write clips as one file with a root each.

    Args:
        order: of the rotation channels, as they stand in the file. unit: metres of one of the file's.
        rest: (24, 3, 3) global turns of the rest pose; None is the T-pose.
        everywhere: position channels on every joint.
    """
    head, columns = ["HIERARCHY"], []
    for clip in clips:
        lines, values = _tree(to_space(clip, "world_yup"), names, order, unit, AXES[axes], rest, everywhere)
        head += lines
        columns.append(values)
    rows = np.concatenate(columns, axis=1)
    head += [
        "MOTION",
        f"Frames: {len(rows)}",
        f"Frame Time: {frame_time or f'{1 / float(clips[0].fps):.7f}'}",
    ]
    body = [" ".join(f"{value:.6f}" for value in row) for row in rows]
    path.write_text("\n".join(head + body) + "\n", encoding="utf-8")
    return path


def _tree(
    clip: MotionClip, names: str, order: str, unit: float, axes: NDArray[Any], rest: Any, everywhere: bool
) -> tuple[list[str], NDArray[Any]]:
    known = joint_names(names)
    pose = np.broadcast_to(np.eye(3), (24, 3, 3)) if rest is None else rest
    # Places of the joints in the rest pose, in the file's axes and units.
    local = np.stack([pose[p].T @ pose[j] if p >= 0 else pose[j] for j, p in enumerate(SMPL_PARENTS)])
    places = forward_kinematics(local[None], np.zeros((1, 3)), clip.rest_joints)[0][0] @ axes.T / unit
    positions, turns = forward_kinematics(quaternion_to_matrix(clip.rotations), clip.root, clip.rest_joints)
    positions = positions @ axes.T / unit
    turns = axes @ turns @ np.swapaxes(pose, -1, -2) @ axes.T
    lines: list[str] = []
    values: list[NDArray[Any]] = []

    def joint(row: int, depth: int) -> None:
        parent, pad = SMPL_PARENTS[row], "\t" * depth
        offset = places[row] - (places[parent] if parent >= 0 else places[row])
        children = [c for c, p in enumerate(SMPL_PARENTS) if p == row and SMPL_JOINTS[c] in known]
        turn = turns[:, row] if parent < 0 else np.swapaxes(turns[:, parent], -1, -2) @ turns[:, row]
        moves = ("Xposition", "Yposition", "Zposition") if parent < 0 or everywhere else ()
        if moves:
            values.append(positions[:, row] if parent < 0 else np.broadcast_to(offset, (len(clip), 3)))
        values.append(Rotation.from_matrix(turn).as_euler(order, degrees=True))
        channels = (*moves, *(f"{axis}rotation" for axis in order))
        lines.append(f"{pad}{'ROOT' if parent < 0 else 'JOINT'} {known[SMPL_JOINTS[row]]}")
        lines.extend([f"{pad}{{", f"{pad}\tOFFSET {offset[0]:.6f} {offset[1]:.6f} {offset[2]:.6f}"])
        lines.append(f"{pad}\tCHANNELS {len(channels)} {' '.join(channels)}")
        for child in children:
            joint(child, depth + 1)
        if not children:
            tip = (places[row] - places[parent]) * 0.3
            lines.extend(
                [f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET {tip[0]:.6f} {tip[1]:.6f} {tip[2]:.6f}"]
            )
            lines.append(f"{pad}\t}}")
        lines.append(f"{pad}}}")

    joint(0, 0)
    return lines, np.concatenate(values, axis=1)
