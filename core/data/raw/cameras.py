"""From a dataset's world into its cameras and onto their pictures (method section 7.3).

**Convention**: OpenCV cameras (x right, y down, z forward); X_camera = R X_world + t on column vectors;
lengths are in the unit of t, pixels count from the upper left corner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation


def into_camera(points: ArrayLike, R: ArrayLike, t: ArrayLike) -> NDArray[np.float64]:
    """World points (..., J, 3) seen from cameras R (..., 3, 3), t (..., 3)."""
    turn = np.asarray(R, np.float64)
    return (
        np.asarray(points, np.float64) @ np.swapaxes(turn, -1, -2) + np.asarray(t, np.float64)[..., None, :]
    )


def onto_picture(points: ArrayLike, focal: ArrayLike, centre: ArrayLike) -> NDArray[np.float64]:
    """Camera points (..., 3) -> pixels (..., 2), with focal lengths (2,) and principal point (2,) in px."""
    seen = np.asarray(points, np.float64)
    return seen[..., :2] / seen[..., 2:] * np.asarray(focal) + np.asarray(centre)


def pose_in_camera(pose: ArrayLike, R: ArrayLike) -> NDArray[np.float32]:
    """SMPL poses (n, 72), axis-angle in radians, with the root turned from the world into cameras R.

    Args:
        R: (3, 3) or (n, 3, 3) world to camera.

    **Convention**: R_root <- R R_root; the other joints are local and stay (method section 7.3).
    """
    turned = np.array(pose, np.float32)
    root = Rotation.from_matrix(np.asarray(R, np.float64)) * Rotation.from_rotvec(turned[:, :3])
    turned[:, :3] = root.as_rotvec()
    return turned


def rotations_of(pose: ArrayLike) -> NDArray[np.float32]:
    """Poses (n, 72), axis-angle -> local rotations (n, 24, 3, 3)."""
    vectors = np.asarray(pose, np.float64).reshape(-1, 3)
    return Rotation.from_rotvec(vectors).as_matrix().reshape(-1, 24, 3, 3).astype(np.float32)
