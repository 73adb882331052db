"""Put right who is who among the people of a capture in the scene. One undo step each."""

from __future__ import annotations

from typing import ClassVar

import bpy

from ...core.errors import Reel2RigError
from ..scene.packed import read_about
from ..scene.people import active_person, capture_of, chosen_people
from ..scene.track_edits import EditedTracks, merge_people, source_frame, split_person, swap_people
from .base import report_error

_ELSEWHERE = "Put the person back into a collection of the capture first"


class _EditTracks:
    """What the edits share: where they may be used, and telling what became of hand work."""

    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            edited = self.edit(context)
        except Exception as error:
            return report_error(self, error)  # type: ignore[arg-type]
        for thing in context.selected_objects:
            thing.select_set(False)
        for person in edited.people:
            person.select_set(True)
        context.view_layer.objects.active = edited.people[0]
        kept = [one.action for one in edited.rederived if one.is_new]
        if kept:
            told = "Keys edited by hand are kept in the actions that were there before"
            self.report({"INFO"}, told)  # type: ignore[attr-defined]
        return {"FINISHED"}

    def edit(self, context: bpy.types.Context) -> EditedTracks:
        raise NotImplementedError

    @classmethod
    def refuse(cls, reason: str) -> bool:
        cls.poll_message_set(reason)  # type: ignore[attr-defined]
        return False

    @classmethod
    def in_usable_mode(cls, context: bpy.types.Context) -> bool:
        return context.mode in {"OBJECT", "POSE"} or cls.refuse("Go back to Object Mode first")


class _EditTwo(_EditTracks):
    """An edit of two selected people, the active one first."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        people = chosen_people(context)
        if len(people) != 2:
            return cls.refuse(f"Select two people of one capture; {len(people) or 'nobody'} selected")
        homes = [capture_of(context.scene, person) for person in people]
        if None in homes:
            return cls.refuse(_ELSEWHERE)
        if homes[0] != homes[1]:
            return cls.refuse("The two come from different captures")
        return cls.in_usable_mode(context)


class MergeTracks(_EditTwo, bpy.types.Operator):
    bl_idname = "reel2rig.merge_tracks"
    bl_label = "Merge People"
    bl_description = (
        "Make two selected people one: someone who was lost and found again as another. "
        "The active one stays; where both were seen, the longer track counts"
    )

    def edit(self, context: bpy.types.Context) -> EditedTracks:
        stays, ends = chosen_people(context)
        _leave_pose_mode(context)
        return merge_people(context.scene, stays, ends)


class SwapWhole(_EditTwo, bpy.types.Operator):
    bl_idname = "reel2rig.swap_whole_tracks"
    bl_label = "Swap Whole Motions"
    bl_description = "Let two selected people exchange their whole motions; each keeps body and settings"

    def edit(self, context: bpy.types.Context) -> EditedTracks:
        first, second = chosen_people(context)
        return swap_people(context.scene, first, second)


class _AtFrame:
    """An edit at a scene frame, which can be moved afterwards under Adjust Last Operation."""

    frame: bpy.props.IntProperty(
        name="Frame", description="Scene frame from which on it is another one", options={"SKIP_SAVE"}
    )

    def scene_frame(self, context: bpy.types.Context) -> int:
        """The chosen frame, at first the current one."""
        if not self.properties.is_property_set("frame"):  # type: ignore[attr-defined]
            self.frame = context.scene.frame_current
        return self.frame


class SwapTracks(_AtFrame, _EditTwo, bpy.types.Operator):
    bl_idname = "reel2rig.swap_tracks"
    bl_label = "Swap From Current Frame"
    bl_description = (
        "Two selected people were taken for each other: from the current frame on they exchange their motions"
    )

    def edit(self, context: bpy.types.Context) -> EditedTracks:
        first, second = chosen_people(context)
        return swap_people(context.scene, first, second, source_frame(first, self.scene_frame(context)))


class SplitTrack(_AtFrame, _EditTracks, bpy.types.Operator):
    bl_idname = "reel2rig.split_track"
    bl_label = "Split at Current Frame"
    bl_description = "Make what the active person does from the current frame on a new person"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        person = active_person(context)
        if person is None:
            return cls.refuse("Select a captured person")
        if capture_of(context.scene, person) is None:
            return cls.refuse(_ELSEWHERE)
        try:
            seen = read_about(person)["seen"]
        except Reel2RigError as error:
            return cls.refuse(error.message.rstrip("."))
        if not seen["first"] < source_frame(person, context.scene.frame_current) <= seen["last"]:
            return cls.refuse("Go to a frame within the person's motion")
        return cls.in_usable_mode(context)

    def edit(self, context: bpy.types.Context) -> EditedTracks:
        person = active_person(context)
        assert person is not None
        _leave_pose_mode(context)
        return split_person(context.scene, person, source_frame(person, self.scene_frame(context)))


def _leave_pose_mode(context: bpy.types.Context) -> None:
    """An armature that is removed or laid anew must not be posed meanwhile."""
    if context.mode == "POSE":
        bpy.ops.object.mode_set(mode="OBJECT")


CLASSES = (MergeTracks, SplitTrack, SwapTracks, SwapWhole)
