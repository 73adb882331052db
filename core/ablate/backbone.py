"""A frozen backbone for simulated people: the shipped network's landmark encoder, reduced to C components.

The method's features come from an image backbone that was trained to recover bodies from single frames and
stays frozen (method section 3). The shipped encoder is such a one for simulated evidence; its 512 numbers are
reduced to their principal components, so that small networks can learn from them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..body.layer import BodyLayer
from ..data.draw import Draw
from ..data.procedural import procedural_motion
from ..data.synthetic import simulate
from ..network.checkpoint import load_default
from ..network.model import BodyNetwork

SAMPLE_CLIPS, SAMPLE_FRAMES, SAMPLE_SEED = 96, 24, 70_000


class FrozenBackbone:
    """Evidence (..., 201) -> features (..., C): principal components of the shipped encoder's features, in
    units of their mean deviation. The same C always gives the same map.
    """

    def __init__(self, C: int) -> None:
        self.encoder: BodyNetwork = load_default()
        with torch.inference_mode():
            sample = self.encoder.features(_sample_evidence()).flatten(0, 1)
            self.mean = sample.mean(0)
            _, deviations, directions = torch.linalg.svd(sample - self.mean, full_matrices=False)
        scale = deviations[:C].square().mean().sqrt() / len(sample) ** 0.5
        self.directions = directions[:C].T / scale

    @torch.no_grad()
    def __call__(self, evidence: Tensor) -> Tensor:
        return (self.encoder.features(evidence) - self.mean) @ self.directions


def _sample_evidence() -> Tensor:
    """Evidence (clips, frames, 201) that is in no database: its seed is another one."""
    clips = [procedural_motion(SAMPLE_FRAMES, SAMPLE_SEED + i) for i in range(SAMPLE_CLIPS)]
    rotations = torch.stack([torch.from_numpy(clip.rotations) for clip in clips])
    trans = torch.stack([torch.from_numpy(clip.trans) for clip in clips])
    return simulate(Draw(SAMPLE_SEED), BodyLayer(), rotations, trans).inputs
