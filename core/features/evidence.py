"""Landmark evidence of one person over time, and the numbers the network is given from it (method section
3.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from .crop_camera import CropCamera, crop_camera

LEFT_HIP, RIGHT_HIP = 23, 24
LANDMARKS = 33


class BadEvidence(InputError):
    code = "features.bad_evidence"


@dataclass(frozen=True, eq=False)
class LandmarkEvidence:
    """What a landmark detector saw of one person, gap-filled (every frame present).

    **Convention**: image px, x right, y down, from the upper left corner; world landmarks in metres, x right,
    y down, z forward, about the mid-hip. They are predicted from the person's crop alone, hence lie in the
    axes of the crop's own (virtual) camera.

    Attributes:
        image: (T, 33, 2) px.
        visibility: (T, 33) in [0, 1].
        world: (T, 33, 3) m.
        focal_px: focal length in px.
        width, height: upright image size in px; the principal point is its centre.
    """

    image: NDArray[np.float32]
    visibility: NDArray[np.float32]
    world: NDArray[np.float32]
    focal_px: float
    width: int
    height: int

    def __post_init__(self) -> None:
        T = len(self.image)
        for name, shape in (("image", (T, 33, 2)), ("visibility", (T, 33)), ("world", (T, 33, 3))):
            array = np.asarray(getattr(self, name), dtype=np.float32)
            if array.shape != shape or T == 0:
                raise BadEvidence(
                    f"Give {name} as {('T', *shape[1:])} with one row per frame; got {array.shape}."
                )
            if not np.isfinite(array).all():
                raise BadEvidence(
                    f"Fill the missing frames before the network: {name} holds values that are not finite."
                )
            object.__setattr__(self, name, array)
        if not (self.focal_px > 0 and self.width > 0 and self.height > 0):
            raise BadEvidence("Give a positive focal length and image size in pixels.")

    def __len__(self) -> int:
        return len(self.image)


def encoder_inputs(evidence: LandmarkEvidence) -> tuple[Tensor, CropCamera]:
    """Evidence at the network's rate -> inputs (T, 201) and the virtual camera of every frame."""
    offset = torch.tensor([evidence.width / 2, evidence.height / 2])
    pixels = torch.from_numpy(evidence.image) - offset
    camera = crop_camera(pixels, evidence.focal_px)
    seen = camera.see(pixels, evidence.focal_px)
    return assemble(
        seen, torch.from_numpy(evidence.visibility), torch.from_numpy(evidence.world), camera
    ), camera


def assemble(seen: Tensor, visibility: Tensor, world: Tensor, camera: CropCamera) -> Tensor:
    """Crop coordinates (..., 33, 2), visibility (..., 33), world (..., 33, 3) -> (..., 201).

    Order: 66 image, 33 visibility, 99 world (about the mid-hip), 3 numbers of the crop camera.
    """
    return torch.cat([seen.flatten(-2), visibility, hip_centred(world).flatten(-2), camera.numbers()], -1)


def hip_centred(world: Tensor) -> Tensor:
    """Landmarks (..., 33, 3) about the middle of the two hips."""
    return world - (world[..., LEFT_HIP : LEFT_HIP + 1, :] + world[..., RIGHT_HIP : RIGHT_HIP + 1, :]) / 2
