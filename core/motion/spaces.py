"""The named spaces and the only places where axes change.

- "camera_cv": the filming camera stands at the origin; x right, y down, z forward (OpenCV).
- "world_yup": metres, y up, the floor at y = 0; a camera that filmed level looks along -z.
- "blender": metres, z up, the floor at z = 0; a camera that filmed level looks along +y.

Each matrix turns column vectors: ``CV_TO_BLENDER @ v``. All are rotations, none mirrors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clip import SPACES, Camera, MotionClip
from .rotations import quaternion_from_matrix, quaternion_multiply

Array = NDArray[np.float64]


def _constant(rows: list[list[float]]) -> Array:
    matrix = np.array(rows, dtype=np.float64)
    matrix.setflags(write=False)
    return matrix


CV_TO_BLENDER = _constant([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # (x, z, -y)
YUP_TO_BLENDER = _constant([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # (x, -z, y)
BLENDER_TO_CV = _constant(CV_TO_BLENDER.T.tolist())
BLENDER_TO_YUP = _constant(YUP_TO_BLENDER.T.tolist())
# A Blender camera object looks along its own -z with y up; an OpenCV camera along +z with y down.
CV_TO_BLENDER_CAMERA = _constant([[1, 0, 0], [0, -1, 0], [0, 0, -1]])

_TO_BLENDER: dict[str, Array] = {
    "camera_cv": CV_TO_BLENDER,
    "world_yup": YUP_TO_BLENDER,
    "blender": _constant(np.eye(3).tolist()),
}


def axes_between(source: str, target: str) -> Array:
    """(3, 3) rotation that renames the axes of `source` as those of `target`; a level camera is assumed."""
    for name in (source, target):
        if name not in _TO_BLENDER:
            raise ValueError(f"space must be one of {', '.join(SPACES)}, not {name!r}")
    return _TO_BLENDER[target].T @ _TO_BLENDER[source]


def move_clip(clip: MotionClip, rotation: ArrayLike, translation: ArrayLike = (0.0, 0.0, 0.0)) -> MotionClip:
    """The clip and its camera moved rigidly by X' = rotation X + translation; the space's name is kept.

    Args:
        rotation: (3, 3) rotation matrix. translation: (3,) metres.

    **Convention**: column vectors. `root` is the joint that the body turns about, so it moves as any point
    does; rotation 0 is multiplied from the left; the camera keeps seeing the same picture.
    """
    turn = np.asarray(rotation, dtype=np.float64)
    shift = np.asarray(translation, dtype=np.float64)
    rotations = clip.rotations.astype(np.float64)
    rotations[:, 0] = quaternion_multiply(quaternion_from_matrix(turn), rotations[:, 0])
    camera = clip.camera
    if camera is not None:
        seen = camera.rotation @ turn.T
        camera = Camera(camera.focal_px, camera.width, camera.height, seen, camera.translation - seen @ shift)
    return clip.replace(rotations=rotations, root=clip.root @ turn.T + shift, camera=camera)


def to_space(clip: MotionClip, space: str) -> MotionClip:
    """The same motion in another named space.

    Between "world_yup" and "blender", and from "camera_cv" outwards, axes are renamed and nothing else
    changes. Into "camera_cv" the clip's own camera pose is applied when it has one, so that what comes out is
    what the camera saw; going out again gives a level camera at the origin: the floor is no longer known.

    **Convention**: see the module and `move_clip`.
    """
    if clip.space == space:
        return clip
    if space == "camera_cv" and clip.camera is not None:
        moved = move_clip(clip, clip.camera.rotation, clip.camera.translation)
    else:
        moved = move_clip(clip, axes_between(clip.space, space))
    return moved.replace(space=space)
