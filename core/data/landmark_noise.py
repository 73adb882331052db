"""A noise model that errs as a monocular landmark detector does (method section 6.2).

Such a detector sees the picture plane well and guesses depth: its errors along z are several times larger,
they belong to whole limbs rather than to single landmarks, last for many frames, and sometimes invert a bone,
a side or the whole body.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..network.rotations import matrix_from_rotvec
from .draw import Draw

LEFT_ARM, RIGHT_ARM = [13, 15, 17, 19, 21], [14, 16, 18, 20, 22]
LEFT_LEG, RIGHT_LEG = [25, 27, 29, 31], [26, 28, 30, 32]
HEAD = list(range(11))
HIPS = (23, 24)

# Landmarks that move together, by how much in the picture plane and in depth (m, standard deviation).
# Children appear in the groups of their parents too, so that errors add up towards the hands and feet.
GROUPS: list[tuple[list[int], float, float]] = [
    ([*HEAD, 11, 12, *LEFT_ARM, *RIGHT_ARM], 0.016, 0.050),
    (HEAD, 0.016, 0.055),
    ([11, *LEFT_ARM], 0.013, 0.040),
    ([12, *RIGHT_ARM], 0.013, 0.040),
    (LEFT_ARM, 0.015, 0.050),
    (RIGHT_ARM, 0.015, 0.050),
    (LEFT_ARM[1:], 0.020, 0.070),
    (RIGHT_ARM[1:], 0.020, 0.070),
    (LEFT_ARM[2:], 0.010, 0.031),
    (RIGHT_ARM[2:], 0.010, 0.031),
    ([23, *LEFT_LEG], 0.009, 0.020),
    ([24, *RIGHT_LEG], 0.009, 0.020),
    (LEFT_LEG, 0.012, 0.055),
    (RIGHT_LEG, 0.012, 0.055),
    (LEFT_LEG[1:], 0.013, 0.066),
    (RIGHT_LEG[1:], 0.013, 0.066),
    (LEFT_LEG[2:], 0.008, 0.036),
    (RIGHT_LEG[2:], 0.008, 0.036),
]
MOVES = torch.zeros(33, len(GROUPS), 3)
for _g, (_landmarks, _plane, _depth) in enumerate(GROUPS):
    MOVES[_landmarks, _g] = torch.tensor([_plane, _plane, _depth])

# Bones whose depth is misjudged: from, to, and everything that hangs on them.
BONES = (
    (11, 13, LEFT_ARM),
    (13, 15, LEFT_ARM[1:]),
    (12, 14, RIGHT_ARM),
    (14, 16, RIGHT_ARM[1:]),
    (23, 25, LEFT_LEG),
    (25, 27, LEFT_LEG[1:]),
    (24, 26, RIGHT_LEG),
    (26, 28, RIGHT_LEG[1:]),
)
LIMBS = (LEFT_ARM, RIGHT_ARM, LEFT_LEG, RIGHT_LEG, LEFT_LEG + RIGHT_LEG, HEAD)
SIDES = (([23, *LEFT_LEG], [24, *RIGHT_LEG]), ([11, *LEFT_ARM], [12, *RIGHT_ARM]))
LEVELLED = (0.5, 0.15)  # share of the camera's pitch that the detector explains away: mean and spread
TURNED = torch.tensor([0.05, 0.13, 0.03])  # rad about x, y, z: how the whole body is misjudged


def corrupt(
    draw: Draw, world: Tensor, image: Tensor, inside: Tensor, pitch: Tensor, severity: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Clean landmarks -> what a detector would have said.

    Args:
        world: (B, T, 33, 3) m, about the mid-hip, axes of the crop's camera.
        image: (B, T, 33, 2) in half crop sides.
        inside: (B, T, 33) whether the landmark lies in the picture.
        pitch: (B,) radians by which the crop's camera looks down.
        severity: mean of the log of the noise's size; its spread over windows is 0.45.

    Returns:
        world (B, T, 33, 3) about its own mid-hip, image (B, T, 33, 2), visibility (B, T, 33) in [0, 1].
    """
    B, T = world.shape[:2]
    size = torch.exp(draw.normal(B, 1, 1, 1) * 0.45 + severity)
    N = limb_errors(draw, world, size)
    N = misjudged_bones(draw, N, world)
    N = misjudged_view(draw, N, pitch)
    U = image + size * (
        0.010 * draw.normal(B, 1, 33, 2)
        + 0.007 * draw.drift(B, T, 33, 2, knots=5)
        + 0.003 * draw.normal(B, T, 33, 2)
    )
    wander = 0.6 * draw.normal(B, 1, len(GROUPS), 2) + 0.6 * draw.drift(B, T, len(GROUPS), 2, knots=3)
    U = U + size * torch.einsum("lgc,btgc->btlc", MOVES[..., :2], wander)
    visibility = 1 - 0.25 * draw.uniform(B, 1, 33) ** 2 - 0.1 * draw.uniform(B, T, 33) ** 2
    behind = (world[..., 2] / 0.4).clamp(0, 1)  # the far side of the body is seen less surely
    visibility = visibility * (1 - 0.5 * behind * draw.uniform(B, 1, 33))
    N, U, visibility = lost_limbs(draw, N, U, visibility, inside)
    N, U = exchanged(draw, N, U)
    front_for_back = (1 - 2 * draw.run(B, T, 0.03))[..., None, None]
    N = torch.cat([N[..., :2], N[..., 2:] * front_for_back], -1)
    N, U, visibility = missed_frames(draw, N, U, visibility)
    return N - (N[:, :, 23:24] + N[:, :, 24:25]) / 2, U, visibility.clamp(0, 1)


