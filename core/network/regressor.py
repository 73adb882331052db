"""The iterative body regressor, and its folded form: three passes without activation are one affine map
(method section 4.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .presets import RegressorConfig
from .rotations import matrix_from_6d, rotvec_from_matrix

POSE, SHAPE, CAMERA = 144, 10, 3
STATE = POSE + SHAPE + CAMERA


@dataclass
class BodyState:
    """What the network says about a body.

    **Convention**: rotations are local SMPL rotations, the root in the camera the evidence was seen in (x
    right, y down, z forward); `cam` = (s, tx, ty) is the crop camera: a point (x, y, z) in metres from the
    pelvis is seen at ``s * (x + tx)`` half crop sides from the crop's centre (and divided by ``1 + s a z`` in
    full perspective).
    """

    rotations: Tensor  # (..., 24, 3, 3)
    betas: Tensor  # (..., 10)
    cam: Tensor  # (..., 3)

    def theta(self) -> Tensor:
        """The classic vector (..., 85) = [cam 3 | axis-angle 72 | betas 10]."""
        return torch.cat([self.cam, rotvec_from_matrix(self.rotations).flatten(-2), self.betas], -1)


class IterativeRegressor(nn.Module):
    """Feature (B, C) -> state (B, 157), corrected `iterations` times from the mean state."""

    def __init__(self, C: int, config: RegressorConfig) -> None:
        super().__init__()
        self.iterations = config.iterations
        self.first = nn.Linear(C + STATE, config.hidden)
        self.second = nn.Linear(config.hidden, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.decode = nn.ModuleList()
        for size in (POSE, SHAPE, CAMERA):
            head = nn.Linear(config.hidden, size)
            nn.init.xavier_uniform_(head.weight, gain=0.01)
            nn.init.zeros_(head.bias)
            self.decode.append(head)
        self.register_buffer("initial", neutral_state())

    initial: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> state (..., 157), step by step."""
        state = self.initial.to(x.dtype).expand(*x.shape[:-1], STATE)
        for _ in range(self.iterations):
            h = self.dropout(self.second(self.dropout(self.first(torch.cat([x, state], -1)))))
            state = state + torch.cat([head(h) for head in self.decode], -1)
        return state

    def fold(self, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
        """The same as one affine map: M (157, C), k (157,) with state = M x + k (valid without dropout).

        Folding in double precision keeps the difference to the step-by-step form below 1e-5; training folds
        in single precision, where it is ten times cheaper than three passes over every frame and has the same
        gradients.
        """
        W1, b1, W2, b2 = (p.to(dtype) for p in (*self.first.parameters(), *self.second.parameters()))
        D = torch.cat([head.weight for head in self.decode]).to(dtype)  # type: ignore[arg-type]
        d = torch.cat([head.bias for head in self.decode]).to(dtype)  # type: ignore[arg-type]
        DW = D @ W2
        G, c = DW @ W1, DW @ b1 + D @ b2 + d
        C = G.shape[1] - STATE
        step = torch.eye(STATE, dtype=dtype, device=G.device) + G[:, C:]
        M, k = torch.zeros_like(G[:, :C]), self.initial.to(dtype)
        for _ in range(self.iterations):
            M, k = step @ M + G[:, :C], step @ k + c
        return M, k


def apply_folded(x: Tensor, folded: tuple[Tensor, Tensor]) -> Tensor:
    """State (..., 157) of features (..., C) through a folded regressor."""
    M, k = folded
    return functional.linear(x, M.to(x.dtype), k.to(x.dtype))


def body_from_state(state: Tensor) -> BodyState:
    """State (..., 157) -> rotations, betas, cam; the 6D rotations are made orthonormal here."""
    pose, betas, cam = state.split([POSE, SHAPE, CAMERA], -1)
    return BodyState(matrix_from_6d(pose.reshape(*pose.shape[:-1], 24, 6)), betas, cam)


def neutral_state() -> Tensor:
    """(157,) T-pose, standing upright and facing the camera, mean shape, cam (0.9, 0, 0). Training replaces
    it.

    **Convention**: in camera axes (y down, z forward) a body that faces the camera is turned by diag(1, -1,
    -1).
    """
    pose = torch.tensor([1.0, 0, 0, 1, 0, 0]).repeat(24)
    pose[3] = -1.0
    return torch.cat([pose, torch.zeros(SHAPE), torch.tensor([0.9, 0, 0])])
