"""The video in the capture panel: its file, what it is, and the part of it to capture."""

from __future__ import annotations

import bpy

from ..jobs.words import clock
from ..previews import icon_of
from ..properties import CaptureProperties
from ..video_facts import VideoFacts, read_facts_soon
from .worker import draw_text


def draw_video(layout: bpy.types.UILayout, chosen: CaptureProperties) -> None:
    """The file, a picture of it, and its size, rate and length."""
    row = layout.row(align=True)
    row.prop(chosen, "video", text="", icon="FILE_MOVIE", placeholder="Choose or Drop a Video")
    row.operator("reel2rig.open_video", text="", icon="FILEBROWSER")
    if not chosen.video:
        return
    facts = chosen.facts()
    if facts is None:
        read_facts_soon(chosen.video_path())
    elif facts.problem:
        box = layout.box()
        box.alert = True
        draw_text(box, facts.problem, "ERROR")
    else:
        box = layout.box()
        box.template_icon(icon_of(chosen.video_path(), "MOVIE"), scale=7)
        row = box.row()
        row.label(text=facts.size_line())
        right = row.row()
        right.alignment = "RIGHT"
        right.label(text=clock(facts.seconds))


def draw_range(layout: bpy.types.UILayout, chosen: CaptureProperties) -> None:
    """The part of the video to capture, in video frames with the time beside them."""
    facts = chosen.facts()
    row = layout.row()
    row.prop(chosen, "trim")
    if not chosen.trim:
        if facts and facts.frame_count:
            right = row.row()
            right.alignment = "RIGHT"
            right.active = False
            right.label(text=f"All {facts.frame_count}")
        return
    row.operator("reel2rig.range_from_playback", text="", icon="PREVIEW_RANGE")
    fields = layout.row(align=True)
    fields.prop(chosen, "trim_start")
    fields.prop(chosen, "trim_end")
    if facts and facts.frame_count:
        row = layout.row()
        row.alignment = "RIGHT"
        row.active = False
        row.label(text=_range_text(chosen, facts))


def _range_text(chosen: CaptureProperties, facts: VideoFacts) -> str:
    end = chosen.trim_end or facts.frame_count - 1
    frames = end - chosen.trim_start + 1
    return f"{_time(chosen.trim_start, facts)} to {_time(end + 1, facts)}, {frames} frames"


def _time(frame: int, facts: VideoFacts) -> str:
    tenths = round(10 * frame / facts.fps)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
