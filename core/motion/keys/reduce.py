"""Fewer keys: as few as keep every bone within an angle and the wrists and toes within a distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..rotations import (
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_matrix,
    quaternion_to_rotvec,
    rotation_angle,
)
from .rig_curves import RigCurves
from .spline import Spans, evaluate, fit_slopes, spans_between

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

_ROUNDING = 0.99  # of each bound is used, so that Blender's single precision cannot go over it
_PATH_SHARE = 0.5  # of the bound in millimetres is what a location alone may take
_THINNING_ROUNDS = 9


@dataclass(frozen=True, eq=False)
class ReducedKeys:
    """The keys of B bones that are left of T frames; all curves of a bone have the same ones.

    Attributes:
        kept: (T, B) bool.
        slopes: (T, B, C) of the curves of `RigCurves.values` at the keys, per scene frame; zero elsewhere. A
            Bezier key with handles along it, a third of the way to the next key on either side, makes Blender
            draw exactly the curve that was measured. Before a gap the curve is held instead.
    """

    kept: Bools
    slopes: Array


def reduce_keys(
    curves: RigCurves, *, degrees: float, millimetres: float, keep: Bools, held: Bools | None = None
) -> ReducedKeys:
    """Drop keys as long as every frame stays within the bounds.

    Args:
        degrees: how far any bone's own rotation may be off. millimetres: how far the head of any of
            `curves.ends` may be off, with all bones as they are between keys.
        keep: (T,) frames that are keys of every bone, next to the first and the last.
        held: (T,) frames without keys, where the pose before them is held; their edges are kept.

    1. Where a curve through the keys so far is off by too much, the worst frame between two keys becomes one.
    2. Keys that the later ones made needless go again.
    3. Where an end is off by too much, the bone that contributes most gets a key there.
    """
    free = ~np.asarray(held, bool) if held is not None else np.ones(len(curves.times), bool)
    if len(curves.times) == 1:
        return ReducedKeys(np.ones((1, curves.rotations.shape[1]), bool), np.zeros_like(curves.values))
    distance = millimetres / 1000.0 * curves.metre
    search = _Search(curves, np.radians(degrees) * _ROUNDING, distance * _ROUNDING, free)
    required = search.required(np.asarray(keep, bool))
    kept = search.hold_ends(search.thin(search.refine(required), required))
    return ReducedKeys(kept, search.fit(kept)[0] / search.step)


class _Search:
    """The dense curves, and how well a choice of keys, (T, B) bool, follows them."""

    def __init__(self, curves: RigCurves, angle: float, distance: float, free: Bools) -> None:
        self.curves, self.angle, self.distance, self.free = curves, angle, distance, free
        self.values = curves.values
        self.turns, self.locations = curves.split(self.values)
        self.heads, _ = curves.pose(self.turns, self.locations)
        self.step = float(np.median(np.diff(curves.times)))
        self.times = (curves.times - curves.times[0]) / self.step
        self.own = np.gradient(self.values, self.times, axis=0)

    def required(self, keep: Bools) -> Bools:
        """The keys that every bone has."""
        frames = keep & self.free
        frames[[0, -1]] = True
        edges = np.diff(self.free.astype(np.int8))
        frames[:-1] |= edges < 0
        frames[1:] |= edges > 0
        return np.repeat(frames[:, None], self.values.shape[1], axis=1)

    def fit(self, kept: Bools) -> tuple[Array, Spans]:
        """The slopes at the keys, and what lies between them."""
        spans = spans_between(kept, self.times)
        weights = np.repeat(self.free[:, None].astype(np.float64), kept.shape[1], axis=1)
        return fit_slopes(self.values, kept, spans, weights, self.own), spans

    def follow(self, kept: Bools) -> _Followed:
        """The motion as the keys give it."""
        slopes, spans = self.fit(kept)
        turns, locations = self.curves.split(evaluate(self.values, slopes, spans))
        error = rotation_angle(self.turns, turns) / self.angle
        away = np.linalg.norm(locations - self.locations, axis=-1)
        error = np.maximum(error, away / (_PATH_SHARE * self.distance))
        error[~self.free] = 0.0
        return _Followed(turns, locations, error, spans)

    def refine(self, kept: Bools) -> Bools:
        """Add keys until every bone is within its own bound."""
        kept = kept.copy()
        while True:
            now = self.follow(kept)
            missing = now.worst_between_keys(kept)
            if not missing.any():
                return kept
            kept |= missing

    def thin(self, kept: Bools, required: Bools) -> Bools:
        """Take away keys without which every bone stays within its own bound.

        Every third key is tried at once, so that no two of a bone that are tried lie side by side.
        """
        kept, settled = kept.copy(), required.copy()
        for attempt in range(_THINNING_ROUNDS):
            third = (np.cumsum(kept, axis=0) + attempt) % 3 == 0
            tried = kept & ~settled & third
            left = kept & ~tried
            while (now := self.follow(left)).error.max() > 1.0:
                blamed = tried & ~left & now.near_faults()
                if not blamed.any():  # a fault farther away than a key's curve reaches: none of this was safe
                    blamed = tried & ~left & (now.error > 1.0).any(axis=0)
                left |= blamed
                settled |= blamed
            kept = left
        return kept

    def hold_ends(self, kept: Bools) -> Bools:
        """Add keys until the ends, too, are where they belong."""
        kept = kept.copy()
        while True:
            now = self.follow(kept)
            heads, poses = self.curves.pose(now.turns, now.locations)
            missing = now.worst_between_keys(kept)
            for end in self.curves.ends:
                gap = self.heads[:, end] - heads[:, end]
                off = np.linalg.norm(gap, axis=-1) * self.free
                for frame in _peaks(off, self.distance):
                    share = self._shares(now, heads[frame], poses[frame], frame, end, gap[frame])
                    bones = [bone for bone in self.curves.chain(end) if not kept[frame, bone]]
                    missing[frame, max(bones, key=lambda bone: share[bone])] = True
            if not missing.any():
                return kept
            kept |= missing

    def _shares(self, now: _Followed, heads: Array, poses: Array, frame: int, end: int, gap: Array) -> Array:
        """(B,) how far a key of each bone at `frame` would bring an end along the way it is off, to first
        order: a turn w about a head at distance r moves the end by w x r.
        """
        local = quaternion_to_matrix(now.turns[frame])
        missing = quaternion_multiply(self.turns[frame], quaternion_conjugate(now.turns[frame]))
        before = poses @ np.swapaxes(local, -1, -2)  # where the bones point before they turn
        turn = np.einsum("bij,bj->bi", before, quaternion_to_rotvec(missing))
        moved = np.cross(turn, heads[end] - heads)
        moved += np.einsum("bij,bj->bi", before, self.locations[frame] - now.locations[frame])
        return moved @ gap


@dataclass(frozen=True, eq=False)
class _Followed:
    """Quaternions (T, B, 4), locations (T, B, 3) and errors (T, B) in shares of the bound, between keys."""

    turns: Array
    locations: Array
    error: Array
    spans: Spans

    def worst_between_keys(self, kept: Bools) -> Bools:
        """(T, B) the worst frame between each two keys, where one is over the bound."""
        frame, bone = np.nonzero((self.error > 1.0) & ~kept)
        span = self.spans.number[frame, bone] + bone * len(kept)
        order = np.lexsort((self.error[frame, bone], span))
        last = order[np.append(np.diff(span[order]) > 0, True)] if len(order) else order
        worst = np.zeros_like(kept)
        worst[frame[last], bone[last]] = True
        return worst

    def near_faults(self) -> Bools:
        """(T, B) frames in a span, or beside one, in which the bound is broken."""
        numbers = self.spans.number
        bones = np.broadcast_to(np.arange(numbers.shape[1]), numbers.shape)
        broken = np.zeros((numbers.max() + 3, numbers.shape[1]), bool)
        fault = self.error > 1.0
        for beside in (0, 1, 2):
            broken[numbers[fault] + beside, bones[fault]] = True
        return broken[numbers + 1, bones]


def _peaks(off: Array, bound: float) -> list[int]:
    """The worst frame of every unbroken run of (T,) distances that are over the bound."""
    over = np.flatnonzero(off > bound)
    runs = np.split(over, np.flatnonzero(np.diff(over) > 1) + 1)
    return [int(run[np.argmax(off[run])]) for run in runs if len(run)]
