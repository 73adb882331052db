"""A moving camera: one pose for every video frame."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .clip import Camera

Array = NDArray[np.float64]

_NOT_A_ROTATION = 1e-3  # by which the axes of a pose may miss being perpendicular and of length one
_SAME_RATE = 1e-3
_SAME_SHAPE = 0.01


class BadCameraTrack(InputError):
    code = "track.invalid"


class CameraTrackMissesFrames(InputError):
    code = "track.frames_missing"


class CameraTrackOfOtherVideo(InputError):
    code = "track.other_video"


@dataclass(frozen=True, eq=False)
class CameraTrack:
    """Where a camera was and how it looked, frame by frame.

    Attributes:
        first_frame: number of the first pose's video frame, counted from 0; the others follow without a gap.
        fps: frames per second of the video. width, height: of its upright picture in pixels.
        focal_px: (N,) focal length in pixels.
        rotation: (N, 3, 3) world -> camera. translation: (N, 3).
        metric: whether the translations are known to be metres.

    **Convention**: as `Camera`: X_camera = rotation X_world + translation, camera axes x right, y down, z
    forward. The world has Blender's axes, z up, as far as the track knows which way is up.

    Raises BadCameraTrack for what is not finite, no rotation, or of another shape.
    """

    first_frame: int
    fps: Fraction
    width: int
    height: int
    focal_px: Array
    rotation: Array
    translation: Array
    metric: bool = True

    def __post_init__(self) -> None:
        count = len(self.rotation)
        shapes = {"focal_px": (count,), "rotation": (count, 3, 3), "translation": (count, 3)}
        for name, shape in shapes.items():
            value = np.array(getattr(self, name), dtype=np.float64)
            if count < 1 or value.shape != shape:
                raise BadCameraTrack(
                    f"The camera track needs one {name} for each of its frames; export it again."
                )
            object.__setattr__(self, name, value)
        if min(self.width, self.height) <= 0 or self.fps <= 0 or self.first_frame < 0:
            raise BadCameraTrack("The camera track names an impossible size, rate or frame; export it again.")
        finite = np.isfinite(self.rotation).all((1, 2)) & np.isfinite(self.translation).all(1)
        self._refuse(~(finite & np.isfinite(self.focal_px)), "holds numbers that are not finite")
        self._refuse(self.focal_px <= 0, "has no focal length above zero")
        skew = np.abs(self.rotation @ self.rotation.transpose(0, 2, 1) - np.eye(3)).max((1, 2))
        wrong = (skew > _NOT_A_ROTATION) | (np.linalg.det(self.rotation) < 0)
        self._refuse(wrong, "is not a rotation and a position; export poses without scale or mirroring")
        left, _, right = np.linalg.svd(self.rotation)
        object.__setattr__(self, "rotation", left @ right)

    def _refuse(self, wrong: NDArray[np.bool_], why: str) -> None:
        if wrong.any():
            frame = self.first_frame + int(np.argmax(wrong))
            raise BadCameraTrack(f"Frame {frame} of the camera track {why}.")

    def __len__(self) -> int:
        return len(self.rotation)

    @property
    def frames(self) -> NDArray[np.int64]:
        """(N,) video frame numbers."""
        return self.first_frame + np.arange(len(self))

    @property
    def positions(self) -> Array:
        """(N, 3) where the camera stands in the world."""
        return -np.einsum("tji,tj->ti", self.rotation, self.translation)

    def at(self, frames: ArrayLike) -> CameraTrack:
        """The track from the first to the last of some video frames. Raises CameraTrackMissesFrames."""
        wanted = np.asarray(frames, dtype=np.int64)
        first, last = int(wanted.min()), int(wanted.max())
        if first < self.first_frame or last > int(self.frames[-1]):
            raise CameraTrackMissesFrames(
                f"The camera track covers the video frames {self.first_frame} to {self.frames[-1]}, and "
                f"people were captured from {first} to {last}; export the track of the whole shot."
            )
        part = slice(first - self.first_frame, last - self.first_frame + 1)
        return dataclasses.replace(
            self,
            first_frame=first,
            focal_px=self.focal_px[part],
            rotation=self.rotation[part],
            translation=self.translation[part],
        )

    def cameras(self) -> list[Camera]:
        """One still camera for each frame."""
        return [
            Camera(float(focal), self.width, self.height, rotation, translation)
            for focal, rotation, translation in zip(
                self.focal_px, self.rotation, self.translation, strict=True
            )
        ]

    def scaled(self, factor: float) -> CameraTrack:
        """The same track in a world `factor` times as large."""
        return dataclasses.replace(self, translation=self.translation * factor)

    def moved(self, turn: ArrayLike, shift: ArrayLike) -> CameraTrack:
        """The track in a world moved by X' = turn X + shift, a (3, 3) rotation and a (3,) translation."""
        rotation = self.rotation @ np.asarray(turn, np.float64).T
        return dataclasses.replace(
            self, rotation=rotation, translation=self.translation - rotation @ np.asarray(shift, np.float64)
        )

    def fitted(self, fps: Fraction, width: int, height: int) -> CameraTrack:
        """The track for the upright video itself: a half-size copy is tracked as well.

        Raises CameraTrackOfOtherVideo when rate or proportions are another video's.
        """
        if abs(float(self.fps / fps) - 1) > _SAME_RATE:
            raise CameraTrackOfOtherVideo(
                f"The camera track has {float(self.fps):g} frames per second and the video {float(fps):g}; "
                "export it at the rate of the video."
            )
        factor = width / self.width
        if abs(self.height * factor / height - 1) > _SAME_SHAPE:
            raise CameraTrackOfOtherVideo(
                f"The camera track is for {self.width} x {self.height} pixels and the video has {width} x "
                f"{height}; export it with the proportions of the upright video."
            )
        return dataclasses.replace(self, fps=fps, width=width, height=height, focal_px=self.focal_px * factor)


def from_poses(
    turns: ArrayLike,
    positions: ArrayLike,
    focal_px: ArrayLike,
    fps: Fraction,
    width: int,
    height: int,
    first_frame: int = 0,
    metric: bool = True,
) -> CameraTrack:
    """A track from where the camera stood, positions (N, 3), and its axes in the world, turns (N, 3, 3).

    **Convention**: the columns of a turn are the camera's x (right), y (down) and z (forward) in the
    world, which is z-up.
    """
    rotation = np.asarray(turns, np.float64).transpose(0, 2, 1)
    translation = -np.einsum("tij,tj->ti", rotation, np.asarray(positions, np.float64))
    focal = np.asarray(focal_px, np.float64)
    return CameraTrack(first_frame, fps, width, height, focal, rotation, translation, metric)
