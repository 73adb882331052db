"""Changing a rig map by hand: one bone at a time, or a whole map onto the names of another rig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .recognise import best_fit, renamed
from .rig_map import RigMap
from .roles import CHAINS, ROLES, SIDES


def with_bone(rig_map: RigMap, role: str, place: int, bone: str) -> RigMap:
    """The map with another bone at a place of a role.

    Args:
        place: 0 for the first bone of the role; beyond its last, a chain gets longer by one.
        bone: "" takes the bone away. One that plays another role plays this one from now on.
    """
    bones = {name: [one for one in row if one != bone] for name, row in rig_map.bones.items()}
    kept = rig_map.bones.get(role, ())
    row = [*kept[:place], *([bone] if bone else []), *kept[place + 1 :]]
    bones[role] = [one for at, one in enumerate(row) if one != bone or at == min(place, len(kept))]
    if role not in CHAINS:
        bones[role] = bones[role][:1]
    return replace(rig_map, bones={name: tuple(bones[name]) for name in ROLES if bones.get(name)})


def carried_over(rig_map: RigMap, names: Sequence[str]) -> RigMap:
    """A map made for one rig, for another of the same kind: its namespace ("mixamorig1:") may differ.

    Args:
        names: the other rig's bones. Bones that it lacks leave the map.
    """
    every = [bone for row in rig_map.bones.values() for bone in row]
    spaces = {bone.rpartition(":")[0] for bone in every}
    space = f"{spaces.pop()}:" if len(spaces) == 1 and "" not in spaces else ""
    return best_fit(renamed(rig_map, lambda bone: bone.removeprefix(space)), names)


def role_words(role: str) -> str:
    """A role as people write it: "Left Upper Arm"."""
    for side in SIDES:
        if role.startswith(side):
            return f"{side.capitalize()} {part_words(role)}"
    return part_words(role)


def part_words(role: str) -> str:
    """A role without its side: "Upper Arm"."""
    part = next((role.removeprefix(side) for side in SIDES if role.startswith(side)), role)
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in part).strip()
    return spaced[:1].upper() + spaced[1:]
