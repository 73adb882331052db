"""Choose a video: in the file browser, or dropped onto the 3D viewport."""

from __future__ import annotations

import bpy

from ..properties import of
from ..video_facts import ENDINGS
from .base import chosen_files, report_error
from .capture import enqueue, wish


class _TakesVideos:
    """An operator that is handed video files, one or several."""

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        videos = self.videos()
        if not videos:
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        if len(videos) == 1:
            return self.execute(context)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Capture {len(videos)} Videos",
            message="One after another, with the settings of the sidebar",
            confirm_text="Capture",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        videos = self.videos()
        try:
            if len(videos) > 1:
                return enqueue(self, *(wish(context.scene, video=video) for video in videos))
        except Exception as error:
            return report_error(self, error)
        of(context.scene).video = videos[0] if videos else ""
        return {"FINISHED"}

    def videos(self) -> list[str]:
        """The absolute paths of what was chosen or dropped."""
        return chosen_files(self)


class OpenVideo(_TakesVideos, bpy.types.Operator):
    bl_idname = "reel2rig.open_video"
    bl_label = "Open Video"
    bl_description = "Choose the video to capture. Several videos go into the queue, one after another"
    bl_options = {"UNDO"}  # noqa: RUF012

    filter_movie: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})


class DropVideo(_TakesVideos, bpy.types.Operator):
    """Blender names it in a menu beside what else it can do with a dropped video."""

    bl_idname = "reel2rig.drop_video"
    bl_label = "Capture People with Reel2Rig"
    bl_description = "Take the dropped video into the sidebar. Several videos go into the queue"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012


class RangeFromPlayback(bpy.types.Operator):
    bl_idname = "reel2rig.range_from_playback"
    bl_label = "Use Playback Range"
    bl_description = (
        "Capture the part of the video that plays in the scene's frame range, "
        "with the first frame of the video on scene frame 1"
    )
    bl_options = {"UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        facts = of(context.scene).facts()
        if facts is None or not facts.frame_count:
            cls.poll_message_set("Choose a video first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene, chosen = context.scene, of(context.scene)
        facts = chosen.facts()
        assert facts is not None
        preview = scene.use_preview_range
        first = scene.frame_preview_start if preview else scene.frame_start
        last = scene.frame_preview_end if preview else scene.frame_end
        rate = facts.fps * scene.render.fps_base / scene.render.fps
        chosen.trim = True
        chosen.trim_start = max(0, round((first - 1) * rate))
        chosen.trim_end = min(max(0, round((last - 1) * rate)), facts.frame_count - 1)
        return {"FINISHED"}


class VideoDrop(bpy.types.FileHandler):
    bl_idname = "REEL2RIG_FH_video"
    bl_label = "Capture People with Reel2Rig"
    bl_import_operator = DropVideo.bl_idname
    bl_file_extensions = ";".join(f".{ending}" for ending in ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (OpenVideo, DropVideo, RangeFromPlayback, VideoDrop)
