"""Which bones of a rig go into a file, and what hangs from what there: the skeleton without its controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..names import ROOT_BONE

_SAME_PLACE = 1e-4  # share of the rig's size


class RestBone(NamedTuple):
    """A bone at rest: its parent's row or -1, whether it deforms, and where it lies."""

    name: str
    parent: int
    deforms: bool
    head: tuple[float, float, float]
    tail: tuple[float, float, float]


def skeleton_rows(bones: Sequence[RestBone], always: Sequence[str] = ()) -> tuple[list[int], list[int]]:
    """The bones to write and their parents.

    Written are the bones that deform, a top bone called ``root``, and those named in `always`; all of them
    where none deforms. A bone whose parent is a control hangs from the bone that the control moves: the one
    in the same place, as Rigify's ``DEF-shoulder`` in that of ``ORG-shoulder``, else from the next one above.

    Args:
        bones: of the rig, parents before children.

    Returns:
        Rows of the bones, parents before children, and for each the place of its parent among them or -1.
    """
    kept = _kept(bones, always)
    twins = _twins(bones, kept)
    parents: dict[int, int] = {}
    for row in sorted(kept):
        parents[row] = _parent(bones, row, kept, twins, parents)
    order = _parents_first(parents)
    place = {row: number for number, row in enumerate(order)}
    return order, [place.get(parents[row], -1) for row in order]


def carrier_row(bones: Sequence[RestBone], row: int, always: Sequence[str] = ()) -> int:
    """The row of the written bone that moves as a bone does: itself, the one in its place, else the next one
    above; -1 without any. Args as `skeleton_rows`.
    """
    kept = _kept(bones, always)
    if row in kept:
        return row
    twins = _twins(bones, kept)
    return twins[row] if row in twins else _parent(bones, row, kept, twins, {})


def _kept(bones: Sequence[RestBone], always: Sequence[str]) -> set[int]:
    if not any(bone.deforms for bone in bones):
        return set(range(len(bones)))
    wanted = {name.lower() for name in always}
    return {
        row
        for row, bone in enumerate(bones)
        if bone.deforms or bone.name.lower() in wanted or (bone.parent < 0 and bone.name.lower() == ROOT_BONE)
    }


def _twins(bones: Sequence[RestBone], kept: set[int]) -> dict[int, int]:
    """For each bone that is left out, the kept bone in its place, if there is one."""
    ends: NDArray[np.float64] = np.array([[*bone.head, *bone.tail] for bone in bones], np.float64)
    near = _SAME_PLACE * max(float(np.ptp(ends[:, :3], axis=0).max(initial=0.0)), 1e-6)
    rows = np.array(sorted(kept))
    found = {}
    for row in set(range(len(bones))) - kept:
        apart = _apart(ends[rows], ends[row])
        if apart.min() < near:
            found[row] = int(rows[apart.argmin()])
    return found


def _apart(ends: ArrayLike, place: ArrayLike) -> NDArray[np.float64]:
    return np.abs(np.asarray(ends) - np.asarray(place)).max(axis=-1)


def _parent(
    bones: Sequence[RestBone], row: int, kept: set[int], twins: dict[int, int], parents: dict[int, int]
) -> int:
    above = bones[row].parent
    while above >= 0:
        found = above if above in kept else twins.get(above, -1)
        if found >= 0 and not _hangs_from(found, row, parents):
            return found
        above = bones[above].parent
    return -1


def _hangs_from(row: int, other: int, parents: dict[int, int]) -> bool:
    """Whether a bone is the other one or hangs from it: then that one cannot hang from it."""
    while row >= 0 and row != other:
        row = parents.get(row, -1)
    return row >= 0


def _parents_first(parents: dict[int, int]) -> list[int]:
    order: list[int] = []
    waiting = dict(parents)
    while waiting:
        ready = [row for row, parent in waiting.items() if parent not in waiting]
        order += ready
        for row in ready:
            del waiting[row]
    return order
