"""A motion told by roles instead of bones: between any source and any target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rig_map import RigMap
from .skeleton import Skeleton

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class SourceMotion:
    """What a source rig does, frame by frame.

    Attributes:
        skeleton: the source at rest. rig_map: its roles.
        frames: (T,) scene frames, increasing; fractions are allowed.
        turns: bone -> (T, 4) how it is turned from its rest, in the world: axes(t) = turns(t) axes(rest).
        heads: bone -> (T, 3) where its head is, metres.
        contacts: (T, 2) bool, left and right foot on the floor; None where nobody told.
        held: (T,) bool, frames without a pose of their own (nobody was seen); no keys are made there.
        fps: how many `frames` make a second.

    **Convention**: the scene's world, z up, as in `Skeleton`; quaternions w, x, y, z.
    """

    skeleton: Skeleton
    rig_map: RigMap
    frames: Floats
    turns: dict[str, Floats]
    heads: dict[str, Floats]
    contacts: NDArray[np.bool_] | None
    held: NDArray[np.bool_]
    fps: float = 30.0


@dataclass(frozen=True, eq=False)
class TargetMotion:
    """What the bones of a target shall do, still in the world.

    Attributes:
        turns: bone -> (T, 4) turn from its rest, in the world, for every bone that is to be keyed.
        heads: bone -> (T, 3) metres, for bones that also travel: hips or root, followers.
        contacts: (T, 2) bool. notes: sentences for the user.

    **Convention**: as `SourceMotion`. Bones without an entry keep their rest relative to their parent.
    """

    frames: Floats
    turns: dict[str, Floats]
    heads: dict[str, Floats]
    contacts: NDArray[np.bool_]
    held: NDArray[np.bool_]
    notes: tuple[str, ...] = ()
