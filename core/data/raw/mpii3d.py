"""MPI-INF-3DHP: eight actors before eight of fourteen cameras, and six test sequences.

    RAW/S1/Seq1/annot.mat                                     MATLAB 5: annot2, annot3, a cell for each camera
                imageFrames/video_0/frame_000001.jpg          or imageSequence/video_0.avi
    RAW/mpi_inf_3dhp_test_set/TS1/annot_data.mat              MATLAB 7.3: annot2, univ_annot3, valid_frame
                                  imageSequence/img_000001.jpg

Frames in which a joint lies outside the picture are left out, and a new track begins behind them (method
section 7.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...features.images.boxes import box_from_keypoints
from .errors import RawDataInvalid
from .files import entry, file, folder, numbers, read_mat, read_mat73
from .frames import Images, frame_count, numbered_pictures, picture_files, video_frames
from .joint_names import into_spin49, with_confidence
from .segments import segments
from .tracks import Extractor, RawTrack, Say, filled_boxes, write_tracks

CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
SIDE = 2048  # px, of every training picture
FPS = 25.0
# Sequences filmed at 50 frames per second, of which every second frame is taken; the others have 25.
FAST = frozenset({(1, 2), (3, 1), (3, 2), (5, 1), (5, 2)})

TRAIN_JOINTS = (
    *("", "", "", "spine_h36m", "pelvis_mpii", "neck", "head_h36m", "head_top"),
    *("", "left_shoulder", "left_elbow", "left_wrist", ""),
    *("", "right_shoulder", "right_elbow", "right_wrist", ""),
    *("left_hip", "left_knee", "left_ankle", "", ""),
    *("right_hip", "right_knee", "right_ankle", "", ""),
)
TEST_JOINTS = (
    *("head_top", "neck", "right_shoulder", "right_elbow", "right_wrist"),
    *("left_shoulder", "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle"),
    *("left_hip", "left_knee", "left_ankle", "pelvis_mpii", "spine_h36m", "head_h36m"),
)


def prepare_mpii3d(
    raw: Path, out: Path, split: str, *, features: Extractor | None, say: Say = lambda line: None
) -> Path:
    """Writes OUT/mpii3d_train (S1 to S8) or OUT/mpii3d_test (TS1 to TS6) and returns its folder.

    Raises RawDataMissing, RawDataInvalid, and what `write_tracks` raises.
    """
    tracks = _training(raw) if split == "train" else _test(raw)
    return write_tracks(tracks, out, "mpii3d", split, features=features, fps=FPS, has_3d=True, say=say)


def _training(raw: Path) -> Iterator[RawTrack]:
    for subject, sequence in product(range(1, 9), (1, 2)):
        place = folder(raw / f"S{subject}" / f"Seq{sequence}", "annot.mat and the videos of a sequence")
        path = place / "annot.mat"
        annotations = read_mat(path, "annot2 and annot3 of a sequence", ("annot2", "annot3"))
        step = 2 if (subject, sequence) in FAST else 1
        for camera in CAMERAS:
            pixels = _cell(annotations, "annot2", camera, 2, path)
            mm = _cell(annotations, "annot3", camera, 3, path)
            if len(pixels) != len(mm):
                raise RawDataInvalid(f"{path}: annot2 and annot3 of camera {camera} differ in length.")
            clip = _clip(place, camera)
            frames = [frame for frame in clip.frames if frame < len(pixels) and frame % step == 0]
            keypoints = into_spin49(with_confidence(pixels[frames]), TRAIN_JOINTS)
            joints = _centred(mm[frames], TRAIN_JOINTS)
            name = f"subj{subject}_seq{sequence}_vid{camera}"
            yield from _tracks(
                name, raw, clip, frames, {"joints2D": keypoints, "joints3D": joints}, (SIDE, SIDE), step
            )


def _test(raw: Path) -> Iterator[RawTrack]:
    keys, count = ("annot2", "univ_annot3", "valid_frame"), len(TEST_JOINTS)
    for sequence in range(1, 7):
        place = folder(
            raw / "mpi_inf_3dhp_test_set" / f"TS{sequence}", "annot_data.mat and the folder imageSequence"
        )
        path = place / "annot_data.mat"
        found = read_mat73(path, "annot2, univ_annot3 and valid_frame of a test sequence", keys)
        pixels = numbers(found["annot2"], (None, 1, count, 2), f"{path}: annot2")[:, 0]
        mm = numbers(found["univ_annot3"], (len(pixels), 1, count, 3), f"{path}: univ_annot3")[:, 0]
        valid = numbers(found["valid_frame"], (len(pixels), 1), f"{path}: valid_frame")[:, 0]
        clip = _pictures(place / "imageSequence")
        frames = [frame for frame in clip.frames if frame < len(pixels)]
        if not frames:
            raise RawDataInvalid(f"{clip.place} holds none of the {len(pixels)} frames of annot_data.mat.")
        height, width = next(clip.images(frames[:1])()).shape[:2]
        arrays = {
            "joints2D": into_spin49(with_confidence(pixels[frames]), TEST_JOINTS),
            "joints3D": _centred(mm[frames], TEST_JOINTS),
            "valid_i": valid[frames],
        }
        yield from _tracks(f"subj{sequence}", raw, clip, frames, arrays, (width, height))


@dataclass(frozen=True)
class _Clip:
    """The frames of one camera, numbered from 0, wherever they are stored."""

    place: Path
    frames: list[int]
    images: Callable[[list[int]], Images]
    path_of: Callable[[int], Path]


def _clip(place: Path, camera: int) -> _Clip:
    pictures, video = (
        place / "imageFrames" / f"video_{camera}",
        place / "imageSequence" / f"video_{camera}.avi",
    )
    if pictures.is_dir():
        return _pictures(pictures)
    file(video, f"the frames of camera {camera}, unless {pictures} holds them as frame_000001.jpg, ...")
    return _Clip(video, list(range(frame_count(video))), partial(video_frames, video), lambda frame: video)


def _pictures(place: Path) -> _Clip:
    paths = {number - 1: path for number, path in numbered_pictures(place).items()}
    return _Clip(
        place, list(paths), lambda frames: picture_files(paths[frame] for frame in frames), paths.__getitem__
    )


def _tracks(
    name: str,
    raw: Path,
    clip: _Clip,
    frames: list[int],
    arrays: dict[str, NDArray],
    size: tuple[int, int],
    step: int = 1,
) -> Iterator[RawTrack]:
    """The stretches in which every joint lies inside the picture of `size` (width, height)."""
    keypoints = arrays["joints2D"]
    inside = ((keypoints[..., :2] >= 0) & (keypoints[..., :2] < size)).all(-1) | (keypoints[..., 2] == 0)
    kept = np.flatnonzero(inside.all(1))
    for part, run in enumerate(segments(np.asarray(frames, np.int64)[kept], step)):
        rows = kept[run]
        boxes = filled_boxes(box_from_keypoints(keypoints[rows], "longer"))
        if boxes is None:
            continue  # all in one point: nobody is annotated
        chosen = [frames[row] for row in rows]
        paths = [clip.path_of(frame).relative_to(raw).as_posix() for frame in chosen]
        yield RawTrack(
            name=f"{name}_seg{part}",
            source=clip.place.relative_to(raw).as_posix(),
            images=clip.images(chosen),
            boxes=boxes,
            arrays={key: array[rows] for key, array in arrays.items()}
            | {"frame_id": np.array(chosen), "img_name": np.array(paths)},
        )


def _cell(annotations: dict, key: str, camera: int, axes: int, path: Path) -> NDArray[np.float64]:
    """One camera's joints (frames, 28, axes) out of a cell array with an entry for every camera."""
    cells = np.asarray(entry(annotations, key, path))
    if cells.dtype != object or cells.size <= camera:
        raise RawDataInvalid(f"{path}: {key} must be a cell array with an entry for camera {camera}.")
    rows = numbers(
        cells.ravel()[camera], (None, len(TRAIN_JOINTS) * axes), f"{path}: {key} of camera {camera}"
    )
    return rows.reshape(len(rows), len(TRAIN_JOINTS), axes)


def _centred(mm: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float32]:
    """Joints in mm -> metres about the pelvis (method section 7.3)."""
    pelvis = names.index("pelvis_mpii")
    return into_spin49((mm - mm[:, pelvis : pelvis + 1]) / 1000, names)
