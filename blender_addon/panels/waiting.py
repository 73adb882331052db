"""The people of finished captures that wait, and putting right who is who before they are imported."""

from __future__ import annotations

import bpy

from ...core.errors import Reel2RigError
from ...core.motion.tracks import TrackEdit
from ..jobs import jobs
from ..jobs.finished import Finished
from ..preferences import home
from ..previews import icon_of
from ..scene.kept_edits import edits_for
from ..waiting_people import WaitingPerson, is_open, told, waiting_people
from .people import PeoplePanel
from .sidebar import Sidebar
from .worker import draw_text

_MOST = 4  # the newest; all are listed where they can be imported


class WaitingPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_waiting"
    bl_label = "Before Import"
    bl_parent_id = PeoplePanel.bl_idname

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(jobs.finished_in(home()))

    def draw(self, context: bpy.types.Context) -> None:
        for entry in jobs.finished_in(home())[:_MOST]:
            _draw_capture(self.layout.box(), context.scene, entry)


def _draw_capture(box: bpy.types.UILayout, scene: bpy.types.Scene, entry: Finished) -> None:
    opened = is_open(entry.folder)
    row = box.row()
    icon = "DISCLOSURE_TRI_DOWN" if opened else "DISCLOSURE_TRI_RIGHT"
    heading = row.row()
    heading.alignment = "LEFT"
    show = heading.operator("reel2rig.show_waiting", text=entry.video, icon=icon, emboss=False)
    show.filepath = str(entry.folder)
    bring = row.row()
    bring.alignment = "RIGHT"
    bring.operator("reel2rig.import_capture", text="", icon="IMPORT").filepath = str(entry.folder)
    try:
        edits = edits_for(scene, entry.folder)
    except Reel2RigError as error:
        draw_text(box, str(error), "ERROR")
        return
    if not opened:
        if edits:
            box.label(text=f"{len(edits)} {'edit' if len(edits) == 1 else 'edits'}", icon="BLANK1")
        return
    people = box.column(align=True)
    for person in waiting_people(entry.folder, edits):
        _draw_person(people.row(), person)
    buttons = box.row(align=True)
    for kind in ("merge", "split", "swap"):
        button = buttons.operator(f"reel2rig.{kind}_waiting", text=kind.title())
        button.filepath = str(entry.folder)
    _draw_edits(box, edits, entry)


def _draw_person(row: bpy.types.UILayout, person: WaitingPerson) -> None:
    if person.thumbnail:
        row.template_icon(icon_of(person.thumbnail, "IMAGE"), scale=2.2)
    else:
        row.label(icon="ARMATURE_DATA")
    facts = row.column(align=True)
    facts.scale_y = 0.9
    line = facts.row()
    line.label(text=person.name)
    sure = line.row()
    sure.alignment = "RIGHT"
    sure.label(text=f"{100 * person.confidence:.0f} % sure")
    line = facts.row()
    line.active = False
    line.label(text=f"Frames {person.seen[0]} to {person.seen[-1]}")
    gaps = int(person.seen[-1] - person.seen[0] + 1 - len(person.seen))
    if gaps:
        missing = line.row()
        missing.alignment = "RIGHT"
        missing.label(text=f"{gaps} unseen")


def _draw_edits(box: bpy.types.UILayout, edits: tuple[TrackEdit, ...], entry: Finished) -> None:
    if not edits:
        return
    column = box.column(align=True)
    for edit in edits:
        row = column.row()
        row.label(text=told(edit), icon="CHECKMARK")
        if edit is edits[-1]:
            back = row.operator("reel2rig.take_back_waiting", text="", icon="X", emboss=False)
            back.filepath = str(entry.folder)


CLASSES = (WaitingPanel,)
