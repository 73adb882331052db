""".smpl: one person as a flat .npz of numbers, the files of Meshcapade's tools and of the package smplcodec.

    smplVersion 0 SMPL, 1 SMPL-H, 2 SMPL-X; gender 0 neutral, 1 male, 2 female; codecVersion
    shapeParameters (B,); frameCount; frameRate
    bodyTranslation (T, 3) metres; bodyPose (T, 24, 3) SMPL or (T, 22, 3): rotation vectors

**Convention**: the world is y up. The pelvis stands at ``bodyTranslation + J0``; see `other_bodies`.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..body import BodyTemplate
from ..clip import MotionClip
from ..rotations import quaternion_from_rotvec, quaternion_to_rotvec
from ..skeletons import JOINT_COUNT
from ..spaces import to_space
from .atomic import atomic_output
from .errors import MotionFileCorrupt, MotionRateUnknown, refuse_size
from .every_frame import without_holes
from .floor import on_known_floor
from .other_bodies import FAMILIES, stated_shape, wearer
from .rates import exact_rate
from .safe_npz import read_arrays

_KEYS = ("smplVersion", "shapeParameters", "frameRate", "bodyTranslation", "bodyPose")
_SMPLX = 2  # what a file is that does not say


def read_smpl(
    path: str | os.PathLike[str], fps: Fraction | None = None, body: BodyTemplate | None = None
) -> MotionClip:
    """Read a .smpl file as a clip in "blender" space; head and hands of SMPL-H and SMPL-X are left out.

    Args and errors as `amass.read_amass`.
    """
    source = Path(path)
    arrays = read_arrays(source, _KEYS)
    pose = arrays.get("bodyPose")
    if pose is None or pose.ndim != 3 or pose.shape[1:] not in ((24, 3), (22, 3)) or pose.dtype.kind != "f":
        shape = "nothing" if pose is None else pose.shape
        raise _wrong(source.name, "bodyPose", f"(T, 22 or 24, 3) numbers are expected, not {shape}")
    refuse_size(source.name, len(pose))
    stated = _number(arrays.get("smplVersion"))
    version = (_SMPLX if pose.shape[1] == 22 else 0) if stated is None else stated
    if version not in range(len(FAMILIES)):
        raise _wrong(source.name, "smplVersion", f"body {version:g} is none of SMPL, SMPL-H and SMPL-X")
    moves = arrays.get("bodyTranslation", np.zeros((len(pose), 3)))
    worn = wearer(FAMILIES[int(version)], arrays.get("shapeParameters"), body)
    rotations = np.zeros((len(pose), JOINT_COUNT, 3))
    rotations[:, : pose.shape[1]] = pose
    if moves.shape != (len(pose), 3):
        raise _wrong(source.name, "bodyTranslation", f"({len(pose)}, 3) numbers are expected")
    rate = fps or _rate(source.name, arrays, len(pose))
    clip = worn.clip(quaternion_from_rotvec(rotations), moves + worn.pelvis, rate, "world_yup", source.name)
    return on_known_floor(clip, other_body=bool(worn.notes))


def write_smpl(path: str | os.PathLike[str], clip: MotionClip) -> None:
    """Write a clip as a .smpl file of SMPL's 24 joints: ``bodyTranslation = root - J0``.

    The format has no word for frame numbers, gaps and contacts, and its readers refuse unknown keys; frames
    left out by the clip are filled in. Raises as `amass.write_amass`.
    """
    full = to_space(without_holes(clip), "world_yup")
    betas, pelvis = stated_shape(full)
    arrays: dict[str, Any] = {
        "codecVersion": np.int32(1),
        "smplVersion": np.int32(0),
        "gender": np.int32(0),
        "shapeParameters": betas.astype(np.float32),
        "frameCount": np.int32(len(full)),
        "frameRate": np.float32(full.fps),
        "bodyTranslation": (full.root - pelvis).astype(np.float32),
        "bodyPose": quaternion_to_rotvec(full.rotations).astype(np.float32),
    }
    with atomic_output(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def _rate(name: str, arrays: dict[str, NDArray[Any]], frames: int) -> Fraction:
    rate = _number(arrays.get("frameRate"))
    if rate is not None:
        return exact_rate(rate)
    if frames == 1:
        return Fraction(30)
    raise MotionRateUnknown(f"{name} does not say its frame rate: give it, such as 30.")


def _number(array: NDArray[Any] | None) -> float | None:
    if array is None or array.size != 1 or array.dtype.kind not in "fiu":
        return None
    return float(array.item())


def _wrong(name: str, key: str, reason: str) -> MotionFileCorrupt:
    return MotionFileCorrupt(f"{name} is no usable .smpl file at '{key}' ({reason}): export it again.")
