"""Video of a rendered body performing a known motion before a known camera: footage with exact truth."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..motion.body import BodyTemplate
from ..motion.kinematics import forward_kinematics
from ..motion.rotations import quaternion_from_matrix
from .rendering import background, clothes, draw_bodies

FPS = Fraction(30)
BITRATE = 6_000_000


@dataclass(frozen=True)
class View:
    """A static camera.

    Attributes:
        yaw, pitch, roll: degrees; pitch > 0 looks down on the person from above.
        distance: metres to where the person starts. aside: metres the camera is shifted to its right.
        focal_share: focal length over the image diagonal.
    """

    yaw: float
    pitch: float = 5.0
    roll: float = 0.0
    distance: float = 4.0
    aside: float = 0.0
    focal_share: float = 1.0


def film_motion(
    path: Path,
    rotations: NDArray[np.floating],
    root: NDArray[np.floating],
    betas: NDArray[np.floating],
    body: BodyTemplate,
    view: View,
    *,
    size: tuple[int, int] = (720, 720),
    seed: int = 0,
) -> NDArray[np.float64]:
    """Render a motion and write it as H.264.

    **Convention**: the motion is y-up and its first frame stands near the origin; the truth comes back in the
    OpenCV camera frame (x right, y down, z forward), metres.

    Args:
        rotations: (T, 24, 3, 3) local. root: (T, 3) pelvis, m. betas: (10,). size: (width, height).

    Returns:
        (T, 24, 3) true joints.
    """
    width, height = size
    focal = float(np.hypot(width, height)) * view.focal_share
    turn = Rotation.from_euler("zxy", [view.roll, view.pitch, view.yaw], degrees=True).as_matrix()
    to_camera = np.diag([1.0, -1.0, -1.0]) @ turn
    shift = np.array([-view.aside, 0.0, view.distance]) - to_camera @ root[0]
    quaternions = quaternion_from_matrix(rotations)
    joints, _ = forward_kinematics(quaternions, root, body.joints(betas))
    colours, scene = clothes(body.weights, body.faces, seed), background(height, width, seed)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", BITRATE
        for t in range(len(rotations)):
            posed = body.posed_vertices(quaternions[t : t + 1], root[t : t + 1], betas, 1.0)[0]
            image = scene.copy()
            draw_bodies(image, [posed @ to_camera.T + shift], body.faces, [colours], focal)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return joints @ to_camera.T + shift
