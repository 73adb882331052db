"""The contact sheet of a capture: a column a moment; the frame, the body over it, the body from the side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import FileCorrupt
from ..motion.files.atomic import atomic_output
from ..video.reader import read_frames

Image = NDArray[Any]  # uint8
GAP = 6
WIDTH = 320  # of a column, pixels
MARGIN = 0.35  # of the bodies' extent, left around them when the pictures are cropped
PAPER = 245  # grey of the sheet and behind the side view
BODY_OPACITY = 0.85


def compose_sheet(
    frames: Sequence[Image], camera: Sequence[Image], side: Sequence[Image], titles: Sequence[str]
) -> Image:
    """Lay out the pictures of the same moments.

    Args:
        frames: (H, W, 3) RGB each. camera: (h, w, 4) RGBA renders through the solved camera, of the frames'
            proportions; the sheet shows the part where the bodies are. side: (s, s, 4) RGBA renders.
            titles: one a moment.

    Returns:
        The sheet, RGB.
    """
    left, top, right, bottom = _around_bodies(camera)
    size = (WIDTH, round(WIDTH * (bottom - top) / (right - left)))
    columns = []
    for frame, seen, beside, title in zip(frames, camera, side, titles, strict=True):
        small = cv2.resize(frame, (seen.shape[1], seen.shape[0]), interpolation=cv2.INTER_AREA)
        small, seen = (
            cv2.resize(picture[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
            for picture in (small, seen)
        )
        paper = np.full((WIDTH, WIDTH, 3), PAPER, np.uint8)
        square = cv2.resize(beside, (WIDTH, WIDTH), interpolation=cv2.INTER_AREA)
        label = np.full((22, WIDTH, 3), PAPER, np.uint8)
        cv2.putText(label, title, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
        parts = (label, small, _over(small, seen, BODY_OPACITY), _over(paper, square, 1.0))
        column = [part for piece in parts for part in (piece, np.full((GAP, WIDTH, 3), PAPER, np.uint8))]
        columns.append(np.vstack(column))
    gap = np.full((columns[0].shape[0], GAP, 3), PAPER, np.uint8)
    return np.hstack([part for column in columns for part in (column, gap)])


def _around_bodies(renders: Sequence[Image]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture where the bodies move, or the whole.

    No side is more than 1.5 times the other, so that a column is neither a strip nor a tower.
    """
    height, width = renders[0].shape[:2]
    rows, columns = np.nonzero(np.max([render[..., 3] for render in renders], axis=0) > 0)
    if not len(rows):
        return 0, 0, width, height
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
    extent = np.array([np.ptp(columns), np.ptp(rows)]) * (1 + 2 * MARGIN) + 8
    extent = np.minimum(np.maximum(extent, extent[::-1] / 1.5), [width, height])
    low = np.clip(middle - extent / 2, 0, [width, height] - extent)
    left, top = low.astype(int)
    right, bottom = (low + extent).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _over(below: Image, above: Image, opacity: float) -> Image:
    alpha = above[..., 3:].astype(np.float32) / 255 * opacity
    return (below * (1 - alpha) + above[..., :3] * alpha).round().astype(np.uint8)


def write_sheet(request: dict[str, Any]) -> Path:
    """Read the pictures that `request` names and write the sheet.

    Args:
        request: {"video", "frames": source frame numbers, "camera": PNGs, "side": PNGs, "output"}.
    """
    wanted = [int(frame) for frame in request["frames"]]
    pictures = {}
    for frame in read_frames(request["video"], min(wanted), max(wanted) + 1, allow_partial=True):
        if frame.index in wanted:
            pictures[frame.index] = frame.image
    camera, side = ([_read_rgba(Path(name)) for name in request[view]] for view in ("camera", "side"))
    sheet = compose_sheet(
        [pictures[frame] for frame in wanted], camera, side, [f"frame {frame}" for frame in wanted]
    )
    _, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    with atomic_output(Path(request["output"])) as temporary:
        temporary.write_bytes(data.tobytes())
    return Path(request["output"])


def _read_rgba(path: Path) -> Image:
    data = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if data is None or data.ndim != 3 or data.shape[2] != 4:
        raise FileCorrupt(f"The picture {path.name} is not an RGBA PNG; render the capture again.")
    return cv2.cvtColor(data, cv2.COLOR_BGRA2RGBA)
