"""Who is where in a video: reads it once and gives every person's landmarks as a track."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..video.ahead import read_ahead
from ..video.camera_motion import CameraMotion, CameraWatcher
from ..video.info import VideoInfo, probe
from ..video.reader import read_frames
from ..video.shots import CutDetector
from .appearance import THUMBNAIL
from .person import Person
from .tracker import ShotTracker

Progress = Callable[[str, int, int], None]

WORKERS = 2  # landmarkers that run at once; each keeps one core busy
SHORT = 5  # tracks of fewer frames are taken for mistakes where longer ones exist
FEW_FRAMES = 12  # videos up to this length keep even the shortest


class NobodyFound(InputError):
    code = "people.none_found"


@dataclass(frozen=True, eq=False)
class PersonTrack:
    """One person through one shot.

    **Convention**: `image` is x right, y down in pixels of the upright picture (z in pixels too, smaller is
    nearer); `world` is in metres, camera axes x right, y down, z forward, origin between the hips.

    Attributes:
        id: from 1, the longest track first.
        frames: (m,) positions into the scan's `indices` where the person was seen, rising. Frames of a gap,
            or where the person was hidden, are absent.
        image (m, 33, 3), visibility (m, 33), world (m, 33, 3), confidence (m,) in [0, 1].
        thumbnail: (192, 128, 3) uint8 RGB.
    """

    id: int
    frames: np.ndarray
    image: np.ndarray
    visibility: np.ndarray
    world: np.ndarray
    confidence: np.ndarray
    thumbnail: np.ndarray

    @property
    def mean_confidence(self) -> float:
        return float(self.confidence.mean())

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, eq=False)
class PeopleScan:
    """What one reading of a video gives.

    Attributes:
        times: (n,) s from the first frame of the file. indices: (n,) source frames, both of the frames read.
        tracks: longest first. shots: (first, last + 1) positions, one per shot.
        notes: sentences for the user.
    """

    info: VideoInfo
    times: np.ndarray
    indices: np.ndarray
    tracks: tuple[PersonTrack, ...]
    shots: tuple[tuple[int, int], ...]
    camera: CameraMotion
    notes: tuple[str, ...]


def scan_people(
    video_path: str | os.PathLike[str],
    model_path: str | os.PathLike[str],
    *,
    start: int = 0,
    end: int | None = None,
    max_people: int = 4,
    allow_partial: bool = False,
    progress: Progress | None = None,
) -> PeopleScan:
    """Reads frames `start` to `end` (exclusive) of a video and follows up to `max_people` people at a time.

    Args:
        model_path: a PoseLandmarker `.task` file.
        progress: called with ("people", frames done, frames in all) after each frame; may raise `Cancelled`.

    Raises:
        NobodyFound: no person in any frame. And what `read_frames` raises.
    """
    info = probe(video_path)
    frames = read_frames(info, start, end, allow_partial)
    total = min(info.frame_count, info.frame_count if end is None else end) - start
    cuts, camera = CutDetector(), CameraWatcher()
    times: list[float] = []
    indices: list[int] = []
    starts = [0]
    people: list[Person] = []
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="people") as pool:
        tracker = ShotTracker(model_path, max_people, pool)
        boxes: list[tuple[float, float, float, float]] = []
        try:
            # Cuts are looked for where frames are decoded, beside the landmarkers' work.
            judged = ((frame, cuts.is_cut(frame.image)) for frame in frames)
            for position, (frame, is_cut) in enumerate(read_ahead(judged)):
                if is_cut:
                    tracker.close()
                    people += tracker.people
                    tracker = ShotTracker(model_path, max_people, pool)
                    camera.cut()
                    boxes = []
                    starts.append(position)
                times.append(frame.time)
                indices.append(frame.index)
                looking = camera.wants(frame.time)
                look = pool.submit(camera.look, frame.image, frame.time, boxes) if looking else None
                boxes = [pose.box for pose in tracker.step(position, frame.time, frame.image)]
                if look is not None:
                    look.result()
                if progress:
                    progress("people", position + 1, max(total, position + 1))
        finally:
            tracker.close()
    tracks = _tracks([*people, *tracker.people], len(times))
    if not tracks:
        raise NobodyFound(
            f"No person was found in {Path(info.path).name}: choose footage that shows a whole body."
        )
    motion = camera.summary()
    return PeopleScan(
        info=info,
        times=np.array(times),
        indices=np.array(indices, dtype=np.int64),
        tracks=tracks,
        shots=tuple(zip(starts, [*starts[1:], len(times)], strict=True)),
        camera=motion,
        notes=_notes(motion, len(starts), info, len(times), total),
    )


def _tracks(people: list[Person], frame_count: int) -> tuple[PersonTrack, ...]:
    """The people as tracks with ids, longest first; equally long ones by confidence."""
    found = [person for person in people if person.poses]
    longest = max((len(person.poses) for person in found), default=0)
    if longest >= SHORT and frame_count > FEW_FRAMES:
        found = [person for person in found if len(person.poses) >= SHORT]
    tracks = [_track(person) for person in found]
    tracks.sort(key=lambda track: (-len(track), -track.mean_confidence))
    return tuple(PersonTrack(**{**vars(track), "id": number}) for number, track in enumerate(tracks, start=1))


def _track(person: Person) -> PersonTrack:
    frames = sorted(person.poses)
    poses = [person.poses[frame] for frame in frames]
    thumbnail = person.thumbnail
    return PersonTrack(
        id=0,
        frames=np.array(frames, dtype=np.int64),
        image=np.array([pose.image for pose in poses]),
        visibility=np.array([pose.visibility for pose in poses]),
        world=np.array([pose.world for pose in poses]),
        confidence=np.array([pose.confidence for pose in poses]),
        thumbnail=np.zeros((THUMBNAIL[1], THUMBNAIL[0], 3), np.uint8) if thumbnail is None else thumbnail,
    )


def _notes(camera: CameraMotion, shots: int, info: VideoInfo, read: int, wanted: int) -> tuple[str, ...]:
    notes = [camera.note()] if read > 1 else []
    if shots > 1:
        notes.append(f"The video has {shots} shots: nobody is followed across a cut.")
    if info.variable_rate:
        notes.append(f"The frame rate varies: the result runs at {float(info.fps):.4g} frames per second.")
    if read < wanted:
        notes.append(f"The video is cut off: {read} of {wanted} frames could be read.")
    return tuple(note for note in notes if note)
