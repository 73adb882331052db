"""AMASS: one person's motion as .npz, as the archive of that name and much software beside it has it.

    poses (T, 156) SMPL-H or (T, 165) SMPL-X or (T, 72) SMPL: rotation vectors, the first 22 joints are SMPL's
    trans (T, 3) metres; betas (B,); gender; mocap_framerate, mocap_frame_rate or fps
    or, instead of poses: root_orient (T, 3), pose_body (T, 63)

**Convention**: the world is z up. The pelvis stands at ``trans + J0``; see `other_bodies`.
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
from .other_bodies import stated_shape, wearer
from .rates import exact_rate
from .safe_npz import read_arrays

_BODY_JOINTS = 22
_FAMILY = {72: "smpl", 66: "smplh", 156: "smplh", 165: "smplx"}
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps")
_POSES = ("poses", "root_orient", "pose_body", "trans", "betas", "surface_model_type")
# What AMASS has no word for, beside its own keys, which other readers pass over.
_OURS = ("rest_joints", "betas", "body_scale", "frames", "valid", "contacts", "pelvis", "rate")
_PREFIX = "reel2rig_"


def read_amass(
    path: str | os.PathLike[str], fps: Fraction | None = None, body: BodyTemplate | None = None
) -> MotionClip:
    """Read an AMASS file as a clip in "blender" space; the hands of SMPL-H and SMPL-X are left out.

    Args:
        fps: instead of the file's own. body: the user's SMPL body; None is the free body.

    Raises MotionFileMissing, MotionFileCorrupt naming the key, MotionRateUnknown, MotionTooLarge.
    """
    source = Path(path)
    arrays = read_arrays(source, (*_POSES, *_RATES, *(_PREFIX + name for name in _OURS)))
    poses = _poses(source.name, arrays)
    trans = arrays.get("trans")
    if trans is None or trans.shape != (len(poses), 3) or trans.dtype.kind not in "fiu":
        raise _wrong(source.name, "trans", f"({len(poses)}, 3) numbers are expected")
    rotations = np.zeros((len(poses), JOINT_COUNT, 3))
    joints = min(poses.shape[1] // 3, JOINT_COUNT) if poses.shape[1] == 72 else _BODY_JOINTS
    rotations[:, :joints] = poses[:, : 3 * joints].reshape(len(poses), joints, 3)
    family = "smplx" if str(arrays.get("surface_model_type", "")) == "smplx" else _FAMILY[poses.shape[1]]
    worn = wearer(family, arrays.get("betas"), body)
    rate = fps or _rate(source.name, arrays)
    clip = worn.clip(quaternion_from_rotvec(rotations), trans + worn.pelvis, rate, "blender", source.name)
    if _PREFIX + "frames" in arrays:
        try:
            return _as_written(clip, trans, arrays, fps)
        except ValueError as error:  # MotionClip's own checks, whose message begins with the field
            raise _wrong(source.name, "reel2rig_...", str(error)) from error
    return on_known_floor(clip, other_body=bool(worn.notes))


def write_amass(path: str | os.PathLike[str], clip: MotionClip) -> None:
    """Write a clip as an AMASS file for SMPL-H: ``trans = root - J0``, the hands flat.

    What AMASS has no word for (frame numbers, gaps, contacts, the body of the capture) stands beside it
    under keys of our own, so that `read_amass` gives the same clip again. Frame numbers left out by the clip
    are filled in.

    Raises core.errors.OutputFolderMissing, OutputNotWritable, DiskFull or OutputError.
    """
    full = to_space(without_holes(clip), "blender")
    betas, pelvis = stated_shape(full)
    poses = np.zeros((len(full), 156))
    vectors = quaternion_to_rotvec(full.rotations[:, :_BODY_JOINTS])
    poses[:, : 3 * _BODY_JOINTS] = vectors.reshape(len(full), -1)
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": full.root - pelvis,
        "betas": np.pad(betas, (0, 6)),
        "dmpls": np.zeros((len(full), 8)),
        "gender": "neutral",
        "surface_model_type": "smplh",
        "mocap_framerate": float(full.fps),
    }
    ours = {name: getattr(full, name) for name in _OURS[:6]}
    ours |= {"pelvis": pelvis, "rate": np.array([full.fps.numerator, full.fps.denominator])}
    arrays |= {_PREFIX + name: value for name, value in ours.items()}
    with atomic_output(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def _poses(name: str, arrays: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """(T, 66, 72, 156 or 165) numbers."""
    if "poses" in arrays:
        poses = arrays["poses"]
    elif {"root_orient", "pose_body"} <= arrays.keys():
        parts = arrays["root_orient"], arrays["pose_body"]
        if any(part.ndim != 2 for part in parts) or len(parts[0]) != len(parts[1]):
            raise _wrong(name, "pose_body", "(T, 63) numbers are expected beside root_orient (T, 3)")
        poses = np.concatenate(parts, axis=1)
    else:
        raise _wrong(name, "poses", "it is missing")
    if poses.ndim != 2 or poses.shape[1] not in _FAMILY or len(poses) == 0 or poses.dtype.kind not in "fiu":
        raise _wrong(name, "poses", f"(T, 156) or (T, 165) numbers are expected, not {poses.shape}")
    refuse_size(name, len(poses))
    return poses


def _rate(name: str, arrays: dict[str, NDArray[Any]]) -> Fraction:
    for key in _RATES:
        if key in arrays and arrays[key].size == 1 and arrays[key].dtype.kind in "fiu":
            return exact_rate(float(arrays[key].item()))
    raise MotionRateUnknown(f"{name} does not say its frame rate: give it, such as 120 for most of AMASS.")


def _as_written(
    clip: MotionClip, trans: NDArray[Any], arrays: dict[str, NDArray[Any]], fps: Fraction | None
) -> MotionClip:
    """The clip with what `write_amass` put beside AMASS's own keys."""
    ours = {name: arrays[_PREFIX + name] for name in _OURS if _PREFIX + name in arrays}
    if missing := set(_OURS) - ours.keys():
        raise ValueError(f"{_PREFIX}{min(missing)} is missing")
    numerator, denominator = (int(value) for value in ours["rate"].ravel()[:2])
    if numerator <= 0 or denominator <= 0:
        raise ValueError(f"{_PREFIX}rate is no frame rate")
    scale = ours["body_scale"]
    return clip.replace(
        root=trans + ours["pelvis"],
        fps=fps or Fraction(numerator, denominator),
        body_scale=float(scale.item()) if scale.size == 1 else 0.0,
        notes=(),
        **{name: ours[name] for name in ("rest_joints", "betas", "frames", "valid", "contacts")},
    )


def _wrong(name: str, key: str, reason: str) -> MotionFileCorrupt:
    return MotionFileCorrupt(f"{name} is no usable AMASS file at '{key}' ({reason}): export it again.")
