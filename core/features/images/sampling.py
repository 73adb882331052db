"""Which pictures of a video the trunk sees, and how their features reach the network's times (method section
3.1).

The trunk is the dearest part by far, so that it never sees a picture that the network's 25 to 30 frames per
second do not need: of 60 per second it sees every second one, and the pictures stay real ones. Where no such
thinning exists (24 or 48 per second, uneven times), every picture is seen and features are linear in time
between them: features change smoothly with a person's pose, and repeating the nearest would make steps, which
the network reads as motion.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...network.resampling import KEPT, Retiming, bracket, plan_retiming


@dataclass(frozen=True, eq=False)
class PicturePlan:
    """Rows (n,) of the source frames that are looked at, their times (n,) s, and the network's times."""

    rows: NDArray[np.int64]
    seen: NDArray[np.float64]
    retiming: Retiming

    @property
    def rate(self) -> float:
        """Pictures per second; 30 for a single one."""
        return 1 / float(np.median(np.diff(self.seen))) if len(self.seen) > 1 else 30.0

    def per_picture(self) -> Retiming:
        """For models that answer picture by picture: from the pictures' own times back to the source's."""
        return Retiming(self.retiming.source, self.seen, len(self.rows) == len(self.retiming.source))


def plan_pictures(times: NDArray[np.float64]) -> PicturePlan:
    """Times (T,) in seconds of the source frames, increasing -> what to look at."""
    times = np.asarray(times, dtype=np.float64)
    whole = plan_retiming(times)
    every = np.arange(len(times))
    if not whole.identity:
        thinned = every[:: max(ceil(1 / float(np.median(np.diff(times))) / KEPT[1]), 1)]
        if len(thinned) < len(times) and plan_retiming(times[thinned]).identity:
            return PicturePlan(thinned, times[thinned], Retiming(times, times[thinned], False))
    return PicturePlan(every, times, whole)


def features_at_network_times(features: Tensor, plan: PicturePlan) -> Tensor:
    """Features (n, C) of the pictures -> (F, C) at the network's times, linear between pictures."""
    if len(plan.seen) == len(plan.retiming.network) and np.array_equal(plan.seen, plan.retiming.network):
        return features
    low, w = bracket(plan.seen, plan.retiming.network)
    i = torch.from_numpy(low)
    return torch.lerp(
        features[i], features[(i + 1).clamp_max(len(features) - 1)], torch.from_numpy(w).float()[:, None]
    )
