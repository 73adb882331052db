"""Where a posed body stands in front of the camera, frame by frame: robust least squares on its landmarks
(method section 10.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# How far each landmark can be trusted to be the same point on the body model: 19 of 33, the rest unused.
LANDMARK_TRUST = np.zeros(33)
LANDMARK_TRUST[[0, 7, 8]] = 0.5  # nose, ears
LANDMARK_TRUST[[11, 12, 23, 24, 25, 26, 27, 28]] = 1.0  # shoulders, hips, knees, ankles
LANDMARK_TRUST[[13, 14]] = 0.8  # elbows
LANDMARK_TRUST[[15, 16, 29, 30, 31, 32]] = 0.5  # wrists, heels, toes
LANDMARK_TRUST.setflags(write=False)

BODY_HEIGHT = 1.7  # metres; turns a share of the person's height into pixels
NOISE_SHARE = 0.02  # standard deviation of a good landmark, as a share of the person's height
ROBUST_SHARE = 0.06  # misses beyond this share of the height lose their say (Geman-McClure)
CORRELATION = 4.0  # neighbouring landmarks err together: so many of them count as one
POSE_DEPTH_SHARE = 0.03  # depth is also as uncertain as the pose: a bent limb looks like a distant one
CROP_DEPTH_SHARE = 0.25  # trust in the network's own crop camera, which serves when few landmarks are seen
NEAREST = 0.2  # metres; nobody is filmed nearer than this
_ROUNDS = 8
_PER_LANDMARK = 1.0 / (NOISE_SHARE * BODY_HEIGHT) ** 2 / CORRELATION  # 1/m^2


@dataclass(frozen=True, eq=False)
class Placement:
    """Per-frame pelvis positions and how sure they are.

    root (T, 3) metres in camera space; information (T, 3, 3) inverse covariance in 1/m^2, zero where nothing
    is known; error (T,) trust-weighted median reprojection error as a share of the person's height.
    """

    root: Array
    information: Array
    error: Array

    def part(self, frames: slice) -> Placement:
        return Placement(self.root[frames], self.information[frames], self.error[frames])


def default_focal_px(width: int, height: int) -> float:
    """The focal length assumed when none is given: the image diagonal, 53 degrees from corner to corner."""
    return float(np.hypot(width, height))


def depth_from_crop(cam: ArrayLike, boxes: ArrayLike, focal_px: float) -> Array:
    """(T,) depth in metres from the weak-perspective crop camera: z = 2 f / (b s). (method section 10.2)

    Args:
        cam: (T, 3) scale s and shift. boxes: (T, 3) centre x, y and side b in pixels. Nonsense gives NaN.
    """
    scale, side = np.asarray(cam, dtype=np.float64)[:, 0], np.asarray(boxes, dtype=np.float64)[:, 2]
    product = scale * side
    return np.where(product > 1e-6, 2.0 * focal_px / np.maximum(product, 1e-6), np.nan)


def place_frames(
    landmarks: Floats,
    image: Floats,
    visibility: Floats,
    focal_px: float,
    width: int,
    height: int,
    crop_depth: Floats | None = None,
) -> Placement:
    """The pelvis position of every frame that brings the body's landmarks onto the image landmarks.

    With (u, v) the slope of a landmark's ray and l the landmark about the pelvis, the start solves the linear
    equations u (Z + l_z) = X + l_x and v (Z + l_z) = Y + l_y for the position (X, Y, Z). Gauss-Newton steps
    on the reprojection itself follow, in which wrong landmarks lose their say. (method section 10.2)

    Args:
        landmarks: (T, 33, 3) metres about the pelvis, camera axes. image: (T, 33, 2) px. visibility: (T, 33).
        crop_depth: (T,) depth from the crop camera, a weak prior, or None.

    **Convention**: camera x right, y down, z forward; the principal point is the image centre.
    """
    offset = np.asarray(landmarks, dtype=np.float64)
    pixel = np.asarray(image, dtype=np.float64) - np.array([width, height]) / 2.0
    ray = np.nan_to_num(pixel / focal_px, nan=0.0, posinf=0.0, neginf=0.0)
    trust = LANDMARK_TRUST * np.clip(visibility, 0.0, 1.0) ** 2 * np.isfinite(pixel).all(-1)
    prior = _depth_prior(crop_depth, len(offset))
    rows = _rows(ray)
    root = _in_front(_solve(rows, ray * offset[..., 2:] - offset[..., :2], trust, prior), offset)
    weight = trust
    for _ in range(_ROUNDS):
        weight = trust / (1.0 + (_miss_share(root, offset, ray) / ROBUST_SHARE) ** 2) ** 2
        point = root[:, None] + offset
        depth = np.maximum(point[..., 2:], NEAREST)
        projected = point[..., :2] / depth
        rows = _rows(projected)
        target = np.einsum("tlki,ti->tlk", rows, root) + depth * (ray - projected)
        root = _in_front(_solve(rows, target, weight, prior), offset)
    return Placement(
        root, _information(rows, weight, root), _weighted_median(_miss_share(root, offset, ray), trust)
    )


def _rows(slope: Array) -> Array:
    """(T, 33, 2, 3): how a landmark's miss, in metres at its own depth, changes with the position."""
    rows = np.zeros((*slope.shape, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -slope
    return rows


def _depth_prior(crop_depth: Floats | None, count: int) -> tuple[Array, Array]:
    """(T,) depth and (T,) weight in 1/m^2 of the crop camera's word; next to none where it is silent."""
    depth = np.full(count, np.nan) if crop_depth is None else np.asarray(crop_depth, dtype=np.float64)
    sane = np.isfinite(depth) & (depth > NEAREST) & (depth < 1e3)
    depth = np.where(sane, depth, 5.0)
    return depth, np.where(sane, (CROP_DEPTH_SHARE * depth) ** -2, 1e-6)


def _landmark_normal(rows: Array, weight: Array) -> Array:
    return _PER_LANDMARK * np.einsum("tl,tlki,tlkj->tij", weight, rows, rows)


def _solve(rows: Array, target: Array, weight: Array, prior: tuple[Array, Array]) -> Array:
    """(T, 3) positions; with nothing seen, the prior's depth on the optical axis."""
    depth, trust = prior
    normal = _landmark_normal(rows, weight) + 1e-6 * np.diag([1.0, 1.0, 0.0])
    right = _PER_LANDMARK * np.einsum("tl,tlki,tlk->ti", weight, rows, target)
    normal[:, 2, 2] += trust
    right[:, 2] += trust * depth
    return np.linalg.solve(normal, right[..., None])[..., 0]


def _miss_share(root: Array, offset: Array, ray: Array) -> Array:
    """(T, 33) distance between projected and seen landmark as a share of the person's height."""
    point = root[:, None] + offset
    depth = np.maximum(point[..., 2:], NEAREST)
    miss = np.linalg.norm(point[..., :2] / depth - ray, axis=-1)
    return miss * np.maximum(root[:, 2:], NEAREST) / BODY_HEIGHT


def _in_front(root: Array, offset: Array) -> Array:
    """Positions moved along their ray so far that the whole body is in front of the camera."""
    depth = np.maximum(root[:, 2], NEAREST - np.minimum(offset[..., 2].min(axis=1), 0.0))
    ahead = root[:, 2:] > 1e-3
    stretch = depth[:, None] / np.where(ahead, root[:, 2:], 1.0)
    return np.where(ahead, root * stretch, depth[:, None] * np.array([0.0, 0.0, 1.0]))


def _information(rows: Array, weight: Array, root: Array) -> Array:
    """(T, 3, 3) inverse covariance: the landmarks' own, widened along the ray by what the pose may hide."""
    seen = weight.sum(axis=1) > 1e-3
    normal = np.where(seen[:, None, None], _landmark_normal(rows, weight), 0.0) + 1e-6 * np.eye(3)
    covariance = np.linalg.inv(normal) + POSE_DEPTH_SHARE**2 * root[:, :, None] * root[:, None, :]
    return np.where(seen[:, None, None], np.linalg.inv(covariance), 0.0)


def _weighted_median(values: Array, weight: Array) -> Array:
    order = np.argsort(values, axis=1)
    cumulated = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    middle = np.argmax(cumulated >= cumulated[:, -1:] / 2, axis=1)
    return np.take_along_axis(values, order, axis=1)[np.arange(len(values)), middle]
