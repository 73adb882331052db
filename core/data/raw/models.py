"""The two models that preparing a dataset needs, opened from a user's files: backbone and bodies (method
section 7.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...body.layer import open_body
from ...body.spin_joints import SpinJoints
from ...device import choose_device
from ...features.images.extract import FeatureExtractor
from ...features.images.occlusion import Occluder, Picture, load_occluders
from ...features.images.spin_checkpoint import load_spin
from ...pipeline.cache import content_digest
from .errors import RawDataMissing
from .tracks import Say


@dataclass(frozen=True)
class Backbone:
    """Features of a dataset's tracks, as they are or with things pasted over every crop (method section 3.1).

    Attributes:
        things: cut-outs of `load_occluders`; none leaves the crops alone.
        seed: decides the pastes of a track together with the track's name.
    """

    extractor: FeatureExtractor
    things: Sequence[Picture] = ()
    seed: int = 0

    def features(
        self, images: Iterable[Picture], boxes: NDArray[np.float64], name: str
    ) -> NDArray[np.float32]:
        """One feature (2048,) for each of the boxes (n, 3) in the pictures of the track `name`."""
        change = Occluder(self.things, name, self.seed) if self.things else None
        return self.extractor.features(images, boxes, change=change)


def open_backbone(
    file: Path,
    device: str = "auto",
    *,
    occluders: Path | None = None,
    seed: int = 0,
    say: Say = lambda line: None,
) -> Backbone:
    """The backbone of a SPIN checkpoint, or a bare ResNet-50; `say` hears what was taken from the file.

    Args:
        occluders: a Pascal VOC folder whose objects are pasted over the crops.

    Raises what `load_spin` and `load_occluders` raise.
    """
    things = load_occluders(occluders) if occluders is not None else ()
    spin = load_spin(file)
    say(str(spin.report))
    extractor = FeatureExtractor(spin.trunk, choose_device(device), content_digest(file))
    return Backbone(extractor, things, seed)


def open_bodies(files: Mapping[str, Path | None], folder: Path) -> dict[str, SpinJoints]:
    """The joints of SMPL bodies by name ("neutral", or "male" and "female").

    Args:
        files: the user's SMPL files. The free body will not do: its shapes are not SMPL's.
        folder: where converted SMPL files are kept.

    Raises:
        RawDataMissing: one was not given; and what `open_body` and `SpinJoints` raise.
    """
    bodies = {}
    for name, file in files.items():
        if file is None:
            option = "--body" if name == "neutral" else f"--{name}"
            raise RawDataMissing(
                f"Give {option} SMPL_{name.upper()}.pkl: 3DPW's joints come from SMPL bodies."
            )
        bodies[name] = SpinJoints(open_body(file, folder))
    return bodies
