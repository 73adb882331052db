"""A motion file turned into a finished job, such as a capture leaves: one file a person and `result.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..body.files import convert_smpl_file
from ..motion.body import load_body
from ..motion.clip import MotionClip
from ..motion.files.atomic import atomic_output
from ..motion.files.npz import write_clip
from ..motion.files.rates import parse_rate
from .read import read_motion

_SCHEMA = 1
_PICTURE = (1920, 1080)  # pixels, of a video that nobody knows


def convert_motion(
    source: Path, settings: dict[str, Any], folder: Path, progress: Callable[[str, int, int], None]
) -> None:
    """Read a motion file of any kind into a job folder; `result.json` is written last.

    Args:
        settings: {"fps": None or a text such as "30000/1001", "body": "free" or the path of an SMPL file}.

    Raises what `read_motion` and reading the body file raise.
    """
    progress("convert", 0, 1)
    rate = parse_rate(str(settings["fps"])) if settings.get("fps") else None
    chosen = str(settings.get("body") or "free")
    body = "free" if chosen == "free" else str(convert_smpl_file(chosen, folder))
    clips = read_motion(source, rate, body=None if body == "free" else load_body(body))
    write_job(folder, clips, source, body, settings)
    progress("convert", 1, 1)


def write_job(
    folder: Path,
    clips: Sequence[MotionClip],
    source: Path,
    body: str = "free",
    settings: dict[str, Any] | None = None,
) -> None:
    """Leave clips in a folder as a capture leaves its own, with no video behind them.

    Args:
        body: "free", or the path of a converted SMPL body that the clips wear.
    """
    names = []
    for number, clip in enumerate(clips):
        # Not by track: the ids of other systems may be no file names.
        names.append(f"result-{number + 1}.npz")
        write_clip(folder / names[-1], clip)
    first, last = min(int(clip.frames[0]) for clip in clips), max(int(clip.frames[-1]) for clip in clips)
    camera = next((clip.camera for clip in clips if clip.camera is not None), None)
    width, height = (camera.width, camera.height) if camera else _PICTURE
    fps = clips[0].fps
    content = {
        "schema": _SCHEMA,
        "footage": False,
        "video": {
            "path": str(source),
            "width": width,
            "height": height,
            "fps": [fps.numerator, fps.denominator],
            "frame_count": last + 1,
        },
        "trim": [first, last + 1],
        "body": body,
        "clips": names,
        "proxy": None,
        "settings": settings or {},
        "notes": list(dict.fromkeys(note for clip in clips for note in clip.notes)),
    }
    with atomic_output(folder / "result.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
