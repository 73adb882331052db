"""Simulated pairs: motion, a random body and camera in; noisy landmark evidence and the exact answer out
(method section 6.2).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..features.crop_camera import crop_camera
from ..features.evidence import assemble, hip_centred
from .cameras import Shot, draw_shot
from .draw import Draw
from .landmark_noise import corrupt
from .windows import MotionSampler

LEAST_DEPTH = 0.3  # metres; a hand held closer to the lens than this is drawn at this depth


class LandmarkBody(Protocol):
    """The part of the body layer the simulator needs."""

    def forward_landmarks(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 24, 3, 3), (N, 10) -> joints (N, 24, 3), landmarks (N, 33, 3)."""
        ...


@dataclass
class Pairs:
    """B windows of T frames.

    **Convention**: everything lives in the virtual crop camera of its frame (x right, y down, z forward),
    lengths in metres about the pelvis, crop coordinates in half sides; the root rotation is the one in that
    camera.
    """

    inputs: Tensor  # (B, T, 201) what the network is given
    world: Tensor  # (B, T, 33, 3) the noisy world landmarks, the baseline to beat
    rotations: Tensor  # (B, T, 24, 3, 3)
    betas: Tensor  # (B, 10)
    points: Tensor  # (B, T, 57, 3) 24 joints and 33 landmarks about the pelvis
    seen: Tensor  # (B, T, 57, 2) the same in the crop, without noise
    inside: Tensor  # (B, T, 57) whether they lie in the picture
    spread: Tensor  # (B, T) tangent of the crop's half angle

    def to_numpy(self) -> dict[str, NDArray[np.float32]]:
        """Plain arrays, for the way between two processes."""
        return {f.name: getattr(self, f.name).numpy() for f in fields(self)}

    @classmethod
    def from_numpy(cls, arrays: dict[str, NDArray[np.float32]]) -> Pairs:
        """Inverse of `to_numpy`."""
        return cls(**{name: torch.from_numpy(array) for name, array in arrays.items()})


@torch.no_grad()
def simulate(
    draw: Draw,
    body: LandmarkBody,
    rotations: Tensor,
    trans: Tensor,
    severity: float = 0.0,
    *,
    betas: Tensor | None = None,
    shot: Shot | None = None,
) -> Pairs:
    """Films motion with random cameras and a simulated landmark detector.

    Args:
        rotations: (B, T, 24, 3, 3) local SMPL rotations, the root in a y-up world.
        trans: (B, T, 3) m.
        severity: size of the detector's errors, as in `corrupt`.
        betas: (B, 10), and `shot`: drawn when not given.
    """
    B, T = rotations.shape[:2]
    betas = draw_betas(draw, B) if betas is None else betas
    shot = draw_shot(draw, trans) if shot is None else shot
    rotations = rotations.clone()
    rotations[:, :, 0] = shot.rotation[:, None] @ rotations[:, :, 0]
    spread_betas = betas[:, None].expand(B, T, 10).reshape(B * T, 10)
    joints, landmarks = body.forward_landmarks(rotations.reshape(B * T, 24, 3, 3), spread_betas)
    points = (torch.cat([joints, landmarks], 1) - joints[:, :1]).reshape(B, T, 57, 3)

    pixels = film(points, shot)
    frame = shot.size[:, None, None] / 2
    inside = (pixels.abs() < frame).all(-1)
    ideal = crop_camera(pixels[:, :, 24:], shot.focal[:, None, None, None])
    clean_world = torch.einsum("btij,btlj->btli", ideal.rotation, hip_centred(points[:, :, 24:]))
    clean_image = (pixels[:, :, 24:] - ideal.centre[:, :, None]) / ideal.half[:, :, None, None]
    up = torch.einsum("btij,bj->bti", ideal.rotation, shot.rotation[:, :, 1]).mean(1)
    # y points down in a camera: upright is -y, and partly -z when seen from above.
    pitch = torch.atan2(-up[:, 2], -up[:, 1])
    world, image, visibility = corrupt(draw, clean_world, clean_image, inside[:, :, 24:], pitch, severity)

    assumed = shot.assumed[:, None, None, None]
    found = image * ideal.half[:, :, None, None] + ideal.centre[:, :, None]
    camera = crop_camera(found, assumed)
    inputs = assemble(camera.see(found, assumed), visibility, world, camera)
    rotations[:, :, 0] = camera.rotation @ rotations[:, :, 0]
    return Pairs(
        inputs=inputs,
        world=world,
        rotations=rotations,
        betas=betas,
        points=torch.einsum("btij,btlj->btli", camera.rotation, points),
        seen=camera.see(pixels, assumed),
        inside=inside.float(),
        spread=camera.spread,
    )


def draw_betas(draw: Draw, B: int) -> Tensor:
    """(B, 10) body shapes from slight to heavy, none of them extreme."""
    return (0.9 * draw.normal(B, 10)).clamp(-2.5, 2.5)


def film(points: Tensor, shot: Shot) -> Tensor:
    """Points (B, T, L, 3) about the pelvis -> picture (B, T, L, 2) from its centre, in units of the
    picture's diagonal.
    """
    X = points + shot.path[:, :, None]
    return shot.focal[:, None, None, None] * X[..., :2] / X[..., 2:].clamp_min(LEAST_DEPTH)


def training_pairs(sampler: MotionSampler, body: LandmarkBody, seed: int, batch: int, T: int) -> Pairs:
    """One training batch, decided by `seed` alone."""
    draw = Draw(seed)
    rotations, trans = sampler.draw(draw, batch, T)
    return simulate(draw, body, rotations, trans)
