"""A people scan as plain arrays and back, for the cache of finished stages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..video.camera_motion import CameraMotion
from ..video.info import VideoInfo
from .detect import PeopleScan, PersonTrack

_ARRAYS = ("frames", "image", "visibility", "world", "confidence", "thumbnail")


def scan_to_arrays(scan: PeopleScan) -> dict[str, np.ndarray]:
    """Everything of a scan except the video's own description, which `probe` gives again."""
    about = {
        "ids": [track.id for track in scan.tracks],
        "shots": scan.shots,
        "camera": dataclasses.asdict(scan.camera),
        "notes": scan.notes,
    }
    arrays = {"times": scan.times, "indices": scan.indices, "about": np.array(json.dumps(about))}
    for track in scan.tracks:
        arrays |= {f"track{track.id}_{name}": getattr(track, name) for name in _ARRAYS}
    return arrays


def scan_from_arrays(arrays: Mapping[str, np.ndarray], info: VideoInfo) -> PeopleScan:
    """The scan that `scan_to_arrays` was given."""
    about: dict[str, Any] = json.loads(str(arrays["about"]))
    return PeopleScan(
        info=info,
        times=arrays["times"],
        indices=arrays["indices"],
        tracks=tuple(
            PersonTrack(person, **{name: arrays[f"track{person}_{name}"] for name in _ARRAYS})
            for person in about["ids"]
        ),
        shots=tuple((int(first), int(last)) for first, last in about["shots"]),
        camera=CameraMotion(**about["camera"]),
        notes=tuple(about["notes"]),
    )
