"""The stages of a capture that run the models: who is there, and how each person moves before the camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..device import choose_device
from ..features.gate import fill_gaps
from ..motion.rotations import quaternion_from_matrix, quaternion_to_matrix
from ..motion.timing import resample_positions, resample_rotations
from ..network import checkpoint
from ..network.model import BodyNetwork
from ..network.predict import predict_bodies
from ..people.detect import PeopleScan, PersonTrack, scan_people
from ..people.model_files import landmark_model_path
from ..people.scan_file import scan_from_arrays, scan_to_arrays
from ..video.info import VideoInfo, parse_trim, probe
from ..world.prediction import TrackPrediction
from .cache import StageCache, content_digest, stage_key
from .settings import CaptureSettings

Progress = Callable[[str, int, int], None]


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
            "video": content_digest(video),
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


def load_network(settings: CaptureSettings) -> BodyNetwork:
    """The shipped network, or the user's checkpoint."""
    device = str(choose_device(settings.device))
    if settings.checkpoint == "default":
        return checkpoint.load_default(device)
    return checkpoint.load(settings.checkpoint, device)


def predict_track(
    scan: PeopleScan, track: PersonTrack, focal_px: float, network: BodyNetwork, progress: Progress
) -> TrackPrediction:
    """What the network says about one person, one row per frame of the result's constant rate.

    Frames between the track's first and last in which the person was missed are filled in and not valid.
    """
    info = scan.info
    rows = np.arange(track.frames[0], track.frames[-1] + 1)
    times = np.asarray(scan.times, dtype=np.float64)[rows]
    found = track.frames - rows[0]
    evidence = fill_gaps(
        found,
        track.image[..., :2],
        track.visibility,
        track.world,
        times,
        focal_px,
        info.width,
        info.height,
    )
    bodies = predict_bodies(network, evidence, times, progress=progress)
    prediction = TrackPrediction(
        track=str(track.id),
        rotations=bodies.rotations,
        betas=bodies.betas,
        image=bodies.evidence.image,
        visibility=bodies.evidence.visibility,
        frames=np.asarray(scan.indices)[rows],
        valid=np.isin(np.arange(len(rows)), found),
        fps=info.fps,
        cam=bodies.cam,
        boxes=bodies.boxes,
        source=Path(info.path).name,
        notes=tuple(scan.notes),
    )
    return even_rate(prediction, times) if info.variable_rate else prediction


def even_rate(prediction: TrackPrediction, times: np.ndarray) -> TrackPrediction:
    """A prediction at the uneven `times` (T,) s of variable-rate footage -> at its constant nominal rate.

    Frame numbers then count frames of that rate from the start of the video, as in its constant-rate proxy.
    """
    fps = prediction.fps
    frames = np.arange(int(np.ceil(times[0] * fps - 0.5)), int(np.floor(times[-1] * fps + 0.5)) + 1)
    wanted = np.clip(frames / float(fps), times[0], times[-1])
    nearest = np.abs(times[None, :] - wanted[:, None]).argmin(1)
    quaternions = resample_rotations(quaternion_from_matrix(prediction.rotations), times, wanted)

    def at(values: np.ndarray | None) -> np.ndarray | None:
        if values is None:
            return None
        flat = resample_positions(values.reshape(len(times), -1), times, wanted)
        return flat.reshape(len(wanted), *values.shape[1:])

    return prediction.replace(
        rotations=quaternion_to_matrix(quaternions),
        betas=at(prediction.betas),
        image=at(prediction.image),
        visibility=at(prediction.visibility),
        cam=at(prediction.cam),
        boxes=at(prediction.boxes),
        frames=frames,
        valid=prediction.valid[nearest],
    )
