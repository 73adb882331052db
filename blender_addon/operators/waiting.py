"""Put right who is who in a finished capture before it is imported.

Each edit is kept in the scene, so it is one undo step like any other, and is done when the capture comes in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import bpy

from ...core.motion.tracks import TrackEdit, apply_edits
from ..capture_result import read_result
from ..scene.kept_edits import edits_for, keep_edits
from ..waiting_people import WaitingPerson, close_waiting, is_open, open_waiting, waiting_people
from .base import redraw, report_error


class ShowWaiting(bpy.types.Operator):
    bl_idname = "reel2rig.show_waiting"
    bl_label = "Show People"
    bl_description = "List the people of this capture, to put right who is who before it is imported"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = Path(self.filepath)
        try:
            if is_open(folder):
                close_waiting(folder)
            else:
                open_waiting(folder)
        except Exception as error:
            return report_error(self, error)
        redraw()
        return {"FINISHED"}


_NOBODY = ("", "Nobody", "This capture has no people")
_choices: list[tuple[str, str, str]] = []  # Blender does not keep the texts of an enum that is made up


def _people(self: Any, context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    people = waiting_people(Path(self.filepath), edits_for(context.scene, self.filepath)) if context else ()
    _choices[:] = [(one.track, one.name, _range_text(one)) for one in people] or [_NOBODY]
    return _choices


def _range_text(person: WaitingPerson) -> str:
    return f"Seen from frame {person.seen[0]} to {person.seen[-1]}"


class _EditWaiting:
    """A dialog that adds one edit to those of a waiting capture."""

    bl_options: ClassVar = {"UNDO", "INTERNAL"}
    needed = 2  # people

    filepath: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    first: bpy.props.EnumProperty(
        name="Person", description="Whose motion is changed", items=_people, options={"SKIP_SAVE"}
    )
    frame: bpy.props.IntProperty(
        name="Video Frame", description="Counted from 0, as a video player does", min=0, options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        people = self.people(context)
        if len(people) < self.needed:
            self.report({"WARNING"}, "There is only one person in this capture")  # type: ignore[attr-defined]
            return {"CANCELLED"}
        longest = max(people, key=lambda person: len(person.seen))
        self.frame = int(longest.seen[len(longest.seen) // 2])
        if self.needed == 1:
            self.first = longest.track
        else:
            self.first, self.second = people[0].track, people[1].track
        return context.window_manager.invoke_props_dialog(  # type: ignore[arg-type]
            self, confirm_text=self.bl_label.split()[0]
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            edits = (*edits_for(context.scene, self.filepath), self.edit())
            apply_edits(read_result(self.filepath).clips, edits)  # refuses now what could not be imported
            keep_edits(context.scene, self.filepath, edits)
        except Exception as error:
            return report_error(self, error)  # type: ignore[arg-type]
        redraw()
        return {"FINISHED"}

    def edit(self) -> TrackEdit:
        raise NotImplementedError

    def people(self, context: bpy.types.Context) -> tuple[WaitingPerson, ...]:
        return waiting_people(Path(self.filepath), edits_for(context.scene, self.filepath))

    def draw_person(self, context: bpy.types.Context, name: str) -> None:
        """A choice of a person, with the frames in which this one is seen below it."""
        column = self.layout.column(align=True)  # type: ignore[attr-defined]
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(self, name)
        for person in self.people(context):
            if person.track == getattr(self, name):
                split = column.split(factor=0.4)
                split.label()
                split.label(text=_range_text(person))


class _OfTwo:
    second: bpy.props.EnumProperty(
        name="And", description="The other one of the two", items=_people, options={"SKIP_SAVE"}
    )


class MergeWaiting(_OfTwo, _EditWaiting, bpy.types.Operator):
    bl_idname = "reel2rig.merge_waiting"
    bl_label = "Merge Two People"
    bl_description = "Make two people one: someone who was lost and found again as another"

    def draw(self, context: bpy.types.Context) -> None:
        self.draw_person(context, "first")
        self.draw_person(context, "second")

    def edit(self) -> TrackEdit:
        return TrackEdit("merge", (self.first, self.second))


class SplitWaiting(_EditWaiting, bpy.types.Operator):
    bl_idname = "reel2rig.split_waiting"
    bl_label = "Split a Person"
    bl_description = "Make what a person does from a frame of the video on a new person"
    needed = 1

    def draw(self, context: bpy.types.Context) -> None:
        self.draw_person(context, "first")
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        self.layout.prop(self, "frame")

    def edit(self) -> TrackEdit:
        return TrackEdit("split", (self.first,), self.frame)


class SwapWaiting(_OfTwo, _EditWaiting, bpy.types.Operator):
    bl_idname = "reel2rig.swap_waiting"
    bl_label = "Swap Two People"
    bl_description = (
        "Two people were taken for each other: from a frame of the video on they exchange motions"
    )

    whole: bpy.props.BoolProperty(
        name="Whole Motions", description="Exchange all of their motions", options={"SKIP_SAVE"}
    )

    def draw(self, context: bpy.types.Context) -> None:
        self.draw_person(context, "first")
        self.draw_person(context, "second")
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(self, "whole")
        row = column.row()
        row.enabled = not self.whole
        row.prop(self, "frame")

    def edit(self) -> TrackEdit:
        return TrackEdit("swap", (self.first, self.second), None if self.whole else self.frame)


class TakeBackWaiting(bpy.types.Operator):
    bl_idname = "reel2rig.take_back_waiting"
    bl_label = "Take Back Last Edit"
    bl_description = "Forget the last edit of who is who in this capture"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            keep_edits(context.scene, self.filepath, edits_for(context.scene, self.filepath)[:-1])
        except Exception as error:
            return report_error(self, error)
        redraw()
        return {"FINISHED"}


CLASSES = (ShowWaiting, MergeWaiting, SplitWaiting, SwapWaiting, TakeBackWaiting)
