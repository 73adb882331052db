"""Which kind of rig an armature is, told by the names of its bones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from . import maps
from .guess import guess_map
from .rig_map import IkLimb, RigMap, parse_map

_FEW = 3  # required roles without a bone that somebody would rather fill than begin from nothing


@cache
def shipped_maps() -> dict[str, RigMap]:
    """Every map that comes with this package, by the name of its file without the ending."""
    folder = Path(maps.__file__).parent
    return {path.stem: parse_map(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def recognise(names: Sequence[str], parents: Sequence[int]) -> RigMap | None:
    """The map of a rig: the shipped one that fits it best, else one guessed from what its bones are called.

    Args:
        names: (B) the rig's bones. parents: (B) index of each bone's parent, -1 without.

    Returns:
        a map of this rig's own names that has all required roles; None for what is no humanoid.

    A shipped map fits with all of its required bones. Upper and lower case do not matter, nor does anything
    that stands before all names (``mixamorig:``, ``Character1_``). Of several maps that one is taken which
    fits without such a prefix, then which knows more of the bones, then which misses fewer.
    """
    every = (fit for rig_map in shipped_maps().values() for fit in _fits(rig_map, names))
    fits = [(rank, rig_map) for rank, rig_map in every if not rig_map.missing()]
    return max(fits, key=lambda fit: fit[0])[1] if fits else guess_map(names, parents)


def nearly_recognised(names: Sequence[str]) -> RigMap | None:
    """The shipped map that lacks fewest of the required bones of a rig that `recognise` finds no map for;
    None where it lacks many.
    """
    fits = (fit for rig_map in shipped_maps().values() for fit in _fits(rig_map, names))
    rig_map = max(fits, key=lambda fit: (-len(fit[1].missing()), fit[0]))[1]
    return rig_map if len(rig_map.missing()) <= _FEW else None


def fitted(rig_map: RigMap, names: Iterable[str], prefix: str = "") -> RigMap:
    """The map with the names that a rig really has, without what the rig lacks.

    Args:
        prefix: what stands before all of the rig's names; looked for in the rig's own case first.
    """
    known = tuple(names)
    exact, folded = set(known), {name.lower(): name for name in reversed(known)}

    def find(bone: str) -> str:
        wanted = prefix + bone
        return wanted if wanted in exact else folded.get(wanted.lower(), "")

    return renamed(rig_map, find)


def best_fit(rig_map: RigMap, names: Sequence[str]) -> RigMap:
    """The map fitted with whatever stands before the rig's names, so that most of its bones are found."""
    return max(_fits(rig_map, names), key=lambda fit: (len(fit[1].bones), fit[0]))[1]


def renamed(rig_map: RigMap, rename: Callable[[str], str]) -> RigMap:
    """The map with every bone under another name; bones renamed to "" leave it."""

    def name(bone: str) -> str:
        return rename(bone) if bone else ""

    bones = {role: tuple(filter(None, map(name, row))) for role, row in rig_map.bones.items()}
    limbs = (
        IkLimb(limb.limb, name(limb.goal), name(limb.pole), name(limb.roll), name(limb.toes))
        for limb in rig_map.ik
    )
    switches = ((old, replace(old, bone=name(old.bone))) for old in rig_map.switches)
    pairs = ((name(bone), name(followed)) for bone, followed in rig_map.followers)
    return replace(
        rig_map,
        bones={role: row for role, row in bones.items() if row},
        switches=tuple(new for old, new in switches if bool(new.bone) == bool(old.bone)),
        ik=tuple(limb for limb in limbs if limb.goal),
        followers=tuple(pair for pair in pairs if all(pair)),
    )


_Rank = tuple[bool, int, int, int]


def _fits(rig_map: RigMap, names: Sequence[str]) -> Iterator[tuple[_Rank, RigMap]]:
    """The map as it fits with each prefix that could stand before the rig's names, and how well."""
    prefixes = {""}
    for hips in rig_map.bones.get("hips", ()):
        prefixes |= {name[: len(name) - len(hips)] for name in names if name.lower().endswith(hips.lower())}
    for prefix in prefixes:
        fit = fitted(rig_map, names, prefix)
        yield _rank(rig_map, fit, prefix), fit


def _rank(rig_map: RigMap, fit: RigMap, prefix: str) -> _Rank:
    wanted, found = _bones(rig_map), _bones(fit)
    same_case = sum(bone.removeprefix(prefix) in wanted for bone in found)
    return not prefix, len(found), len(found) - len(wanted), same_case


def _bones(rig_map: RigMap) -> set[str]:
    """All bones that a map speaks of."""
    controls = {bone for limb in rig_map.ik for bone in (limb.goal, limb.pole, limb.roll, limb.toes) if bone}
    helpers = {bone for bone, _ in rig_map.followers}
    return {bone for row in rig_map.bones.values() for bone in row} | controls | helpers
