"""Supervised windows as every dataset gives them and every loss takes them (method sections 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

SPIN_JOINTS = 49


@dataclass
class SupervisedRows:
    """B windows of T frames with whatever is known of them.

    A row without a kind of truth has zeros there and a zero weight.

    **Convention**: camera axes x right, y down, z forward, metres; the root rotation is the one in the
    camera. Image coordinates run from -1 to 1 across the crop. Joints are the 49 "SPIN" joints of method
    section 4.6.
    """

    features: Tensor  # (B, T, C) what the network is given
    keypoints_2d: Tensor  # (B, T, 49, 3) crop coordinates and confidence
    joints_3d: Tensor  # (B, T, 49, 3) m
    rotations: Tensor  # (B, T, 24, 3, 3) local SMPL rotations
    betas: Tensor  # (B, T, 10)
    has_3d: Tensor  # (B,) 1 where joints_3d is known
    has_smpl: Tensor  # (B,) 1 where rotations and betas are known

    def __len__(self) -> int:
        return len(self.features)

    def to(self, device: torch.device | str) -> SupervisedRows:
        """The same rows on another device."""
        return SupervisedRows(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    @classmethod
    def join(cls, parts: list[SupervisedRows]) -> SupervisedRows:
        """Rows of several batches as one, in the given order."""
        return cls(**{f.name: torch.cat([getattr(part, f.name) for part in parts]) for f in fields(cls)})
