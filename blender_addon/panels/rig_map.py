"""The bone map of a rig as an editable list: which bone plays which part of the body."""

from __future__ import annotations

import bpy

from ...core.motion.retarget.edit_map import part_words
from ...core.motion.retarget.rig_map import RigMap
from ...core.motion.retarget.roles import ARM, CHAINS, FINGERS, LEG, REQUIRED, ROOT, TRUNK, TWIST, TWISTED
from ..retarget_properties import chosen_source, chosen_target, mapped_rig
from ..rig_map_fields import PLACES, field_name, readable_map
from ..scene.people import is_person
from .retarget import RetargetPanel, labelled
from .sidebar import Sidebar


def _shown(context: bpy.types.Context) -> tuple[bpy.types.Object, RigMap] | None:
    """The rig whose map is shown, and the map; None without a readable one."""
    rig = mapped_rig(context)
    rig_map = readable_map(rig)
    return None if rig is None or rig_map is None else (rig, rig_map)


class RigMapPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map"
    bl_label = "Bone Map"
    bl_parent_id = RetargetPanel.bl_idname
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return mapped_rig(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        source = chosen_source(context)
        if source is not None and not is_person(source) and chosen_target(context) is not None:
            layout.row().prop(context.scene.reel2rig_retarget, "mapped", expand=True)
        shown = _shown(context)
        row = layout.row(align=True)
        row.menu("REEL2RIG_MT_rig_maps", text=shown[1].name if shown else "Bone Maps")
        row.operator("reel2rig.recognise_rig", text="", icon="FILE_REFRESH")
        row.operator("reel2rig.load_rig_map", text="", icon="FILE_FOLDER")
        row.operator("reel2rig.save_rig_map", text="", icon="FILE_TICK")


class _Part(Sidebar):
    """Mixin of the panels below: the fields of some roles."""

    bl_parent_id = RigMapPanel.bl_idname
    roles: tuple[str, ...] = ()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _shown(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        shown = _shown(context)
        if shown is None:
            return
        layout = self.layout  # type: ignore[attr-defined]
        for role in self.roles:
            _draw_role(layout, *shown, role)


def _draw_role(layout: bpy.types.UILayout, rig: bpy.types.Object, rig_map: RigMap, role: str) -> None:
    """A field for every bone of a role, and for chains one more to make them longer."""
    bones = rig_map.bones.get(role, ())
    fields = min(len(bones) + (role in CHAINS), PLACES[role]) or 1
    column = layout.column(align=True)
    for place in range(fields):
        bone = bones[place] if place < len(bones) else ""
        label = part_words(role.removesuffix(TWIST)) if place == 0 else ""
        # Red: a part that is needed, or a bone that was renamed or removed since.
        alert = bone not in rig.data.bones if bone else place == 0 and role in REQUIRED
        field = labelled(column, label, 0.29, alert)
        field.prop_search(
            rig.reel2rig_rig_map_fields, field_name(role, place), rig.data, "bones", text="", icon="BONE_DATA"
        )


class TrunkPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_trunk"
    bl_label = "Trunk"
    roles = (ROOT, *TRUNK)


class LeftArmPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_left_arm"
    bl_label = "Left Arm"
    roles = tuple("left" + part for part in ARM)


class RightArmPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_right_arm"
    bl_label = "Right Arm"
    roles = tuple("right" + part for part in ARM)


class LeftLegPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_left_leg"
    bl_label = "Left Leg"
    roles = tuple("left" + part for part in LEG)


class RightLegPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_right_leg"
    bl_label = "Right Leg"
    roles = tuple("right" + part for part in LEG)


class LeftDetailsPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_left_details"
    bl_label = "Left Twist Bones and Fingers"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012
    roles = (*(f"left{part}Twist" for part in TWISTED), *("left" + part for part in FINGERS))


class RightDetailsPanel(_Part, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_rig_map_right_details"
    bl_label = "Right Twist Bones and Fingers"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012
    roles = (*(f"right{part}Twist" for part in TWISTED), *("right" + part for part in FINGERS))


CLASSES = (
    RigMapPanel,
    TrunkPanel,
    LeftArmPanel,
    RightArmPanel,
    LeftLegPanel,
    RightLegPanel,
    LeftDetailsPanel,
    RightDetailsPanel,
)