def misjudged_view(draw: Draw, N: Tensor, pitch: Tensor) -> Tensor:
    """Turns and scales the whole body: above all, a detector believes that cameras are level.

    About half of a camera's downward tilt is missing from its world landmarks, which lean accordingly.
    """
    B, T = N.shape[:2]
    explained = LEVELLED[0] + LEVELLED[1] * draw.normal(B)
    lean = torch.stack([-explained * pitch, torch.zeros(B), torch.zeros(B)], -1)[:, None]
    lean = lean + TURNED * draw.normal(B, 1, 3) + 0.6 * TURNED * draw.drift(B, T, 3, knots=3)
    scale = 1 + 0.06 * draw.normal(B, 1, 1, 1)
    return (matrix_from_rotvec(lean)[:, :, None] @ N[..., None])[..., 0] * scale


def limb_errors(draw: Draw, world: Tensor, size: Tensor) -> Tensor:
    """Adds what whole limbs are off by: mostly constant over a window, partly drifting, a little
    trembling.
    """
    B, T = world.shape[:2]
    G = len(GROUPS)
    errors = (
        0.75 * draw.normal(B, 1, G, 3)
        + 0.45 * draw.drift(B, T, G, 3, knots=4)
        + 0.12 * draw.normal(B, T, G, 3)
    )
    own = 0.008 * draw.normal(B, 1, 33, 3)  # no two definitions of a landmark agree to the centimetre
    N = world + own + size * torch.einsum("lgc,btgc->btlc", MOVES, errors)
    # The hip landmarks above all: detectors put them nearer to each other than hip joints are.
    narrow = draw.uniform(B, 1, 1, 1, low=0.75, high=1.05)
    hips = N[:, :, list(HIPS)]
    N[:, :, list(HIPS)] = torch.lerp(hips.mean(2, keepdim=True), hips, narrow)
    return N


def misjudged_bones(draw: Draw, N: Tensor, world: Tensor) -> Tensor:
    """Inverts or squeezes the depth of single bones, then mostly restores their length, as a trained
    detector would.
    """
    B, T = N.shape[:2]
    for a, b, hanging in BONES:
        v = N[:, :, b] - N[:, :, a]
        length = (world[:, :, b] - world[:, :, a]).norm(dim=-1, keepdim=True) * (
            1 + 0.05 * draw.normal(B, 1, 1)
        )
        inverted = 1 - draw.run(B, T, 0.12) * (1 + draw.uniform(B, 1))
        squeezed = draw.uniform(B, 1, low=0.5, high=1.15)
        bent = torch.cat([v[..., :2], (v[..., 2] * inverted * squeezed)[..., None]], -1)
        bent = bent * (0.6 + 0.4 * length / bent.norm(dim=-1, keepdim=True).clamp_min(0.05))
        N[:, :, hanging] = N[:, :, hanging] + (bent - v)[:, :, None]
    return N


def lost_limbs(
    draw: Draw, N: Tensor, U: Tensor, visibility: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden limbs wander and are reported with less visibility; so do landmarks outside the picture."""
    B, T = N.shape[:2]
    for limb in LIMBS:
        hidden = draw.run(B, T, 0.09)[..., None]
        visibility[:, :, limb] *= 1 - hidden * draw.uniform(B, 1, 1, low=0.4, high=1)
        together, apart = draw.drift(B, T, 1, 3, knots=3), draw.drift(B, T, len(limb), 3, knots=3)
        N[:, :, limb] += hidden[..., None] * (0.10 * together + 0.07 * apart)
        U[:, :, limb] += hidden[..., None] * (0.05 * together[..., :2] + 0.03 * apart[..., :2])
    outside = (~inside).float()[..., None]
    visibility = visibility * (1 - outside[..., 0] * draw.uniform(B, 1, 33, low=0.6, high=1))
    together, apart = draw.drift(B, T, 1, 3, knots=2), draw.drift(B, T, 33, 3, knots=2)
    N = N + outside * (0.08 * together + 0.06 * apart)
    return N, U + outside * (0.06 * together[..., :2] + 0.04 * apart[..., :2]), visibility


def exchanged(draw: Draw, N: Tensor, U: Tensor) -> tuple[Tensor, Tensor]:
    """Takes left for right, legs and arms separately, for runs of frames."""
    B, T = N.shape[:2]
    for left, right in SIDES:
        swap = draw.run(B, T, 0.02).bool()[:, :, None, None]
        for X in (N, U):
            a, b = X[:, :, left], X[:, :, right]
            X[:, :, left], X[:, :, right] = torch.where(swap, b, a), torch.where(swap, a, b)
    return N, U


def missed_frames(draw: Draw, N: Tensor, U: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Runs of frames without a detection, filled linearly from their neighbours as the capture does."""
    B, T = N.shape[:2]
    missed = draw.run(B, T, 0.06).bool()
    missed[:, 0] = missed[:, -1] = False
    t = torch.arange(T).expand(B, T)
    before = torch.where(missed, 0, t).cummax(1).values
    after = torch.where(missed, T - 1, t).flip(1).cummin(1).values.flip(1)
    w = ((t - before) / (after - before).clamp_min(1)).clamp(0, 1)
    rows = torch.arange(B)[:, None]

    def fill(X: Tensor) -> Tensor:
        return torch.lerp(X[rows, before], X[rows, after], w.reshape(B, T, *[1] * (X.dim() - 2)))

    return fill(N), fill(U), fill(visibility)
