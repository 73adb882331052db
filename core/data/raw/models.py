"""The two models that preparing a dataset needs, opened from a user's files: backbone and bodies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...body.files import convert_smpl_file
from ...body.layer import body_layer
from ...body.spin_joints import SpinJoints
from ...device import choose_device
from ...features.images.extract import FeatureExtractor
from ...features.images.spin_checkpoint import load_spin
from ...pipeline.cache import content_digest
from .errors import RawDataMissing


def open_extractor(backbone: Path, device: str = "auto") -> FeatureExtractor:
    """The feature extractor of a SPIN checkpoint, or of a bare ResNet-50. Raises what `load_spin` raises."""
    trunk = load_spin(backbone).trunk
    return FeatureExtractor(trunk, choose_device(device), content_digest(backbone))


def open_bodies(files: Mapping[str, Path | None], folder: Path) -> dict[str, SpinJoints]:
    """The joints of SMPL bodies by name ("neutral", or "male" and "female").

    Args:
        files: the user's SMPL files. The free body will not do: its shapes are not SMPL's.
        folder: where converted SMPL files are kept.

    Raises:
        RawDataMissing: one was not given; and what `convert_smpl_file` and `SpinJoints` raise.
    """
    bodies = {}
    for name, file in files.items():
        if file is None:
            option = "--body" if name == "neutral" else f"--{name}"
            raise RawDataMissing(
                f"Give {option} SMPL_{name.upper()}.pkl: 3DPW's joints come from SMPL bodies."
            )
        folder.mkdir(parents=True, exist_ok=True)
        bodies[name] = SpinJoints(body_layer(convert_smpl_file(file, folder)))
    return bodies
