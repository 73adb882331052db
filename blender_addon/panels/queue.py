"""What runs, what waits for its turn, and what is finished but in no scene yet."""

from __future__ import annotations

import bpy

from .. import watch
from ..jobs import Item, jobs
from ..jobs.finished import Finished
from ..jobs.words import left_text, stage_text
from ..landing import what_holds_up
from ..preferences import home
from .worker import device_words, draw_text


def draw_running(layout: bpy.types.UILayout) -> None:
    """Progress of the running job and the button that stops it."""
    item = jobs.queue.running
    if item is None:
        return
    progress = jobs.progress
    box = layout.box()
    row = box.row()
    row.label(text=item.name, icon="VIEWZOOM" if item.kind == "scan" else "REC")
    if item.state == "cancelling":
        box.progress(factor=jobs.progress_factor(), type="BAR", text="Cancelling")
        return
    box.progress(factor=jobs.progress_factor(), type="BAR", text=stage_text(progress))
    row = box.row()
    where = f"On {device_words(progress.device)}" if progress else ""
    row.label(text=", ".join(part for part in (where, left_text(progress)) if part))
    button = row.row()
    button.alignment = "RIGHT"
    button.operator("reel2rig.cancel_capture", icon="X")


def draw_queue(layout: bpy.types.UILayout) -> None:
    """Videos that wait, have failed, or are finished and cannot come in yet."""
    for item in jobs.queue.landing:
        when = what_holds_up() or "Blender is ready"
        draw_text(layout.box(), f"{item.name} is finished; it comes in when {when}", "TIME")
    for item in jobs.queue.failed:
        _draw_failed(layout.box(), item)
    waiting = jobs.queue.waiting
    if not waiting:
        return
    header = layout.row()
    header.label(text=f"Queue: {len(waiting)}")
    clear = header.row()
    clear.alignment = "RIGHT"
    clear.operator("reel2rig.clear_queue", text="Clear")
    column = layout.box().column(align=True)
    for place, item in enumerate(waiting):
        row = column.row(align=True)
        row.label(text=item.name, icon="VIEWZOOM" if item.kind == "scan" else "FILE_MOVIE")
        for icon, steps, possible in (
            ("TRIA_UP", -1, place > 0),
            ("TRIA_DOWN", 1, place < len(waiting) - 1),
        ):
            button = row.row(align=True)
            button.enabled = possible
            move = button.operator("reel2rig.queue_move", text="", icon=icon)
            move.item, move.steps = item.number, steps
        row.operator("reel2rig.queue_remove", text="", icon="X").item = item.number


def draw_finished(layout: bpy.types.UILayout) -> None:
    """Captures that wait to be imported, whichever run of Blender they come from."""
    entries = jobs.finished_in(home())
    if jobs.active:
        watch.wake()  # what is being read in a thread shows up as soon as it is there
    if not entries:
        return
    layout.label(text="Finished Captures")
    column = layout.column(align=True)
    for entry in entries[:8]:
        _draw_finished(column.box(), entry)
    if len(entries) > 8:
        layout.label(text=f"and {len(entries) - 8} older ones")


def _draw_failed(box: bpy.types.UILayout, item: Item) -> None:
    row = box.row(align=True)
    row.label(text=item.name, icon="ERROR")
    row.operator("reel2rig.queue_retry", text="", icon="FILE_REFRESH").item = item.number
    if item.problem is jobs.problem:
        row.operator("reel2rig.copy_report", text="", icon="COPYDOWN")
    row.operator("reel2rig.queue_remove", text="", icon="X").item = item.number
    if item.problem:
        text = box.column()
        text.alert = True
        draw_text(text, item.problem.line(), "BLANK1")


def _draw_finished(box: bpy.types.UILayout, entry: Finished) -> None:
    row = box.row()
    names = row.column(align=True)
    names.label(text=entry.video, icon="FILE_MOVIE")
    people = f"{entry.people} {'person' if entry.people == 1 else 'people'}"
    names.label(text=f"{entry.date}, {people}", icon="BLANK1")
    buttons = row.row(align=True)
    buttons.operator("reel2rig.import_capture", text="", icon="IMPORT").filepath = str(entry.folder)
    buttons.operator("reel2rig.discard_capture", text="", icon="TRASH").filepath = str(entry.folder)
