"""PoseTrack18: crowded clips, several people each, labelled in part of their frames.

    RAW/annotations/train/*.json       images, annotations, categories; also val
    RAW/images/train/CLIP/000000.jpg   as the JSON's file_name says, from RAW

Only labelled frames are used. A track ends where its person is not annotated in the next labelled frame, and
tracks of fewer than eight frames are left out (method section 7.3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .errors import RawDataInvalid, RawDataMissing
from .files import entry, folder, numbers, read_json
from .frames import picture_files
from .joint_names import into_spin49, with_confidence
from .segments import segments
from .tracks import Extractor, RawTrack, Say, write_tracks

LEAST_FRAMES = 8
EXCLUDED = "021133_mpii_train.json"  # known to be damaged; every published preparation leaves it out
SHRINK = 0.8  # annotated boxes are generous
# The dataset's own names, which each file repeats in its own order -> SPIN names.
NAMES = {
    "nose": "nose",
    "head_bottom": "neck",
    "head_top": "head_top",
    **{f"{side}_{part}": f"{side}_{part}" for side in ("left", "right") for part in (
        "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"
    )},
}  # fmt: skip


def prepare_posetrack(
    raw: Path, out: Path, split: str, *, features: Extractor | None, say: Say = lambda line: None
) -> Path:
    """Writes OUT/posetrack_train or OUT/posetrack_val and returns its folder.

    Raises RawDataMissing, RawDataInvalid, and what `write_tracks` raises.
    """
    place = folder(raw / "annotations" / split, "one .json for each clip")
    files = [path for path in sorted(place.glob("*.json")) if path.name != EXCLUDED]
    if not files:
        raise RawDataMissing(f"{place} must hold one .json for each clip; it holds none.")
    tracks = (track for path in files for track in _clip(raw, path))
    return write_tracks(tracks, out, "posetrack", split, features=features, say=say)


def _clip(raw: Path, path: Path) -> Iterator[RawTrack]:
    content = read_json(path, "the annotations of a clip")
    labelled = [image for image in entry(content, "images", path) if entry(image, "is_labeled", path)]
    labelled.sort(key=lambda image: entry(image, "frame_id", path))
    order = {entry(image, "id", path): position for position, image in enumerate(labelled)}
    people: dict[int, dict[int, Any]] = defaultdict(dict)
    for annotation in entry(content, "annotations", path):
        position = order.get(entry(annotation, "image_id", path))
        if position is not None and _is_usable(annotation, path):
            people[entry(annotation, "track_id", path)][position] = annotation
    if not people:
        return
    names = _names(content, path)
    for person, annotated in sorted(people.items()):
        positions = sorted(annotated)
        runs = [run for run in segments(positions) if run.stop - run.start >= LEAST_FRAMES]
        for part, run in enumerate(runs):
            chosen = positions[run]
            rows = [annotated[position] for position in chosen]
            keypoints = numbers(
                [row["keypoints"] for row in rows], (None, 3 * len(names)), f"{path}: keypoints"
            )
            points = keypoints.reshape(len(rows), len(names), 3)[..., :2]
            left, top, width, height = numbers([row["bbox"] for row in rows], (None, 4), f"{path}: bbox").T
            pictures = [str(entry(labelled[position], "file_name", path)) for position in chosen]
            yield RawTrack(
                name=f"{path.stem}_{person}_seg{part}",
                source=path.relative_to(raw).as_posix(),
                images=picture_files(raw / picture for picture in pictures),
                boxes=np.column_stack(
                    [left + width / 2, top + height / 2, SHRINK * np.maximum(width, height)]
                ),
                arrays={
                    # What was not annotated lies at (0, 0); files differ in what the third number means.
                    "joints2D": into_spin49(with_confidence(points, (points != 0).any(-1)), names),
                    "img_name": np.array(pictures),
                },
            )


def _is_usable(annotation: Any, path: Path) -> bool:
    """Whether anything is annotated, in a box that has a size."""
    box = numbers(annotation.get("bbox", (0, 0, 0, 0)), (4,), f"{path}: bbox")
    return bool(min(box[2:]) > 0 and np.any(entry(annotation, "keypoints", path)))


def _names(content: Any, path: Path) -> tuple[str, ...]:
    """SPIN names of the keypoints, in the order that the file itself states."""
    stated = next(
        (category["keypoints"] for category in entry(content, "categories", path) if "keypoints" in category),
        (),
    )
    if sorted(stated) != sorted(NAMES):
        raise RawDataInvalid(f"{path}: categories names the keypoints {stated}; expected PoseTrack18's 17.")
    return tuple(NAMES[name] for name in stated)
