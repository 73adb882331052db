"""`MotionClip`, the one type that travels from the network to Blender and to every file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kinematics import forward_kinematics
from .rotations import sign_continuous
from .skeletons import JOINT_COUNT
from .timing import frame_times

SPACES: tuple[str, ...] = ("camera_cv", "world_yup", "blender")
CONTACT_POINTS: tuple[str, ...] = ("left heel", "left toe", "right heel", "right toe")
_UNIT_TOLERANCE = 1e-3

Floats = NDArray[np.floating[Any]]  # any precision may be given; each field says the one it is stored in


def _checked(name: str, value: Any, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """A read-only copy of `value` in `dtype`; ValueError naming the field when it has another shape."""
    array = np.array(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, not {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds values that are not finite")
    if np.issubdtype(dtype, np.integer) and array.dtype.kind == "f" and np.any(array != np.round(array)):
        raise ValueError(f"{name} must hold whole numbers")
    array = array.astype(dtype)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Camera:
    """A static pinhole camera with its optical axis through the middle of the image.

    Attributes:
        focal_px: focal length in pixels of the upright image.
        width, height: size of the upright image in pixels.
        rotation: (3, 3) float64 world -> camera.
        translation: (3,) float64 metres.

    **Convention**: X_camera = rotation @ X_world + translation, the camera's axes are OpenCV's (x right, y
    down, z forward), and a point lands on pixel (focal_px x / z + width / 2, focal_px y / z + height / 2).
    The world is the clip's own space; in "camera_cv" rotation is the identity and translation zero.
    """

    focal_px: float
    width: int
    height: int
    rotation: Floats
    translation: Floats

    def __post_init__(self) -> None:
        rotation = _checked("camera rotation", self.rotation, np.float64, (3, 3))
        translation = _checked("camera translation", self.translation, np.float64, (3,))
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) or np.linalg.det(rotation) < 0:
            raise ValueError("camera rotation is not a rotation matrix")
        if not (np.isfinite(self.focal_px) and self.focal_px > 0 and self.width > 0 and self.height > 0):
            raise ValueError("camera focal_px, width and height must be positive")
        object.__setattr__(self, "focal_px", float(self.focal_px))
        object.__setattr__(self, "width", int(self.width))
        object.__setattr__(self, "height", int(self.height))
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation", translation)

    @property
    def position(self) -> Floats:
        """(3,) where the camera stands in the clip's space, metres."""
        return -self.rotation.T @ self.translation

    def project(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Pixels (..., 2) of points (..., 3) in the clip's space; points behind the camera give nonsense."""
        seen = np.asarray(points, dtype=np.float64) @ self.rotation.T + self.translation
        return self.focal_px * seen[..., :2] / seen[..., 2:] + np.array([self.width, self.height]) / 2.0


@dataclass(frozen=True, eq=False)
class MotionClip:
    """The motion of one person over a range of video frames.

    Attributes:
        rotations: (T, 24, 4) float32 local joint rotations, unit quaternions w, x, y, z, sign-continuous in
            time (made so here: q and -q are the same rotation).
        root: (T, 3) float32 position of the pelvis joint, metres (not the SMPL translation).
        betas: (10,) float32 body shape, one for the whole track.
        rest_joints: (24, 3) float32 joints at rest: body_scale * J(betas), in the template's own coordinates.
        fps: frames per second of the source, exact.
        frames: (T,) int64 source frame numbers, 0-based, increasing.
        valid: (T,) bool; False where the person was not seen and the pose is filled in.
        contacts: (T, 4) float32 in [0, 1]: left heel, left toe, right heel, right toe on the floor.
        space: "camera_cv", "world_yup" or "blender" (see spaces.py).
        body_scale: uniform scale of the whole body.
        camera: the camera that filmed it, posed in the same space, or None.
        track: id of the person. source: file name of the video. notes: sentences for the user.

    **Convention**: with J0 = rest_joints[0], the SMPL translation is root - J0. `root` is the joint that the
    body turns about: turning the world by A means rotation 0 <- A rotation 0 and root <- A root, no more.

    Raises ValueError naming the field when a value has another shape, is not finite, or is not a rotation.
    """

    rotations: Floats
    root: Floats
    betas: Floats
    rest_joints: Floats
    fps: Fraction
    frames: NDArray[np.integer[Any]]
    valid: NDArray[np.bool_]
    contacts: Floats
    space: str
    body_scale: float = 1.0
    camera: Camera | None = None
    track: str = "1"
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = np.shape(self.frames)
        if len(shape) != 1 or shape[0] < 1:
            raise ValueError(f"frames must have shape (T,) with T of at least 1, not {shape}")
        count = shape[0]
        fields = {
            "rotations": (np.float32, (count, JOINT_COUNT, 4)),
            "root": (np.float32, (count, 3)),
            "betas": (np.float32, (10,)),
            "rest_joints": (np.float32, (JOINT_COUNT, 3)),
            "frames": (np.int64, (count,)),
            "valid": (np.bool_, (count,)),
            "contacts": (np.float32, (count, 4)),
        }
        for name, (dtype, shape) in fields.items():
            object.__setattr__(self, name, _checked(name, getattr(self, name), dtype, shape))
        if np.any(np.abs(np.linalg.norm(self.rotations.astype(np.float64), axis=-1) - 1.0) > _UNIT_TOLERANCE):
            raise ValueError("rotations must be unit quaternions")
        continuous = sign_continuous(self.rotations).astype(np.float32)
        continuous.setflags(write=False)
        object.__setattr__(self, "rotations", continuous)
        if np.any(np.diff(self.frames) <= 0):
            raise ValueError("frames must increase")
        if np.any((self.contacts < 0) | (self.contacts > 1)):
            raise ValueError("contacts must lie in [0, 1]")
        if self.space not in SPACES:
            raise ValueError(f"space must be one of {', '.join(SPACES)}, not {self.space!r}")
        fps = Fraction(self.fps)
        if fps <= 0:
            raise ValueError("fps must be positive")
        scale = float(self.body_scale)
        if not (np.isfinite(scale) and scale > 0):
            raise ValueError("body_scale must be positive")
        if self.camera is not None and not isinstance(self.camera, Camera):
            raise ValueError("camera must be a Camera or None")
        object.__setattr__(self, "fps", fps)
        object.__setattr__(self, "body_scale", scale)
        object.__setattr__(self, "track", str(self.track))
        object.__setattr__(self, "source", str(self.source))
        object.__setattr__(self, "notes", tuple(str(note) for note in self.notes))

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def joints(self) -> NDArray[np.float32]:
        """(T, 24, 3) joint positions in the clip's space, metres; ``joints[:, 0]`` is `root`."""
        positions, _ = forward_kinematics(self.rotations, self.root, self.rest_joints)
        joints = positions.astype(np.float32)
        joints.setflags(write=False)
        return joints

    @property
    def times(self) -> NDArray[np.float64]:
        """(T,) seconds of each frame from the first frame of the clip."""
        return frame_times(self.fps, self.frames - self.frames[0])

    @property
    def duration(self) -> float:
        """Seconds from the start of the first frame to the end of the last."""
        return float((int(self.frames[-1]) - int(self.frames[0]) + 1) / self.fps)

    def replace(self, **changes: Any) -> MotionClip:
        """The same clip with some fields changed, checked again."""
        return dataclasses.replace(self, **changes)
