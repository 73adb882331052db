"""The main job: a video in, one motion clip a person out, in a job folder.

Reads as the road of the data: people -> bodies -> refinement -> world -> smoothing -> files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..motion.body import load_body
from ..motion.smoothing import smooth_clip
from ..video.proxy import needs_proxy, write_proxy
from ..world.body_points import BodyPoints
from ..world.place import place_people
from ..world.refine import refine
from ..world.translation import default_focal_px
from .bodies import load_model
from .cache import StageCache
from .choice import choose_tracks
from .progress import Progress, share_out
from .result import SCAN_NAME, describe_scan, write_json, write_result, write_thumbnails
from .settings import CaptureSettings
from .stages import find_people
from .user_body import UserBody

# Stages in order with their shares of the time of a typical capture, for the overall fraction. A capture with
# a backbone has the stage "features" besides: the meter gives an unlisted stage half of what is left.
STAGES: tuple[tuple[str, float], ...] = (
    ("people", 0.85),
    ("network", 0.03),
    ("refine", 0.08),
    ("world", 0.02),
    ("files", 0.02),
)
PROXY_NAME = "proxy.mp4"


def scan(
    video: Path, settings: CaptureSettings, folder: Path, models: Path, progress: Progress
) -> dict[str, Any]:
    """Find the people of a video and leave `scan.json` with a thumbnail of each; a capture in the same job
    folder starts from there."""
    people, _ = find_people(video, settings, models, StageCache(folder), progress)
    write_thumbnails(folder, people)
    description = describe_scan(people, video)
    write_json(folder / SCAN_NAME, description)
    return description


def capture(
    video: Path, settings: CaptureSettings, folder: Path, models: Path, progress: Progress
) -> dict[str, Any]:
    """Capture the chosen people of `video` into the job folder.

    Args:
        models: folder with the landmark models that setup fetched.
        progress: called as (stage, done, total); may raise `Cancelled`, which leaves no `result.json`.

    Returns:
        What `result.json` holds.

    Raises:
        Reel2RigError: whatever the user can act on, as one sentence.
    """
    user_body = UserBody.load(Path(settings.body), folder) if settings.body != "free" else None
    model = load_model(settings)
    cache = StageCache(folder)
    people, trim = find_people(video, settings, models, cache, progress)
    chosen = choose_tracks(people.tracks, settings)
    info = people.info
    focal_px = settings.focal_px or default_focal_px(info.width, info.height)

    predictions = model.predict(people, chosen, focal_px, cache, progress)
    body = load_body()
    points = BodyPoints.of(body)
    if settings.refine:
        shares = share_out(progress, [len(item) for item in predictions])
        predictions = [
            refine(item, body, focal_px, info.width, info.height, share)
            for item, share in zip(predictions, shares, strict=True)
        ]

    progress("world", 0, 1)
    clips = place_people(predictions, points, info.width, info.height, focal_px, settings.height_m)
    clips = [smooth_clip(clip, settings.smoothing) for clip in clips]
    if user_body is not None:
        clips = [user_body.wear(clip, body) for clip in clips]
    progress("world", 1, 1)

    progress("files", 0, 1)
    proxy = None
    if needs_proxy(info):
        write_proxy(video, folder / PROXY_NAME, allow_partial=settings.allow_partial)
        proxy = PROXY_NAME
    write_thumbnails(folder, people)
    result = write_result(
        folder,
        people,
        video,
        clips,
        settings,
        trim=trim,
        body=str(user_body.path) if user_body is not None else "free",
        focal_px=focal_px,
        proxy=proxy,
    )
    progress("files", 1, 1)
    return result
