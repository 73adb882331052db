"""The commands as a menu under Object and Pose: Blender's search (F3) finds only what stands in a menu."""

from __future__ import annotations

import bpy

# Groups of operators, with another text where the button's own needs its panel to be understood.
COMMANDS: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("open_video", ""),
        ("find_people", ""),
        ("capture", ""),
        ("cancel_capture", "Cancel Capture"),
        ("import_capture", ""),
        ("import_motion", ""),
        ("match_scene", ""),
    ),
    (
        ("select_people", ""),
        ("merge_tracks", ""),
        ("split_track", "Split Person at Current Frame"),
        ("swap_tracks", "Swap People From Current Frame"),
        ("swap_whole_tracks", "Swap Whole Motions of People"),
    ),
    (
        ("clean_up", ""),
        ("clean_up_selected", ""),
        ("copy_cleanup", ""),
        ("reset_cleanup", ""),
        ("detect_contacts", "Detect Foot Contacts Again"),
        ("jump_to_doubt", ""),
        ("jump_to_gap", ""),
        ("show_contacts", ""),
        ("keep_real_time", ""),
        ("add_corrections", ""),
    ),
    (
        ("look_through_camera", "Look Through Solved Camera"),
        ("floor_from_foot", ""),
        ("start_at_cursor", "Start Capture at 3D Cursor"),
        ("reset_placement", "Reset Placement of Capture"),
        ("import_camera_track", ""),
        ("use_animated_camera", "Capture With This Camera"),
        ("use_solved_clip", "Capture With Solved Camera"),
        ("remove_camera_track", "Remove Camera Motion From Capture"),
    ),
    (
        ("add_body_mesh", ""),
        ("remove_body_mesh", ""),
        ("reset_shape", "Reset Body Shape"),
    ),
    (
        ("retarget", "Retarget Onto Rig"),
        ("retarget_people", "Retarget Selected People Onto Rig"),
        ("recognise_rig", "Recognise Bones of Rig"),
        ("load_rig_map", "Load Bone Map of Rig"),
        ("save_rig_map", "Save Bone Map of Rig"),
    ),
    (("export_motion", ""),),
    (
        ("open_preferences", ""),
        ("install_worker", ""),
        ("copy_report", "Copy Error Report"),
        ("open_logs", ""),
    ),
)


class CommandMenu(bpy.types.Menu):
    bl_idname = "VIEW3D_MT_reel2rig"
    bl_label = "Reel2Rig"

    def draw(self, context: bpy.types.Context) -> None:
        for place, group in enumerate(COMMANDS):
            if place:
                self.layout.separator()
            for name, text in group:
                if text:
                    self.layout.operator(f"reel2rig.{name}", text=text)
                else:
                    self.layout.operator(f"reel2rig.{name}")


CLASSES = (CommandMenu,)


def attach() -> None:
    for menu in (bpy.types.VIEW3D_MT_object, bpy.types.VIEW3D_MT_pose):
        menu.append(_entry)


def detach() -> None:
    for menu in (bpy.types.VIEW3D_MT_object, bpy.types.VIEW3D_MT_pose):
        menu.remove(_entry)


def _entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.menu(CommandMenu.bl_idname)
