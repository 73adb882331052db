"""The people of the active capture: who there is, how well they were seen, and putting right who is who."""

from __future__ import annotations

import bpy

from ...core.errors import Reel2RigError
from ..scene.packed import read_about
from ..scene.people import active_capture, is_person, people_in, person_of
from ..scene.track_edits import scene_frames
from .sidebar import Sidebar
from .worker import draw_text


class PeopleList(bpy.types.UIList):
    """Lists objects of a capture's collection; only its people are shown."""

    bl_idname = "REEL2RIG_UL_people"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.Collection,
        item: bpy.types.Object,
        icon: int,
        active_data: bpy.types.Collection,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        row = layout.row(align=True)
        row.active = not item.hide_get()
        chosen = item.select_get()
        tick = row.operator(
            "reel2rig.toggle_person",
            text="",
            icon="CHECKBOX_HLT" if chosen else "CHECKBOX_DEHLT",
            emboss=False,
        )
        tick.person = item.name
        row.separator()
        _draw_colour(row, data, item)
        row.separator()
        row.label(text=item.name.replace(f" {data.name}", ""))
        seen = row.row()
        seen.alignment = "RIGHT"
        seen.label(text=_seen_shortly(item))
        eye = row.operator(
            "reel2rig.show_person", text="", icon="HIDE_ON" if item.hide_get() else "HIDE_OFF", emboss=False
        )
        eye.person = item.name

    def filter_items(
        self, context: bpy.types.Context, data: bpy.types.Collection, propname: str
    ) -> tuple[list[int], list[int]]:
        things = getattr(data, propname)
        wanted = self.filter_name.lower()
        shown = [is_person(thing) and wanted in thing.name.lower() for thing in things]
        return [self.bitflag_filter_item if one else 0 for one in shown], []


class PeoplePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_people"
    bl_label = "People"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        home = active_capture(context)
        if home is None:
            several = any(people_in(home) for home in context.scene.collection.children_recursive)
            text = "Select somebody of a capture" if several else "Nobody captured here yet"
            if person := person_of(context.object):
                text = f"{person.name} is in no collection of a capture"
            draw_text(layout, text, "INFO")
            return
        count = len(people_in(home))
        header = layout.row()
        header.label(text=home.name, icon="OUTLINER_COLLECTION")
        header.operator("reel2rig.select_people", text="Select All")
        layout.template_list(
            PeopleList.bl_idname,
            "",
            home,
            "all_objects",
            home,
            "reel2rig_person",
            rows=min(max(count, 2), 5),
            maxrows=8,
        )
        _draw_active(layout, person_of(context.object))
        column = layout.column(align=True)
        column.operator("reel2rig.merge_tracks", icon="AUTOMERGE_ON")
        column.operator("reel2rig.split_track", icon="UNLINKED")
        column.operator("reel2rig.swap_tracks", icon="ARROW_LEFTRIGHT")
        column.operator("reel2rig.swap_whole_tracks", icon="UV_SYNC_SELECT")


def _draw_colour(row: bpy.types.UILayout, home: bpy.types.Collection, person: bpy.types.Object) -> None:
    swatch = row.row()
    swatch.ui_units_x = 1.0
    # Not by `person.children`, for which Blender looks through all objects of the file.
    for thing in home.all_objects:
        if thing.parent == person and thing.type == "MESH" and thing.active_material:
            swatch.prop(thing.active_material, "diffuse_color", text="")
            return
    swatch.label(icon="ARMATURE_DATA")


def _draw_active(layout: bpy.types.UILayout, person: bpy.types.Object | None) -> None:
    if person is None or not (seen := _seen(person)):
        return
    gaps = {0: "no gaps", 1: "1 gap"}.get(seen["gaps"], f"{seen['gaps']} gaps")
    first, last = (round(frame) for frame in scene_frames(person, (seen["first"], seen["last"])))
    layout.label(text=f"Frames {first} to {last}, {gaps}", icon="TIME")


def _seen_shortly(person: bpy.types.Object) -> str:
    seen = _seen(person)
    if not seen:
        return ""
    total = seen["last"] - seen["first"] + 1
    return f"{total} frames" if seen["frames"] == total else f"{seen['frames']} of {total}"


def _seen(person: bpy.types.Object) -> dict[str, int]:
    try:
        return read_about(person).get("seen", {})
    except Reel2RigError:
        return {}


def _get_person(home: bpy.types.Collection) -> int:
    """Place of the active person in the list, so that the list follows the viewport."""
    person = person_of(bpy.context.view_layer.objects.active)
    return -1 if person is None else home.all_objects.find(person.name)


def _set_person(home: bpy.types.Collection, place: int) -> None:
    """Select the person at a place in the list, and nothing else."""
    layer = bpy.context.view_layer
    if not 0 <= place < len(home.all_objects) or bpy.context.mode not in {"OBJECT", "POSE"}:
        return
    person = home.all_objects[place]
    if person.name not in layer.objects:  # in a collection that this view layer leaves out
        return
    if bpy.context.mode == "POSE" and layer.objects.active != person:
        bpy.ops.object.mode_set(mode="OBJECT")
    for thing in bpy.context.selected_objects:
        thing.select_set(False)
    person.select_set(True)
    layer.objects.active = person


CLASSES = (PeopleList, PeoplePanel)


def attach() -> None:
    bpy.types.Collection.reel2rig_person = bpy.props.IntProperty(
        name="Person", description="The active person; click to select", get=_get_person, set=_set_person
    )


def detach() -> None:
    del bpy.types.Collection.reel2rig_person
