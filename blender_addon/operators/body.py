"""The body of captured people: its mesh, its shape, and whether a user's own body file is sound."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..jobs import jobs
from ..scene.body_file import describe_body_file
from ..scene.body_shape import add_skin, unit_of
from ..scene.people import active_person, skins_of
from ..scene.reshaping import reshape_person
from .base import redraw, report_error
from .of_person import OfPerson


class AddBodyMesh(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.add_body_mesh"
    bl_label = "Add Body Mesh"
    bl_description = "Give the captured person a skinned body mesh again"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if skins_of(active_person(context)):
            cls.poll_message_set("This person has a body mesh")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        person = active_person(context)
        try:
            add_skin(person, unit_of(person))
        except Exception as error:
            return report_error(self, error)
        return {"FINISHED"}


class RemoveBodyMesh(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.remove_body_mesh"
    bl_label = "Remove Body Mesh"
    bl_description = "Remove the body mesh and keep the skeleton; it can be added again at any time"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if not skins_of(active_person(context)):
            cls.poll_message_set("This person has no body mesh")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        meshes = [(skin, skin.data) for skin in skins_of(active_person(context))]
        bpy.data.batch_remove([skin for skin, _ in meshes])
        bpy.data.batch_remove([mesh for _, mesh in meshes if mesh.users == 0])
        return {"FINISHED"}


class ResetShape(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.reset_shape"
    bl_label = "Reset Shape"
    bl_description = "Give the person the height and shape that were captured"

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            reshape_person(context.scene, active_person(context), None)
        except Exception as error:
            return report_error(self, error)
        return {"FINISHED"}


class CheckBodyFile(bpy.types.Operator):
    bl_idname = "reel2rig.check_body_file"
    bl_label = "Check Body File"
    bl_description = "Read the chosen SMPL file without running anything in it, and say what is wrong with it"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.scene.reel2rig_body.kind == "free":
            cls.poll_message_set("The free body needs no file")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            told = describe_body_file(Path(context.scene.reel2rig_body.setting()))
        except Exception as error:
            return report_error(self, error)
        jobs.problem, jobs.message = None, told
        self.report({"INFO"}, told)
        redraw()
        return {"FINISHED"}


CLASSES = (AddBodyMesh, RemoveBodyMesh, ResetShape, CheckBodyFile)
