"""Held-out clips through the simulated detector and the whole windowed network, against the raw world
landmarks (method section 6.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..data.draw import Draw
from ..data.motion import MotionClipSource
from ..data.synthetic import LandmarkBody, Pairs, simulate
from ..evaluate.metrics import LIMB_LANDMARKS_BLAZEPOSE, acceleration_error, mpjpe, pa_mpjpe
from ..network.clip import run_clip
from ..network.model import BodyNetwork
from ..network.presets import Output
from .objective import JOINTS, body_points

CHUNK = 120  # frames that share one camera
LIMBS = [JOINTS + i for i in LIMB_LANDMARKS_BLAZEPOSE]


@dataclass(frozen=True)
class Errors:
    """Over the twelve limb landmarks, mid-hip aligned: mm, mm, mm/frame²."""

    mpjpe: float
    pa_mpjpe: float
    accel: float

    def __str__(self) -> str:
        return f"MPJPE {self.mpjpe:.1f} PA {self.pa_mpjpe:.1f} Accel {self.accel:.1f}"


def film_clips(clips: Sequence[MotionClipSource], body: LandmarkBody, seed: int = 9) -> list[Pairs]:
    """Clips cut into chunks of 120 frames, each before its own random camera; decided by `seed`."""
    filmed = []
    for clip in clips:
        for first in range(0, len(clip), CHUNK):
            rotations = torch.from_numpy(clip.rotations[first : first + CHUNK])[None]
            trans = torch.from_numpy(clip.trans[first : first + CHUNK])[None]
            if rotations.shape[1] >= 16:
                filmed.append(simulate(Draw(seed * 100_003 + len(filmed)), body, rotations, trans))
    return filmed


def measure(
    model: BodyNetwork, filmed: Sequence[Pairs], body: LandmarkBody, output: Output | None = None
) -> Errors:
    """Errors of the network over filmed clips; one body shape per clip (its median), as in a capture."""
    predicted = []
    for pairs in filmed:
        state = run_clip(model, pairs.inputs[0], output)
        state.betas = state.betas.median(0).values.expand_as(state.betas)
        predicted.append(body_points(body, state)[:, LIMBS].numpy())
    return compare(predicted, filmed)


def measure_raw(filmed: Sequence[Pairs]) -> Errors:
    """Errors of the noisy world landmarks themselves: the baseline."""
    return compare([pairs.world[0][:, list(LIMB_LANDMARKS_BLAZEPOSE)].numpy() for pairs in filmed], filmed)


def compare(predicted: Sequence[np.ndarray], filmed: Sequence[Pairs]) -> Errors:
    """Predicted limb landmarks (T, 12, 3) per clip against the truth, averaged over frames."""
    truth = [pairs.points[0][:, LIMBS].numpy() for pairs in filmed]
    frames = np.array([len(x) for x in truth], float)
    rows = [
        [f(p, t) for f in (mpjpe, pa_mpjpe, acceleration_error)]
        for p, t in zip(predicted, truth, strict=True)
    ]
    return Errors(*(float(x) for x in np.average(np.array(rows), axis=0, weights=frames)))
