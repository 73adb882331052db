"""Names for what stands on the stage: those a file must have, though others in the open file have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bpy

from .stage import Stage

_AWAY = "staged"


@contextmanager
def lent_names(stage: Stage) -> Iterator[Callable[[bpy.types.Object, str], None]]:
    """A way to name a staged object and its data; whoever had the name has it again afterwards."""
    lent: list[tuple[bpy.types.ID, str]] = []

    def give_name(thing: bpy.types.Object, wanted: str) -> None:
        kin = bpy.data.armatures if thing.type == "ARMATURE" else bpy.data.meshes
        for datablocks, one in ((bpy.data.objects, thing), (kin, thing.data)):
            holder = datablocks.get(wanted)
            if holder is not None and holder != one and holder.library is None:
                lent.append((holder, wanted))
                holder.name = f"{wanted} {_AWAY}"
            one.name = wanted

    try:
        yield give_name
    finally:
        for rig in stage.rigs:
            for thing in (rig.armature, *rig.skins):
                thing.name = thing.data.name = _AWAY
        for holder, name in reversed(lent):
            holder.name = name
