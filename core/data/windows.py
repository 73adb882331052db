"""Windows of motion for training: random stretches of clips, varied in time, side and composition (method
section 6.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..network.rotations import matrix_from_rotvec, orthonormal
from .draw import Draw
from .motion import MotionClipSource

SWAPPED = [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22]
UPPER_BODY = [3, 6, 9, *range(12, 24)]

RECOMBINED = 0.2  # share of windows whose upper body comes from another window
PERTURBED = math.radians(4)  # constant random turn of every joint, per window
FROZEN = 0.08  # share of windows whose first or last frames stand still, as at a clip's padded ends


class MotionSampler:
    """Draws windows from clips, longer clips more often (length to the power 0.75), procedural ones at a
    fixed share.
    """

    def __init__(
        self,
        clips: Sequence[MotionClipSource],
        procedural: Sequence[MotionClipSource] = (),
        share: float = 0.25,
    ) -> None:
        pool = [clip for clip in (*clips, *procedural) if len(clip) >= 2]
        self.rotations = torch.from_numpy(np.concatenate([clip.rotations for clip in pool]))
        self.trans = torch.from_numpy(np.concatenate([clip.trans for clip in pool]))
        lengths = torch.tensor([len(clip) for clip in pool])
        self.first = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]])
        self.length = lengths
        weights = lengths.double() ** 0.75
        captured = torch.arange(len(pool)) < sum(len(clip) >= 2 for clip in clips)
        if captured.any() and not captured.all():
            weights[captured] *= (1 - share) / weights[captured].sum()
            weights[~captured] *= share / weights[~captured].sum()
        self.cumulative = (weights / weights.sum()).cumsum(0)

    def times(self, draw: Draw, B: int, T: int) -> Tensor:
        """(B, T) fractional positions in the pool: speed 0.4 to 1.25 times, half of them backwards, some
        ends frozen.
        """
        clip = torch.searchsorted(self.cumulative, draw.uniform(B).double()).clamp_max(len(self.length) - 1)
        room = (self.length[clip] - 1).float()
        speed = torch.minimum(draw.uniform(B, low=0.4, high=1.25), room / T)
        start = draw.uniform(B) * (room - speed * (T - 1))
        step = torch.arange(T).float().expand(B, T)
        step = torch.where(draw.chance(0.5, B, 1), step.flip(1), step)
        held = draw.uniform(B, 1) * (T - 1)
        frozen = torch.where(draw.chance(0.5, B, 1), step.clamp_min(held), torch.minimum(step, held))
        step = torch.where(draw.chance(FROZEN, B, 1), frozen.round(), step)
        return self.first[clip][:, None] + start[:, None] + speed[:, None] * step

    def take(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Rotations (B, T, 24, 3, 3) and trans (B, T, 3) at fractional positions."""
        low = times.floor().long().clamp_max(len(self.trans) - 2)
        w = (times - low)[..., None]
        R = torch.lerp(self.rotations[low], self.rotations[low + 1], w[..., None, None])
        return orthonormal(R[..., 0], R[..., 1]), torch.lerp(self.trans[low], self.trans[low + 1], w)

    def draw(self, draw: Draw, B: int, T: int) -> tuple[Tensor, Tensor]:
        """Augmented windows: rotations (B, T, 24, 3, 3), trans (B, T, 3); y-up world."""
        R, trans = self.take(self.times(draw, B, T))
        other, _ = self.take(self.times(draw, B, T))
        recombined = draw.chance(RECOMBINED, B)[:, None, None, None, None]
        R[:, :, UPPER_BODY] = torch.where(recombined, other[:, :, UPPER_BODY], R[:, :, UPPER_BODY])
        mirrored = draw.chance(0.5, B)
        flipped, flipped_trans = mirror(R, trans)
        R = torch.where(mirrored[:, None, None, None, None], flipped, R)
        trans = torch.where(mirrored[:, None, None], flipped_trans, trans)
        turn = draw.normal(B, 1, 24, 3) * PERTURBED
        turn[:, :, 0] = 0
        return R @ matrix_from_rotvec(turn), trans


def mirror(R: Tensor, trans: Tensor) -> tuple[Tensor, Tensor]:
    """The motion seen in a mirror: rotations (..., 24, 3, 3) and trans (..., 3) reflected in x, sides
    exchanged.
    """
    S = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
    return (S @ R @ S)[..., SWAPPED, :, :], trans * S.diagonal()
