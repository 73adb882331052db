"""What is known of a video before the worker has seen it: Blender itself can open it.

The facts belong to the file on the disk and not to the .blend, so undo does not touch them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy

from .jobs.words import clock
from .redraw import redraw
from .ticks import measured

ENDINGS = (
    "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv",
)  # fmt: skip


@dataclass(frozen=True)
class VideoFacts:
    """A video file.

    Attributes:
        width, height: pixels. As stored until a scan has seen the video: a phone's may still be turned.
        frame_count: of the whole file; 0 where it cannot be read. fps: frames a second.
        problem: one sentence for the user when it cannot be captured, else "".
    """

    width: int = 0
    height: int = 0
    frame_count: int = 0
    fps: float = 0.0
    problem: str = ""

    @property
    def seconds(self) -> float:
        return self.frame_count / self.fps if self.fps else 0.0

    def size_line(self) -> str:
        """Such as "1768 x 994, 29.97 fps"."""
        return f"{self.width} x {self.height}, {self.fps:.4g} fps"

    def length_line(self) -> str:
        """Such as "0:08, 230 frames"."""
        return f"{clock(self.seconds)}, {self.frame_count} frames"


_known: dict[str, VideoFacts] = {}
_wanted: set[str] = set()


def known_facts(path: str) -> VideoFacts | None:
    """What `read_facts` has found out of a path, without touching the disk."""
    return _known.get(path)


def read_facts(path: str) -> VideoFacts:
    """Open a video once and remember what it is. Takes some hundredths of a second.

    A movie clip is made for that and removed again, so that the file is left without a trace.
    """
    with measured("opening a video"):  # nearly all of it is Blender's
        _known[path] = _problem_facts(path) or _opened(path)
    return _known[path]


def read_facts_soon(path: str) -> None:
    """Let a path be read when Blender has time: for drawing, which must not do it itself."""
    if path not in _wanted:
        _wanted.add(path)
        bpy.app.timers.register(functools.partial(_read_wanted, path), first_interval=0.0)


def facts_from_scan(path: str, video: dict[str, Any]) -> None:
    """Take over what the worker found out: it stands the picture upright and counts the frames.

    Args:
        video: the entry of `scan.json` or `result.json`.
    """
    rate = Fraction(*(int(part) for part in video["fps"]))
    _known[path] = VideoFacts(
        int(video["width"]), int(video["height"]), int(video["frame_count"]), float(rate)
    )


def _read_wanted(path: str) -> None:
    _wanted.discard(path)
    read_facts(path)
    redraw()


def _problem_facts(path: str) -> VideoFacts | None:
    if not Path(path).is_file():
        return VideoFacts(problem=f"There is no video {path}; choose a video file.")
    return None


def _opened(path: str) -> VideoFacts:
    unreadable = VideoFacts(
        problem=f"{Path(path).name} cannot be read as a video; choose another file, or convert it to MP4."
    )
    try:
        clip = bpy.data.movieclips.load(path)
    except RuntimeError:
        return unreadable
    try:
        if clip.source != "MOVIE" or clip.frame_duration < 1 or clip.fps <= 0:
            return unreadable
        width, height = clip.size
        return VideoFacts(width, height, clip.frame_duration, clip.fps)
    finally:
        bpy.data.movieclips.remove(clip)
