"""Going to what wants a look, frame by frame, and opening the contacts where they can be edited."""

from __future__ import annotations

import bpy
import numpy as np

from ..scene.contact_curves import GROUP
from ..scene.doubts import doubtful_frames, gap_frames, next_frame, scene_frames
from ..scene.fcurves import curve_container
from ..scene.layers import capture_action
from ..scene.people import active_person
from .of_person import OfPerson

_LOW = 180  # pixels at 100 %; a lower editor, such as a Timeline, has no room for curves
_SHARE = 0.35  # of the 3D viewport, for a Dope Sheet where there is none


class _Jump(OfPerson):
    """Goes to the next or the one before of some frames of the capture."""

    bl_options = {"REGISTER", "UNDO_GROUPED"}  # noqa: RUF012
    bl_undo_group = "Frame Change"  # as Blender's own jumps: many of them are one step

    nothing = ""

    backwards: bpy.props.BoolProperty(
        name="Backwards", description="Go to the one before", options={"SKIP_SAVE"}
    )

    def frames(self, action: bpy.types.Action) -> np.ndarray:
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        person = active_person(context)
        action = capture_action(person)
        frames = scene_frames(person, action, self.frames(action)) if action else np.empty(0)
        wanted = next_frame(frames, context.scene.frame_current_final, not self.backwards)
        if wanted is None:
            self.report({"INFO"}, self.nothing)
            return {"CANCELLED"}
        if round(wanted) == context.scene.frame_current:
            self.report({"INFO"}, "This is the only one")
        context.scene.frame_set(round(wanted))
        return {"FINISHED"}


class JumpToDoubt(_Jump, bpy.types.Operator):
    bl_idname = "reel2rig.jump_to_doubt"
    bl_label = "Next Doubtful Frame"
    bl_description = (
        "Go to where it is least sure whether a foot stands on the floor, then on to the next such place"
    )
    nothing = "No doubtful frame is left"

    def frames(self, action: bpy.types.Action) -> np.ndarray:
        return doubtful_frames(action)


class JumpToGap(_Jump, bpy.types.Operator):
    bl_idname = "reel2rig.jump_to_gap"
    bl_label = "Next Stretch Not Seen"
    bl_description = "Go to where the video does not show the person for long and the pose is held"
    nothing = "The person is seen all the time"

    def frames(self, action: bpy.types.Action) -> np.ndarray:
        return gap_frames(action)


class ShowContacts(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.show_contacts"
    bl_label = "Show Contacts in Dope Sheet"
    bl_description = (
        "Show the contact curves alone in the Dope Sheet of this window, or in a new one below the "
        "3D viewport. Move their keys, then press Clean Up Again or move a slider"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if capture_action(active_person(context)) is None:
            cls.poll_message_set("The captured action was deleted; press Clean Up Again")
            return False
        if context.screen is None or not (_tall(context, "DOPESHEET_EDITOR") or _tall(context, "VIEW_3D")):
            cls.poll_message_set("Make room for a Dope Sheet in this window")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        person = active_person(context)
        if context.mode == "OBJECT" and context.view_layer.objects.get(person.name):
            person.select_set(True)
            context.view_layer.objects.active = person
        _tweak(person)
        area = _tall(context, "DOPESHEET_EDITOR") or _new_dope_sheet(context)
        space = area.spaces.active
        space.ui_mode = space.mode = "ACTION"
        space.show_region_channels = True
        space.dopesheet.filter_text = "contact_"
        space.dopesheet.show_expanded_summary = True
        group = curve_container(capture_action(person)).groups.get(GROUP)
        if group is not None:
            group.show_expanded = True
        area.tag_redraw()
        return {"FINISHED"}


def _tweak(person: bpy.types.Object) -> None:
    """Let the editors show the capture where it lies on an NLA strip under other actions."""
    data, action = person.animation_data, capture_action(person)
    if data is None or data.action == action:
        return
    for track in data.nla_tracks:
        for strip in track.strips:
            strip.select = strip.action == action
            if strip.select:
                data.nla_tracks.active = track
                data.use_tweak_mode = True
                return


def _tall(context: bpy.types.Context, kind: str) -> bpy.types.Area | None:
    """The highest editor of a type, if there is room in it: a Timeline is a Dope Sheet too, but a low one."""
    areas = [area for area in context.screen.areas if area.type == kind]
    area = max(areas, key=lambda area: area.height, default=None)
    return area if area and area.height >= _LOW * context.preferences.system.ui_scale else None


def _new_dope_sheet(context: bpy.types.Context) -> bpy.types.Area:
    """One that the 3D viewport makes room for: Blender lets no button move the edge of an editor."""
    before = {area.as_pointer() for area in context.screen.areas}
    with context.temp_override(area=_tall(context, "VIEW_3D")):
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=_SHARE)  # the lower part is the new one
    area = next(area for area in context.screen.areas if area.as_pointer() not in before)
    area.ui_type = "DOPESHEET"
    return area


CLASSES = (JumpToDoubt, JumpToGap, ShowContacts)
