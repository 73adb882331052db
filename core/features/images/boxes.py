"""Where the crops are: square boxes about a person's 2D keypoints, calm over time (method section 3).

**Convention**: pixels of the upright image, x right, y down. A box is (cx, cy, side); NaN where none is.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from ...errors import InputError

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Rule = Literal["diagonal", "longer"]

VISIBLE = 0.3  # confidence above which a keypoint counts
PADDING = 1.1  # box side over the keypoints' extent
SMALLEST = 0.5  # px; keypoints closer together are no person
CROP_SCALE = 1.2  # side of a crop over the side of its box, at extraction
MEDIAN_FRAMES, SIGMA_FRAMES = 11, 8.0  # at the 25 to 30 frames per second of the datasets
REFERENCE_PX = 150.0  # boxes are smoothed as 150 / extent, which is how a person's size varies with depth


class NoBox(InputError):
    code = "features.no_box"


def box_from_keypoints(keypoints: Floats, rule: Rule = "diagonal") -> Array:
    """Keypoints (..., J, 3) as x, y, confidence -> boxes (..., 3).

    The centre is the middle of the visible keypoints' extent. The side is 1.1 times the extent's diagonal
    ("diagonal", 3DPW and Human3.6M) or 1.1 times its longer side ("longer", MPI-INF-3DHP).

    Returns:
        Boxes without the extraction scale; NaN where nothing, or only a point, is visible.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    visible = (points[..., 2] > VISIBLE)[..., None] & np.isfinite(points[..., :2])
    low = np.where(visible, points[..., :2], np.inf).min(-2)
    high = np.where(visible, points[..., :2], -np.inf).max(-2)
    seen = (high >= low).all(-1, keepdims=True)
    low, high = np.where(seen, low, np.nan), np.where(seen, high, np.nan)
    extent = high - low
    size = np.linalg.norm(extent, axis=-1) if rule == "diagonal" else extent.max(-1)
    boxes = np.concatenate([(low + high) / 2, PADDING * size[..., None]], -1)
    return np.where((size >= SMALLEST)[..., None], boxes, np.nan)


def smooth_boxes(boxes: Floats, *, rate: float = 30.0) -> Array:
    """Boxes (T, 3), NaN where missing -> boxes for all T frames, calmed by a median and a Gaussian.

    Missing boxes are linear between their neighbours, and stand still before the first and after the last
    one, so that row t always belongs to frame t. The filters (11 frames, then sigma 8) act on centre and
    inverse extent; at the ends the median sees the frames mirrored, so that a wild first box does not
    outvote the others, and the Gaussian sees the end repeated.

    Args:
        rate: frames per second; at less than 25 the filters shorten, so as to last as long as they did on the
            datasets, and a walking person is not lost.

    Raises:
        NoBox: no frame has a box.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    known = np.isfinite(boxes).all(-1)
    if not known.any():
        raise NoBox(
            "The person's keypoints are too uncertain to place a crop: choose footage that shows more."
        )
    state = np.column_stack([boxes[:, :2], REFERENCE_PX * PADDING / boxes[:, 2]])
    t = np.arange(len(boxes))
    filled = np.stack([np.interp(t, t[known], column[known]) for column in state.T], 1)
    share = min(rate / 25.0, 1.0)
    kernel = 2 * round((MEDIAN_FRAMES - 1) / 2 * share) + 1
    calm = gaussian_filter1d(
        median_filter(filled, size=(kernel, 1), mode="mirror"), SIGMA_FRAMES * share, axis=0, mode="nearest"
    )
    return np.column_stack([calm[:, :2], REFERENCE_PX * PADDING / calm[:, 2]])


def scaled(boxes: Floats, factor: float = CROP_SCALE) -> Array:
    """The crops of `boxes` (..., 3): the same centres, sides `factor` times as long."""
    return np.asarray(boxes, dtype=np.float64) * np.array([1.0, 1.0, factor])
