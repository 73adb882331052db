"""Which kind of rig an armature is, told by the names of its bones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from . import maps
from .guess import guess_map
from .rig_map import IkLimb, RigMap, parse_map


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
    fits = [fit for rig_map in shipped_maps().values() if (fit := _fit(rig_map, names))]
    if fits:
        return max(fits, key=lambda fit: fit[0])[1]
    return guess_map(names, parents)


def fitted(rig_map: RigMap, names: Iterable[str], prefix: str = "") -> RigMap:
    """The map with the names that a rig really has, without what the rig lacks.

    Args:
        prefix: what stands before all of the rig's names; looked for in the rig's own case first.
    """
    known = tuple(names)
    exact, folded = set(known), {name.lower(): name for name in reversed(known)}

    def find(bone: str) -> str:
        wanted = prefix + bone
        return wanted if wanted in exact else folded.get(wanted.lower(), "") if bone else ""

    def find_limb(limb: IkLimb) -> IkLimb:
        return IkLimb(limb.limb, find(limb.goal), find(limb.pole), find(limb.roll), find(limb.toes))

    bones = {role: tuple(filter(None, map(find, row))) for role, row in rig_map.bones.items()}
    switches = (replace(switch, bone=find(switch.bone)) for switch in rig_map.switches)
    pairs = ((find(bone), find(followed)) for bone, followed in rig_map.followers)
    return replace(
        rig_map,
        bones={role: row for role, row in bones.items() if row},
        switches=tuple(
            new
            for new, old in zip(switches, rig_map.switches, strict=True)
            if bool(new.bone) == bool(old.bone)
        ),
        ik=tuple(limb for limb in map(find_limb, rig_map.ik) if limb.goal),
        followers=tuple(pair for pair in pairs if all(pair)),
    )


_Rank = tuple[bool, int, int, int]


def _fit(rig_map: RigMap, names: Sequence[str]) -> tuple[_Rank, RigMap] | None:
    """How well a map fits, and the map as it fits best; None where a required bone is missing."""
    hips = rig_map.bones["hips"][0]
    cut = {name[: len(name) - len(hips)] for name in names if name.lower().endswith(hips.lower())}
    ranked = []
    for prefix in cut:
        fit = fitted(rig_map, names, prefix)
        if not fit.missing():
            ranked.append((_rank(rig_map, fit, prefix), fit))
    return max(ranked, key=lambda row: row[0], default=None)


def _rank(rig_map: RigMap, fit: RigMap, prefix: str) -> _Rank:
    wanted, found = _bones(rig_map), _bones(fit)
    same_case = sum(bone.removeprefix(prefix) in wanted for bone in found)
    return not prefix, len(found), len(found) - len(wanted), same_case


def _bones(rig_map: RigMap) -> set[str]:
    """All bones that a map speaks of."""
    controls = {bone for limb in rig_map.ik for bone in (limb.goal, limb.pole, limb.roll, limb.toes) if bone}
    helpers = {bone for bone, _ in rig_map.followers}
    return {bone for row in rig_map.bones.values() for bone in row} | controls | helpers
