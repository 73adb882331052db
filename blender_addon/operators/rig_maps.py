"""Bone maps: recognised, taken from those that come with the add-on, from presets and from files."""

from __future__ import annotations

from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase

from ...core.motion.retarget.edit_map import carried_over
from ...core.motion.retarget.map_file import read_map, write_map
from ...core.motion.retarget.recognise import shipped_maps
from ...core.motion.retarget.rig_map import BadRigMap, RigMap
from ..retarget_properties import mapped_rig
from ..rig_map_fields import BY_HAND, recognise_again
from ..scene.rigs.rig_maps import keep_rig_map, rig_map_of
from .base import redraw, report_error


class _OfRig:
    """Mixin: greyed out until a rig is chosen whose map can be kept with it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        rig = mapped_rig(context)
        if rig is None:
            cls.poll_message_set("Choose the rig that gets the motion")  # type: ignore[attr-defined]
            return False
        if rig.library is not None:
            cls.poll_message_set("Make a library override of the rig first")  # type: ignore[attr-defined]
            return False
        return True


class RecogniseRig(_OfRig, bpy.types.Operator):
    bl_idname = "reel2rig.recognise_rig"
    bl_label = "Recognise Bones"
    bl_description = "Look at the bones' names again, and replace the bone map by what they tell"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        rig = mapped_rig(context)
        rig_map = recognise_again(rig)
        if rig_map.name == BY_HAND:
            self.report({"WARNING"}, f"The bones of {rig.name} are not known; choose them in the bone map")
        else:
            self.report({"INFO"}, f"{rig.name}: {rig_map.name}")
        return {"FINISHED"}


def _use(operator: bpy.types.Operator, context: bpy.types.Context, rig_map: RigMap) -> set[str]:
    rig = mapped_rig(context)
    names = rig.data.bones.keys()
    fit = carried_over(rig_map, names)
    if not fit.bones:
        raise BadRigMap(f"{rig.name} has none of the bones of '{rig_map.name}'; choose another map.")
    keep_rig_map(rig, fit)
    lost = sum(map(len, rig_map.bones.values())) - sum(map(len, fit.bones.values()))
    told = f", without {lost} bones that the rig lacks" if lost else ""
    operator.report({"INFO"}, f"{rig.name}: {fit.name}{told}")
    redraw()
    return {"FINISHED"}


class UseRigMap(_OfRig, bpy.types.Operator):
    bl_idname = "reel2rig.use_rig_map"
    bl_label = "Use Bone Map"
    bl_description = "Take this rig for one of this kind"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    kind: bpy.props.StringProperty(
        name="Kind", description="Which of the maps that come with the add-on", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            if self.kind not in shipped_maps():
                raise BadRigMap(f"There is no map '{self.kind}'; known are {', '.join(shipped_maps())}.")
            return _use(self, context, shipped_maps()[self.kind])
        except Exception as error:
            return report_error(self, error)


class LoadRigMap(_OfRig, bpy.types.Operator):
    bl_idname = "reel2rig.load_rig_map"
    bl_label = "Load Bone Map"
    bl_description = "Read the bone map from a JSON file that was saved here or shared by somebody"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(
        name="Bone Map", description="A bone map in JSON", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return _use(self, context, read_map(bpy.path.abspath(self.filepath)))
        except Exception as error:
            return report_error(self, error)


class SaveRigMap(_OfRig, bpy.types.Operator):
    bl_idname = "reel2rig.save_rig_map"
    bl_label = "Save Bone Map"
    bl_description = "Write the bone map to a JSON file, for other files, computers and people"

    filepath: bpy.props.StringProperty(
        name="Bone Map", description="Where to write it", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def check(self, context: bpy.types.Context) -> bool:
        path = bpy.path.ensure_ext(self.filepath, ".json")
        changed, self.filepath = path != self.filepath, path
        return changed

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.filepath = bpy.path.clean_name(mapped_rig(context).name) + ".json"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.ensure_ext(bpy.path.abspath(self.filepath), ".json"))
        try:
            write_map(path, rig_map_of(mapped_rig(context)))
        except Exception as error:
            return report_error(self, error)
        self.report({"INFO"}, f"Saved {path.name}")
        return {"FINISHED"}


class ApplyRigMapPreset(_OfRig, bpy.types.Operator):
    bl_idname = "reel2rig.apply_rig_map_preset"
    bl_label = "Apply Bone Map Preset"
    bl_description = "Give the rig this bone map"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(
        name="Preset", description="The file of the preset", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(self.filepath)
        try:
            done = _use(self, context, read_map(path))
        except Exception as error:
            return report_error(self, error)
        RigMapMenu.bl_label = bpy.path.display_name(path.name, title_case=False)
        return done


class RigMapMenu(bpy.types.Menu):
    bl_idname = "REEL2RIG_MT_rig_maps"
    bl_label = "Bone Maps"
    preset_subdir = "reel2rig/rig_maps"
    preset_operator = ApplyRigMapPreset.bl_idname

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        for kind, rig_map in shipped_maps().items():
            layout.operator(UseRigMap.bl_idname, text=rig_map.name).kind = kind
        layout.separator()
        if bpy.utils.preset_paths(self.preset_subdir):
            self.draw_preset(context)
            layout.separator()
        layout.operator(AddRigMapPreset.bl_idname, icon="ADD")
        remove = layout.operator(AddRigMapPreset.bl_idname, text="Remove Bone Map Preset", icon="REMOVE")
        remove.remove_active = True


class AddRigMapPreset(_OfRig, AddPresetBase, bpy.types.Operator):
    bl_idname = "reel2rig.add_rig_map_preset"
    bl_label = "Add Bone Map Preset"
    bl_description = "Keep this bone map in this menu"
    preset_menu = RigMapMenu.bl_idname
    preset_subdir = RigMapMenu.preset_subdir

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return "Remove the preset chosen last" if properties.remove_active else cls.bl_description

    def add(self, context: bpy.types.Context, filepath: str) -> None:
        write_map(filepath, rig_map_of(mapped_rig(context)))


CLASSES = (
    RecogniseRig,
    UseRigMap,
    LoadRigMap,
    SaveRigMap,
    ApplyRigMapPreset,
    RigMapMenu,
    AddRigMapPreset,
)
