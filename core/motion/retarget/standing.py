"""When the heels and toes of a source stand on the floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..contacts import detect_contacts, resting_heights
from ..smoothing import smooth_positions, unbroken_runs
from .anatomy import Anatomy
from .human import SourceMotion
from .posed import Posed
from .role_carriers import role_carriers
from .roles import SIDES
from .soles import Soles

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

_UP = (0.0, 0.0, 1.0)
_LEVEL = 0.005  # human metres by which one point of a foot may be above the other that it stands beside
_FLAT = 0.025  # and may seem to be, by a foot that is held flat
_ROLLING = 0.25  # human metres a second at which it does not stand flat but rolls over the floor
_SMOOTHING = 1.0 / 30.0  # seconds
_SWIVEL = 0.2  # the same sideways, at which it does not stand on both but turns about heel or toe
_SWIVEL_SMOOTHING = 0.1  # seconds; a foot that only trembles does not turn
# Human metres, and metres a second, beyond which a foot that is said to stand goes: of a captured person it
# slides and trembles by less.
_GONE, _PACE = 0.25, 0.35


def standing_points(source: SourceMotion, of: Anatomy) -> Bools:
    """(T, 4) left heel, left toe, right heel, right toe on the floor.

    Where the source says which feet stand, that is believed, and the pose tells whether by heel or toe or
    both; else all is found from the motion. Feet without a bone never stand.
    """
    soles = Soles.of(of)
    posed = Posed(of.skeleton, source.turns, source.heads, role_carriers(of), len(source.frames))
    points = np.full((len(source.frames), 4, 3), 1e3)  # far above any floor
    for foot, side in enumerate(SIDES):
        if side in soles.feet:
            points[:, 2 * foot : 2 * foot + 2] = soles.seen(of, posed, side).points()
    times, valid = source.frames / source.fps, ~source.held
    if source.contacts is None:
        floor = resting_heights(points[valid] if valid.any() else points, _UP)
        return detect_contacts(points, times, valid=valid, up=_UP, floor=floor) > 0.5
    known = [side in soles.feet for side in SIDES]
    feet = source.contacts & known & valid[:, None]
    rate = sample_rate(source)
    down = _low_points(points[..., 2], rate) & _pivots(points[..., :2], rate)
    return _staying(points, down & np.repeat(feet, 2, axis=1), rate)


def _staying(points: Array, on: Bools, rate: float) -> Bools:
    """(T, 4) points that stand, without those of a person who walks in place: they go back with the floor.

    Args:
        points: (T, 4, 3) human metres. on: (T, 4) that are said to stand. rate: frames a second.
    """
    staying = on.copy()
    for point in range(on.shape[1]):
        for start, stop in unbroken_runs(on[:, point]):
            gone = float(np.linalg.norm(points[stop - 1, point] - points[start, point]))
            staying[start:stop, point] = gone < max(_GONE, _PACE * (stop - start) / rate)
    return staying


def _low_points(heights: Array, rate: float) -> Bools:
    """(T, 4) of each foot the lower point, and the other too while the foot lies flat and does not roll.

    Args:
        heights: (T, 4) human metres. rate: frames a second.
    """
    slant = heights[:, 0::2] - heights[:, 1::2]
    rolling = np.abs(np.diff(smooth_positions(slant, _SMOOTHING * rate), axis=0, append=slant[-1:])) * rate
    rolling[-1] = rolling[-2] if len(rolling) > 1 else 0.0
    flat = (np.abs(slant) < _FLAT) & (rolling < _ROLLING)
    return np.stack([flat | (slant < _LEVEL), flat | (slant > -_LEVEL)], axis=-1).reshape(-1, 4)


def _pivots(points: Array, rate: float) -> Bools:
    """(T, 4) all points, but of a foot that turns on the floor only the one about which it does.

    Held by both, it would keep one direction as long as it stands, and whirl before and after that.

    Args:
        points: (T, 4, 2) human metres on the floor. rate: frames a second.
    """
    if len(points) < 2:
        return np.ones(points.shape[:2], dtype=bool)
    speeds = np.gradient(smooth_positions(points, _SWIVEL_SMOOTHING * rate), axis=0) * rate
    way = points[:, 1::2] - points[:, 0::2]
    along = way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-9)
    turning = speeds[:, 1::2] - speeds[:, 0::2]
    sideways = np.abs(along[..., 0] * turning[..., 1] - along[..., 1] * turning[..., 0])
    pace = np.linalg.norm(speeds, axis=-1).reshape(len(points), 2, 2)
    slower = pace == pace.min(axis=-1, keepdims=True)
    return (slower | (sideways < _SWIVEL)[..., None]).reshape(-1, 4)


def sample_rate(source: SourceMotion) -> float:
    """Frames a second of the samples that a source gives, which may lie less than a scene frame apart."""
    if len(source.frames) < 2:
        return source.fps
    return source.fps / float(np.median(np.diff(source.frames)))
