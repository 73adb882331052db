"""Who is captured: everyone, one, or those ticked in the list of people found in the video."""

from __future__ import annotations

import bpy

from ..previews import icon_of
from ..properties import CaptureProperties
from ..scanned_people import ScannedPerson


class ScannedPeopleList(bpy.types.UIList):
    bl_idname = "REEL2RIG_UL_scanned_people"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: CaptureProperties,
        item: ScannedPerson,
        icon: int,
        active_data: CaptureProperties,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "chosen", text="")
        split = row.split(factor=0.55)
        split.active = item.chosen
        split.label(text=item.name, icon_value=icon_of(item.thumbnail, "IMAGE"))
        facts = split.row()
        facts.alignment = "RIGHT"
        facts.label(text=f"{item.seconds:.1f} s")
        facts.label(text=f"{100 * item.confidence:.0f} %")


def draw_people(layout: bpy.types.UILayout, chosen: CaptureProperties) -> None:
    """The list of people where there is one for this video and range, else the choice without one."""
    if chosen.has_list():
        _draw_list(layout, chosen)
        return
    row = layout.row(align=True)
    row.prop(chosen, "person", text="")
    row.operator("reel2rig.find_people", text="Find People", icon="VIEWZOOM")
    if chosen.person == "ids":
        layout.prop(chosen, "person_ids")
    if len(chosen.people):
        note = layout.row()
        note.active = False
        note.label(text="The list was for other settings", icon="INFO")


def _draw_list(layout: bpy.types.UILayout, chosen: CaptureProperties) -> None:
    ticked = sum(person.chosen for person in chosen.people)
    header = layout.row()
    header.label(text=f"People: {ticked} of {len(chosen.people)}")
    header.operator("reel2rig.forget_people", text="", icon="X", emboss=False)
    layout.template_list(
        ScannedPeopleList.bl_idname,
        "",
        chosen,
        "people",
        chosen,
        "person_index",
        rows=min(max(len(chosen.people), 2), 5),
        maxrows=8,
    )
    if not 0 <= chosen.person_index < len(chosen.people):
        return
    person = chosen.people[chosen.person_index]
    row = layout.row()
    row.template_icon(icon_of(person.thumbnail, "IMAGE"), scale=5)
    facts = row.column(align=True)
    facts.label(text=person.name)
    facts.label(text=f"Seen for {person.frames} frames")
    facts.label(text=f"Between {person.first_frame} and {person.last_frame}")
    facts.label(text=f"Confidence {100 * person.confidence:.0f} %")


CLASSES = (ScannedPeopleList,)
