"""Random cameras: roll, pitch, any heading, short and long lenses, people off-centre, near, far and cut by
the frame (method section 6.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..network.rotations import matrix_from_rotvec
from .draw import Draw

ASPECTS = torch.tensor([16 / 9, 16 / 9, 4 / 3, 1.0, 3 / 4, 9 / 16, 9 / 16])
STANDING = 1.7  # metres; only to turn a share of the picture into a distance
NEAREST = 1.2  # metres from the camera to the pelvis


@dataclass
class Shot:
    """One static camera per window and the person's path before it.

    **Convention**: lengths of the picture in units of its diagonal; camera axes x right, y down, z forward.

    Attributes:
        rotation: (B, 3, 3) y-up world -> camera.
        path: (B, T, 3) pelvis in the camera, metres.
        focal: (B,) true focal length; assumed: (B,) what the capture believes it to be.
        size: (B, 2) width and height of the picture.
    """

    rotation: Tensor
    path: Tensor
    focal: Tensor
    assumed: Tensor
    size: Tensor


def draw_shot(draw: Draw, trans: Tensor) -> Shot:
    """A random camera for each window of motion; `trans` (B, T, 3) is the person's world path."""
    B, T, _ = trans.shape
    rotation = draw_rotation(draw, B)
    aspect = ASPECTS[draw.pick(len(ASPECTS), B)]
    size = torch.stack([aspect, torch.ones(B)], -1) / (aspect**2 + 1).sqrt()[:, None]
    focal = draw.log_uniform(B, low=0.6, high=2.5)
    # Half of the captures know their focal length; the others assume one.
    assumed = focal * torch.where(draw.chance(0.5, B), torch.ones(B), (0.2 * draw.normal(B)).exp())
    share = draw.log_uniform(B, low=0.22, high=1.4)
    tall = share * size[:, 1]
    depth = focal * STANDING / tall
    reach_x = torch.maximum(size[:, 0] / 2 - 0.2 * tall, 0.08 * size[:, 0])
    reach_y = torch.maximum(size[:, 1] / 2 - 0.5 * tall, 0.06 * size[:, 1])
    cut = draw.chance(0.12, B) * 0.22 * size[:, 1]
    x = draw.uniform(B, low=-1, high=1) * reach_x
    y = draw.uniform(B, low=-1, high=1) * reach_y + cut * draw.normal(B)
    place = depth[:, None] * torch.stack([x / focal, y / focal, torch.ones(B)], -1)
    walked = torch.einsum("bij,btj->bti", rotation, trans - trans[:, T // 2 : T // 2 + 1])
    path = place[:, None] + walked
    # Nobody walks through the lens: the whole path is moved back, its form kept.
    path[..., 2] += (NEAREST - path[..., 2].amin(1, keepdim=True)).clamp_min(0)
    return Shot(rotation, path, focal, assumed, size)


def draw_rotation(draw: Draw, B: int) -> Tensor:
    """(B, 3, 3) world -> camera: any heading, pitch -20 to 35 degrees (positive looks down), roll 10 degrees
    rms.

    Half of the cameras are nearly level, as on a tripod, half are held in a hand.
    """
    o = torch.zeros(B)
    yaw = draw.uniform(B, high=2 * math.pi)
    pitch = torch.deg2rad(draw.uniform(B, low=-20, high=35))
    roll = torch.deg2rad(draw.normal(B) * torch.where(draw.chance(0.5, B), 4.0, 14.5))
    turn = (
        matrix_from_rotvec(torch.stack([o, o, roll], -1))
        @ matrix_from_rotvec(torch.stack([pitch, o, o], -1))
        @ matrix_from_rotvec(torch.stack([o, yaw, o], -1))
    )
    return torch.diag(torch.tensor([1.0, -1.0, -1.0])) @ turn
