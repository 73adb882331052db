"""Motion capture for training: one .npz of SMPL poses, cut into clips (method section 6.2).

The file holds `poses (N, 72)` axis-angle in SMPL order (radians, y-up, facing +z), `trans (N, 3)` in metres,
the clips as `clip_start`, `clip_len`, `clip_name`, and `validation (clips,)` marking the clips that training
must never see; 30 frames per second. What is shipped are weights, never such a file: the model card says
which one the shipped weights saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..errors import InputError

KEYS = ("poses", "trans", "clip_start", "clip_len", "clip_name", "validation")


class BadMotionFile(InputError):
    code = "train.bad_motion"


@dataclass(frozen=True, eq=False)
class MotionClipSource:
    """One continuous stretch of motion at 30 fps.

    **Convention**: world y-up, metres; local SMPL rotations, the root's in the world.
    """

    name: str
    rotations: NDArray[np.float32]  # (T, 24, 3, 3)
    trans: NDArray[np.float32]  # (T, 3)

    def __len__(self) -> int:
        return len(self.rotations)


@dataclass(frozen=True, eq=False)
class MotionLibrary:
    """Clips to learn from and clips to measure on."""

    training: tuple[MotionClipSource, ...]
    validation: tuple[MotionClipSource, ...]


def load_motion(path: str | Path) -> MotionLibrary:
    """Reads a motion file.

    Raises:
        BadMotionFile: the file is missing, is not an .npz of the form above, or has no clip for training.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as npz:
            arrays = {key: npz[key] for key in KEYS}
    except FileNotFoundError:
        raise BadMotionFile(f"Give the path of a motion file with --motion: {path} does not exist.") from None
    except (OSError, ValueError, KeyError) as error:
        raise BadMotionFile(
            f"Give an .npz with {', '.join(KEYS)}: {path} cannot be read ({error})."
        ) from error
    poses = arrays["poses"].astype(np.float64)
    if poses.ndim != 2 or poses.shape[1] != 72 or arrays["trans"].shape != (len(poses), 3):
        raise BadMotionFile(f"Store poses as (N, 72) and trans as (N, 3) in {path}; got {poses.shape}.")
    rotations = (
        Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(-1, 24, 3, 3).astype(np.float32)
    )
    trans = arrays["trans"].astype(np.float32)
    if not (np.isfinite(rotations).all() and np.isfinite(trans).all()):
        raise BadMotionFile(f"Remove the frames of {path} that are not finite numbers.")
    training, validation = [], []
    rows = zip(*(arrays[k] for k in ("clip_name", "clip_start", "clip_len", "validation")), strict=True)
    for name, start, length, held in rows:
        span = slice(int(start), int(start) + int(length))
        (validation if held else training).append(MotionClipSource(str(name), rotations[span], trans[span]))
    if not training:
        raise BadMotionFile(
            f"Leave at least one clip of {path} unmarked in `validation`, so that training has motion."
        )
    return MotionLibrary(tuple(training), tuple(validation))
