"""`result.json` and the files beside it: what a finished capture leaves in its job folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from ..motion.clip import MotionClip
from ..motion.files.atomic import atomic_output
from ..motion.files.npz import write_clip
from ..people.detect import PeopleScan
from .settings import CaptureSettings

RESULT_SCHEMA = 1
RESULT_NAME = "result.json"
SCAN_NAME = "scan.json"


def describe_scan(scan: PeopleScan, video: Path) -> dict[str, Any]:
    """The video and every person found in it, JSON-able; thumbnails are named, not held."""
    info = scan.info
    return {
        "schema": RESULT_SCHEMA,
        "video": {
            "path": str(video.resolve()),
            "width": info.width,
            "height": info.height,
            "rotation": info.rotation,
            "fps": [info.fps.numerator, info.fps.denominator],
            "frame_count": info.frame_count,
            "duration": info.duration,
            "variable_rate": info.variable_rate,
        },
        "tracks": [
            {
                "id": track.id,
                "frames": len(track.frames),
                "first_frame": int(scan.indices[track.frames[0]]),
                "last_frame": int(scan.indices[track.frames[-1]]),
                "confidence": round(float(track.mean_confidence), 4),
                "thumbnail": f"person-{track.id}.png",
            }
            for track in scan.tracks
        ],
        "notes": list(scan.notes),
    }


def write_thumbnails(folder: Path, scan: PeopleScan) -> None:
    """One small PNG a person, named as `describe_scan` says."""
    for track in scan.tracks:
        _, data = cv2.imencode(".png", cv2.cvtColor(track.thumbnail, cv2.COLOR_RGB2BGR))
        with atomic_output(folder / f"person-{track.id}.png") as path:
            path.write_bytes(data.tobytes())


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` whole or not at all."""
    with atomic_output(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_result(
    folder: Path,
    scan: PeopleScan,
    video: Path,
    clips: Sequence[MotionClip],
    settings: CaptureSettings,
    *,
    trim: tuple[int, int],
    body: str,
    focal_px: float,
    proxy: str | None,
) -> dict[str, Any]:
    """Write one npz a person and, last, `result.json`, whose presence says that the capture is complete."""
    names = []
    for clip in clips:
        names.append(f"result-{clip.track}.npz")
        write_clip(folder / names[-1], clip)
    content = describe_scan(scan, video) | {
        "trim": list(trim),
        "body": body,
        "clips": names,
        "proxy": proxy,
        "focal_px": focal_px,
        "settings": settings.to_json(),
    }
    content["notes"] = list(dict.fromkeys([*scan.notes, *(note for clip in clips for note in clip.notes)]))
    write_json(folder / RESULT_NAME, content)
    return content
