"""Properties that choose between the FK and IK controls of a rig: set before the rig is read, and keyed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ....core.motion.retarget.rig_map import RigMap, Switch
from ..fcurves import CONSTANT, curve_container, write_curve


@contextmanager
def switched(armature: bpy.types.Object, rig_map: RigMap, controls: str) -> Iterator[tuple[str, ...]]:
    """Every switch of the map with the value that `controls` ("fk", "ik", "both") needs, from now on.

    Gives one sentence for the user about each switch that the rig lacks, or that a driver decides. If
    anything fails inside, all that was set is taken back.
    """
    notes, before = [], []
    driven = (
        {driver.data_path for driver in armature.animation_data.drivers} if armature.animation_data else ()
    )
    for switch, value in _wanted(rig_map, controls):
        owner, path = _found(armature, switch)
        if owner is None:
            notes.append(f"The rig has no property '{switch.property}' on '{switch.bone}'; it was left out.")
        elif path in driven:
            notes.append(
                f"A driver decides '{switch.property}' of '{switch.bone}'; see that it is {value:g}."
            )
        else:
            before.append((owner, switch.property, _set(owner, switch.property, value)))
    armature.update_tag()
    try:
        yield tuple(notes)
    except BaseException:
        for owner, name, value in before:
            _set(owner, name, value)
        armature.update_tag()
        raise


def _set(owner: Any, name: str, value: Any) -> Any:
    """Give a property a value and return the one before; it keeps its type: Rigify's are floats and bools."""
    if name not in owner:
        old = getattr(owner, name)
        setattr(owner, name, value)
        return old
    old = owner[name]
    owner[name] = type(old)(value)
    return old


def key_switches(
    armature: bpy.types.Object, action: bpy.types.Action, rig_map: RigMap, controls: str, frame: float
) -> None:
    """One key each in `action`, at a scene frame, for what `switched` sets."""
    container = curve_container(action)
    for switch, value in _wanted(rig_map, controls):
        owner, path = _found(armature, switch)
        if owner is not None:
            write_curve(container, path, 0, switch.bone or "Switches", [frame], [value], CONSTANT)


def _wanted(rig_map: RigMap, controls: str) -> Iterator[tuple[Switch, float]]:
    for switch in rig_map.switches:
        both = switch.ik if switch.fk is None else switch.fk
        value = {"fk": switch.fk, "ik": switch.ik, "both": both}[controls]
        if value is not None:
            yield switch, value


def _found(armature: bpy.types.Object, switch: Switch) -> tuple[Any, str]:
    """What has a switch's property, and the property's path for F-curves; None where nothing has it."""
    owner = armature.pose.bones.get(switch.bone) if switch.bone else armature
    if owner is None:
        return None, ""
    if switch.property in owner:
        prefix = owner.path_from_id() if switch.bone else ""
        return owner, f'{prefix}["{bpy.utils.escape_identifier(switch.property)}"]'
    if switch.property in owner.bl_rna.properties:
        return owner, owner.path_from_id(switch.property)
    return None, ""
