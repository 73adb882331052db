"""Windows of a database as supervised rows (method sections 5 to 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...network.rotations import matrix_from_rotvec
from ..rows import SPIN_JOINTS, SupervisedRows
from .database import Database
from .joint_sets import JOINT_SETS, joint_set_of
from .keys import check_finite

CROP = 224  # px; the crops in which InstaVariety gives its keypoints
# The released training repeats a track's first window 8 and its last 7 times more, for one window per frame.
_EDGES = (8, 7)


def kept_frames(database: Database) -> list[NDArray[np.int64]]:
    """The usable frames of each track, as frame numbers of the database.

    Frames with ``valid`` 0 (3DPW: the camera's pose is unknown) are left out. What remains is windowed as if
    it were contiguous, so that windows may jump gaps but never leave their track.
    """
    valid = database.array("valid")
    if valid is None:
        return [np.arange(track.start, track.stop) for track in database.tracks]
    keep = np.asarray(valid[:]).reshape(len(database), -1)[:, 0] != 0
    return [track.start + np.flatnonzero(keep[track.start : track.stop]) for track in database.tracks]


class WindowDataset:
    """Windows of T frames of one database; a map from a number to a window, for a sampler to draw from.

    Features and truths are read from disk when they are asked for, so that any size of database fits. The
    workers of a loader get frame numbers and open the files themselves.

    Args:
        database: with features and joints2D.
        T: frames of a window; shorter tracks give none.
        stride: frames between the starts of two windows.
        kind: "2d" gives keypoints only, "3d" joints_3d as well.
        use_smpl: also pose and shape, where the database knows them.
        kp_scale: crop scale of the keypoints where it is not the features' one (``compat.kp_scale``).
        dup_edges: repeat the windows at the ends of tracks (``compat.dup_edges``, as the released training).

    Raises MissingKey; `rows` also NotFinite.
    """

    def __init__(
        self,
        database: Database,
        T: int,
        stride: int,
        kind: Literal["2d", "3d"] = "3d",
        use_smpl: bool = True,
        *,
        kp_scale: float | None = None,
        dup_edges: bool = False,
    ) -> None:
        if T < 1 or stride < 1:
            raise ValueError(f"T and stride are {T} and {stride}; expected 1 or more")
        self.database, self.T = database, T
        self.has_3d = kind == "3d"
        self.has_smpl = self.has_3d and use_smpl and database.has_smpl
        self.crop_scale = database.crop_scale if kp_scale is None else kp_scale
        self._in_crop = database.joint_set == "insta25" and database.array("bbox") is None
        needed = ["features", "joints2D", *([] if self._in_crop else ["bbox"])]
        for key in [*needed, *["joints3D"] * self.has_3d, *["pose", "shape"] * self.has_smpl]:
            database.need(key)
        self._frames, self._starts = _windows(kept_frames(database), T, stride, dup_edges)

    def __len__(self) -> int:
        """Windows."""
        return len(self._starts)

    def frames(self, index: int) -> NDArray[np.int64]:
        """(T,) frame numbers in the database of one window, ascending."""
        start = self._starts[index]
        return self._frames[start : start + self.T]

    def rows(self, indices: Sequence[int]) -> SupervisedRows:
        """The windows of these numbers, in this order.

        **Convention**: as `SupervisedRows`; joints of smaller sets stand at their places among the 49, the
        others have confidence 0.
        """
        windows = [self.frames(int(index)) for index in indices]
        B, T = len(windows), self.T
        joints = torch.zeros(B, T, SPIN_JOINTS, 3)
        rotations, betas = torch.zeros(B, T, 24, 3, 3), torch.zeros(B, T, 10)
        if self.has_3d:
            joints = _scattered(self._read("joints3D", windows))
        if self.has_smpl:
            rotations = matrix_from_rotvec(self._read("pose", windows).unflatten(-1, (24, 3)))
            betas = self._read("shape", windows)
        return SupervisedRows(
            features=self._read("features", windows),
            keypoints_2d=self._keypoints(windows),
            joints_3d=joints,
            rotations=rotations,
            betas=betas,
            has_3d=torch.full((B,), float(self.has_3d)),
            has_smpl=torch.full((B,), float(self.has_smpl)),
        )

    def _read(self, key: str, windows: list[NDArray[np.int64]]) -> Tensor:
        """(B, T, ...) float32, finite."""
        parts = []
        for frames in windows:
            first = int(frames[0])
            rows = np.asarray(self.database.need(key)[first : int(frames[-1]) + 1])[frames - first]
            check_finite(self.database.path, key, rows, frames)
            parts.append(rows.astype(np.float32))
        return torch.from_numpy(np.stack(parts))

    def _keypoints(self, windows: list[NDArray[np.int64]]) -> Tensor:
        pixels = self._read("joints2D", windows)
        box = None if self._in_crop else self._read("bbox", windows)
        points = in_crop(pixels, box, self.crop_scale)
        return _scattered(points, JOINT_SETS[self.database.joint_set])


def in_crop(keypoints: Tensor, box: Tensor | None, scale: float) -> Tensor:
    """Keypoints (..., J, 3) in px with confidence -> the same in crop coordinates; unseen ones are zero.

    **Convention**: -1 to 1 across the square crop of side `scale` times the width of `box` (..., 4) (centre
    x, centre y, width, height in px) about its centre; without a box, across a crop of 224 px. x right,
    y down (method section 3).
    """
    if box is None:
        centre = keypoints.new_full((2,), CROP / 2)
        half = keypoints.new_full((1,), CROP / 2)
    else:
        centre, half = box[..., None, :2], box[..., None, 2:3] * (scale / 2)
    confidence = keypoints[..., 2:]
    seen = torch.where(confidence > 0, (keypoints[..., :2] - centre) / half, 0.0)
    return torch.cat([seen, confidence], -1)


def _scattered(points: Tensor, places: Sequence[int] | None = None) -> Tensor:
    """(..., J, 3) -> (..., 49, 3), zeros where the set has no joint."""
    if places is None:
        name = joint_set_of(points.shape[-2])
        assert name is not None  # checked when the database was opened
        places = JOINT_SETS[name]
    if len(places) == SPIN_JOINTS:
        return points
    spread = points.new_zeros(*points.shape[:-2], SPIN_JOINTS, 3)
    spread[..., list(places), :] = points
    return spread


def _windows(
    tracks: list[NDArray[np.int64]], T: int, stride: int, dup_edges: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All kept frames in one array, and where in it each window starts."""
    starts, offset = [], 0
    for frames in tracks:
        own = np.arange(offset, offset + len(frames) - T + 1, stride)
        if dup_edges and len(own):
            before, after = _EDGES
            own = np.concatenate([np.repeat(own[:1], before), own, np.repeat(own[-1:], after)])
        starts.append(own)
        offset += len(frames)
    if not tracks:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(tracks), np.concatenate(starts)
