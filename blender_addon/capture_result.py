"""A finished capture as Blender reads it: the clips of a job folder, or one motion file."""

from __future__ import annotations

import filecmp
import itertools
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..core.errors import FileCorrupt, InputError
from ..core.motion.body import load_body
from ..core.motion.clip import MotionClip
from ..core.motion.files.atomic import atomic_output
from ..core.motion.files.npz import read_clip
from ..core.motion.files.open import OWN, kind_of, open_motion

SCHEMA = 1


class ResultMissing(InputError):
    code = "result.missing"


class ResultCorrupt(FileCorrupt):
    code = "result.corrupt"


@dataclass(frozen=True)
class Footage:
    """The video that was captured, upright and at a constant rate.

    Attributes:
        path: the file Blender shows behind the body, or None when it is not there.
        is_proxy: it is the upright, constant-rate copy that the capture made, and lies in the job folder.
        width, height: of the upright image, pixels. frame_count: of the whole file.
        fps: exact. trim: first source frame captured, and the frame after the last.
    """

    path: Path | None
    width: int
    height: int
    fps: Fraction
    frame_count: int
    trim: tuple[int, int]
    is_proxy: bool = False


@dataclass(frozen=True)
class CaptureResult:
    """All people of one capture.

    Attributes:
        name: what the capture is called in Blender (the video's file name without its ending).
        clips: one per person, all on the same source frames, floor and camera.
        footage: the video behind them.
        body: path of the user's SMPL body file, or None for the free body.
        settings: what the user had chosen. notes: sentences for the user.
    """

    name: str
    clips: tuple[MotionClip, ...]
    footage: Footage
    body: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_result(path: str | Path, fps: Fraction | None = None, body: Path | None = None) -> CaptureResult:
    """Read a job folder, its result.json, or a motion file: .npz, our own or AMASS's, .smpl or .bvh.

    Args:
        fps: of a motion file, instead of what it says. body: a converted SMPL body that wears what is in
            files of others; None is the free body. A capture has both.

    Raises ResultMissing when nothing is there, ResultCorrupt when result.json does not hold a capture, and
    what `core.motion.files.open.open_motion` raises.
    """
    path = Path(path)
    if is_motion_file(path):
        worn = None if kind_of(path) == OWN else body
        clips = open_motion(path, fps, body=worn and load_body(worn))
        return replace(result_of_clips(clips, path.stem), body=worn)
    index = path / "result.json" if path.is_dir() else path
    if not index.is_file():
        raise ResultMissing(
            f"{path} holds no finished capture; choose a job folder with a result.json, or an .npz."
        )
    try:
        data = json.loads(index.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise ValueError("another schema")
        names = [str(name) for name in data["clips"]]
        footage = _footage(data, index.parent)
        body = None if data.get("body", "free") == "free" else Path(data["body"])
        settings, notes = dict(data.get("settings") or {}), tuple(map(str, data.get("notes") or ()))
        title = Path(data["video"]["path"]).stem
    except (ValueError, KeyError, TypeError, IndexError, ZeroDivisionError, OSError) as error:
        raise ResultCorrupt(
            f"{index} is not a capture this version can read; capture the video again."
        ) from error
    if not names:
        raise ResultMissing(f"{index} names no person; capture the video again.")
    clips = tuple(read_clip(index.parent / name) for name in names)
    return CaptureResult(title, clips, footage, body, settings, notes)


def is_motion_file(path: Path) -> bool:
    """Whether a path is a file of motion itself, not what a job left."""
    return path.is_file() and path.suffix.lower() != ".json"


def _footage(data: dict[str, Any], folder: Path) -> Footage:
    video = data["video"]
    num, den = (int(value) for value in video["fps"])
    start, end = (int(value) for value in data["trim"])
    path = folder / data["proxy"] if data.get("proxy") else Path(video["path"])
    shown = data.get("footage", True) and path.is_file()  # a motion file has no pictures
    return Footage(
        path if shown else None,
        int(video["width"]),
        int(video["height"]),
        Fraction(num, den),
        int(video["frame_count"]),
        (start, end),
        bool(data.get("proxy")),
    )


def keep_footage(result: CaptureResult, folder: Path) -> CaptureResult:
    """The result with its footage where it may stay: a proxy is copied out of the job folder into `folder`.

    The user's own video stays where it is. Nothing is overwritten: an equal copy is used again, another
    file of that name makes the copy take a number. Raises DiskFull and its kin (core.motion.files.atomic).
    """
    footage = result.footage
    if footage.path is None or not footage.is_proxy:
        return result
    for number in itertools.count(1):
        name = f"{result.name} upright{'' if number == 1 else f' {number}'}{footage.path.suffix}"
        target = folder / name
        if not target.exists():
            with atomic_output(target) as temporary:
                shutil.copyfile(footage.path, temporary)
        if filecmp.cmp(footage.path, target, shallow=False):
            return replace(result, footage=replace(footage, path=target, is_proxy=False))
    raise AssertionError("the loop above has no end")


def result_of_clips(clips: Sequence[MotionClip], name: str = "") -> CaptureResult:
    """A capture around clips that came without their job folder, and so without footage to show.

    Args:
        clips: one per person, at one frame rate; at least one.
        name: what the capture is called in Blender; by default after the first clip's source.

    Raises ResultMissing without any clip, ResultCorrupt for clips of different rates.
    """
    if not clips:
        raise ResultMissing("There is no motion to build; give at least one clip.")
    rate = clips[0].fps
    if any(clip.fps != rate for clip in clips):
        raise ResultCorrupt(
            "The clips have different frame rates; resample them to one, or build each alone."
        )
    camera = next((clip.camera for clip in clips if clip.camera is not None), None)
    width, height = (camera.width, camera.height) if camera else (1920, 1080)
    first = min(int(clip.frames[0]) for clip in clips)
    last = max(int(clip.frames[-1]) for clip in clips)
    footage = Footage(None, width, height, rate, last + 1, (first, last + 1))
    title = name or Path(clips[0].source).stem or f"Person {clips[0].track}"
    notes = tuple(dict.fromkeys(note for clip in clips for note in clip.notes))
    return CaptureResult(title, tuple(clips), footage, notes=notes)
