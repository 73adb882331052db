"""Where joints are at every frame, as comma-separated text that a spreadsheet opens."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from ..clip import MotionClip
from ..skeletons import SMPL_JOINTS
from ..spaces import to_space
from ..timing import frame_times
from .atomic import atomic_output


def write_csv(path: str | os.PathLike[str], clip: MotionClip) -> None:
    """Write the 24 joints of a clip; see `write_joint_table`. Frames are the clip's own."""
    placed = to_space(clip, "blender")
    write_joint_table(path, SMPL_JOINTS, placed.joints, clip.frames, clip.fps)


def write_joint_table(
    path: str | os.PathLike[str],
    names: Sequence[str],
    places: ArrayLike,
    frames: ArrayLike,
    fps: Fraction,
) -> None:
    """Write one row a frame: ``frame``, ``seconds`` from the first row, then ``<joint>_x``, ``_y``, ``_z``.

    Args:
        places: (T, J, 3) metres. frames: (T,) numbers of the frames. fps: frames per second, exact.

    Raises core.errors.OutputFolderMissing, OutputNotWritable, DiskFull or OutputError.

    **Convention**: Blender's axes: z up, floor at z = 0. A micrometre is the last digit; the text is UTF-8
    with a point for decimals whatever the country.
    """
    points, numbers = np.asarray(places, np.float64), np.asarray(frames, np.int64)
    if points.shape != (len(numbers), len(names), 3):
        raise ValueError(f"places must have shape {(len(numbers), len(names), 3)}, not {points.shape}")
    seconds = frame_times(fps, numbers - numbers[0])
    with atomic_output(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["frame", "seconds", *(f"{name}_{axis}" for name in names for axis in "xyz")])
        for number, time, row in zip(numbers.tolist(), seconds.tolist(), points, strict=True):
            table.writerow([number, f"{time:.9f}", *(f"{value:.6f}" for value in row.ravel().tolist())])
