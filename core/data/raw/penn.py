"""PennAction: sports clips with 13 keypoints a frame (method section 7.3).

    RAW/labels/0001.mat                MATLAB 5: x, y, visibility (F, 13), nframes
    RAW/frames/0001/000001.jpg

All clips are used for training, whatever their flag `train` says: nothing is measured on this dataset.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...features.images.boxes import PADDING, box_from_keypoints
from .errors import RawDataInvalid, RawDataMissing
from .files import entry, folder, numbers, read_mat
from .frames import numbered_pictures, picture_files
from .joint_names import into_common14, with_confidence
from .tracks import Extractor, RawTrack, Say, filled_boxes, write_tracks

JOINTS = (
    *(
        "head_top",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
    ),
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
)


def prepare_penn(
    raw: Path, out: Path, split: str, *, features: Extractor | None, say: Say = lambda line: None
) -> Path:
    """Writes OUT/penn_train and returns its folder.

    Raises RawDataMissing, RawDataInvalid, and what `write_tracks` raises.
    """
    labels = sorted(folder(raw / "labels", "0001.mat, 0002.mat, ...").glob("*.mat"))
    if not labels:
        raise RawDataMissing(f"{raw / 'labels'} must hold 0001.mat, 0002.mat, ...; it holds none.")
    tracks = (track for path in labels for track in _clip(raw, path))
    return write_tracks(tracks, out, "penn", split, features=features, joint_set="common14", say=say)


def _clip(raw: Path, path: Path) -> Iterator[RawTrack]:
    content = read_mat(path, "the keypoints of a clip", ("x", "y", "visibility", "nframes"))
    frames = int(numbers(entry(content, "nframes", path), (1, 1), f"{path}: nframes")[0, 0])
    x, y, visible = (
        numbers(entry(content, key, path), (frames, len(JOINTS)), f"{path}: {key}")
        for key in ("x", "y", "visibility")
    )
    pictures = list(numbered_pictures(raw / "frames" / path.stem).values())
    if len(pictures) != frames:
        raise RawDataInvalid(
            f"{raw / 'frames' / path.stem} has {len(pictures)} pictures; {path} says {frames}."
        )
    points = np.stack([x, y], -1)
    # Hidden joints are annotated too; only (0, 0) is not. The box is tight about them (method section 3).
    annotated = box_from_keypoints(with_confidence(points, (x != 0) & (y != 0)), "longer")
    boxes = filled_boxes(annotated / (1, 1, PADDING))
    if boxes is None:
        return
    yield RawTrack(
        name=path.stem,
        source=path.relative_to(raw).as_posix(),
        images=picture_files(pictures),
        boxes=boxes,
        arrays={
            "joints2D": into_common14(with_confidence(points, visible != 0), JOINTS),
            "img_name": np.array([picture.relative_to(raw).as_posix() for picture in pictures]),
        },
    )
