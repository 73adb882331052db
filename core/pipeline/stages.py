"""The first stage of a capture: who is there, found once and kept."""

from __future__ import annotations

from pathlib import Path

from ..people.detect import PeopleScan, scan_people
from ..people.model_files import landmark_model_path
from ..people.scan_file import scan_from_arrays, scan_to_arrays
from ..video.info import VideoInfo, parse_trim, probe
from .cache import StageCache, content_digest, stage_key
from .progress import Progress
from .settings import CaptureSettings


def find_people(
    video: Path, settings: CaptureSettings, models: Path, cache: StageCache, progress: Progress
) -> tuple[PeopleScan, tuple[int, int]]:
    """The people of the trimmed video, from the cache when the same question was asked before.

    Returns:
        The scan, and the trim as source frames (first, one past the last).
    """
    info = probe(video)
    first, last = trim_range(info, settings)
    model = landmark_model_path(models, settings.landmark_model)
    key = stage_key(
        "people",
        {
            "video": cache.digest(video),
            "model": content_digest(model),
            "trim": [first, last],
            "max_people": settings.max_people,
            "partial": settings.allow_partial,
        },
    )
    arrays = cache.load(key)
    if arrays is not None:
        scan = scan_from_arrays(arrays, info)
        progress("people", len(scan.times), len(scan.times))
    else:
        scan = scan_people(
            video,
            model,
            start=first,
            end=last,
            max_people=settings.max_people,
            allow_partial=settings.allow_partial,
            progress=progress,
        )
        cache.save(key, scan_to_arrays(scan))
    return scan, (first, last)


def trim_range(info: VideoInfo, settings: CaptureSettings) -> tuple[int, int]:
    """The chosen part of the video as source frames (first, one past the last)."""
    first = parse_trim(settings.start, info) if settings.start is not None else 0
    last = parse_trim(settings.end, info) if settings.end is not None else info.frame_count
    return first, last
