"""What operators on one captured person share."""

from __future__ import annotations

import bpy

from ..scene.people import active_person


class OfPerson:
    """Mixin: one undo step, and greyed out until a captured person is selected."""

    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if active_person(context) is None:
            cls.poll_message_set("Select a captured person")  # type: ignore[attr-defined]
            return False
        return True
