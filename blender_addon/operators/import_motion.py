"""Bring in people from motion files of other systems: in the file browser, or dropped on the viewport."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.motion.files.open import RESULT, kind_of
from ...core.motion.files.rates import exact_rate
from .. import landing
from ..jobs import Item
from ..preferences import home
from ..properties import of
from .base import chosen_files, report_error
from .capture import enqueue

ENDINGS = ("npz", "smpl", "bvh", "pkl", "pt", "npy")


class _TakesMotions:
    """An operator that is handed motion files, one or several."""

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"}
    )
    rate: bpy.props.FloatProperty(
        name="Frame Rate",
        description=(
            "Frames per second of the file. 0 takes what the file says, and 30 for results of other systems, "
            "which do not say it"
        ),
        min=0.0,
        soft_max=240.0,
        precision=3,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if chosen_files(self):
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        paths = [Path(path) for path in chosen_files(self)]
        try:
            pickled = [path for path in paths if kind_of(path) == RESULT]
            for path in paths:
                if path not in pickled:
                    # An operator of its own, so that each file is one undo step, and the waiting ones none.
                    bpy.ops.reel2rig.import_capture(
                        "EXEC_DEFAULT", True, filepath=str(path), scene=context.scene.name, rate=self.rate
                    )
            if pickled:
                return enqueue(self, *(self._item(context.scene, path) for path in pickled))
        except RuntimeError as error:  # the operator has told the panel already
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        except Exception as error:
            return report_error(self, error)
        return {"FINISHED"}

    def _item(self, scene: bpy.types.Scene, path: Path) -> Item:
        """The wish that the worker reads a file."""
        rate = str(exact_rate(self.rate)) if self.rate else None
        return Item(
            home(),
            path,
            {"fps": rate, "body": scene.reel2rig_body.setting()},
            landing.asker_of(scene),
            "convert",
            options=of(scene).build_options(),
        )


class ImportMotion(_TakesMotions, bpy.types.Operator):
    bl_idname = "reel2rig.import_motion"
    bl_label = "Import Motion"
    bl_description = (
        "Build the people of motion files in this scene: AMASS, .smpl and BVH, and through the worker "
        "results of WHAM, GVHMR, 4D-Humans, TRAM, VIBE and TCMR"
    )

    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*.{ending}" for ending in ENDINGS), options={"HIDDEN"}
    )


class DropMotion(_TakesMotions, bpy.types.Operator):
    """Blender names it in a menu beside what else it can do with a dropped file."""

    bl_idname = "reel2rig.drop_motion"
    bl_label = "Import People with Reel2Rig"
    bl_description = "Build the people of the dropped motion file in this scene"
    bl_options = {"INTERNAL"}  # noqa: RUF012


class MotionDrop(bpy.types.FileHandler):
    bl_idname = "REEL2RIG_FH_motion"
    bl_label = "Import People with Reel2Rig"
    bl_import_operator = DropMotion.bl_idname
    bl_file_extensions = ";".join(f".{ending}" for ending in ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (ImportMotion, DropMotion, MotionDrop)


def attach() -> None:
    bpy.types.TOPBAR_MT_file_import.append(_import_menu)


def detach() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_import_menu)


def _import_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator(
        ImportMotion.bl_idname, text="Reel2Rig Motion (AMASS .npz, .smpl, .bvh, WHAM, GVHMR, ...)"
    )
