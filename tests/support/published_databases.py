"""Small copies of the databases that researchers published, in their own layouts (method section 7.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np

TRACKS = (("clip_a_0", 20), ("clip_b_0", 5), ("clip_b_1", 24))
FRAMES = sum(length for _, length in TRACKS)
C = 8

# File name -> joints of joints2D, joints of joints3D, further keys; zeros stand for what is not known.
LAYOUTS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "3dpw_train_db.pt": (14, 49, ("frame_id", "img_name", "pose", "shape", "bbox", "valid")),
    "3dpw_test_db.pt": (14, 14, ("frame_id", "img_name", "pose", "shape", "bbox", "valid")),
    "mpii3d_train_scale12_db.pt": (49, 49, ("frame_id", "img_name", "bbox")),
    "mpii3d_val_scale12_db.pt": (49, 49, ("frame_id", "img_name", "bbox", "valid_i")),
    "h36m_train_25fps_db.pt": (49, 49, ("frame_id", "img_name", "pose", "shape", "bbox")),
    "h36m_train_25fps_nosmpl_db.pt": (49, 49, ("frame_id", "img_name", "zero_pose", "zero_shape", "bbox")),
    "posetrack_train_db.pt": (49, 0, ("img_name", "bbox")),
    "pennaction_train_scale12_db.pt": (14, 0, ("img_name", "bbox")),
    "insta_train_db.h5": (25, 0, ("frame_id",)),
}


def published(name: str, seed: int = 0) -> dict[str, Any]:
    """The dictionary of one published file, in small."""
    rng = np.random.default_rng(seed)
    keypoints, joints, further = LAYOUTS[name]
    names = np.concatenate([np.full(length, track) for track, length in TRACKS])
    content: dict[str, Any] = {
        "vid_name": names,
        "features": rng.normal(size=(FRAMES, C)).astype(np.float32),
        "joints2D": np.concatenate(
            [
                rng.uniform(20, 200, (FRAMES, keypoints, 2)),
                rng.integers(0, 2, (FRAMES, keypoints, 1)),
            ],
            -1,
        ).astype(np.float32),
    }
    if joints:
        content["joints3D"] = rng.normal(size=(FRAMES, joints, 3)).astype(np.float32)
    values = {
        "frame_id": np.arange(FRAMES),
        "img_name": np.array([f"imageFiles/clip/image_{i:05d}.jpg" for i in range(FRAMES)]),
        "pose": rng.normal(size=(FRAMES, 72)).astype(np.float32),
        "shape": rng.normal(size=(FRAMES, 10)).astype(np.float32),
        "zero_pose": np.zeros((FRAMES, 72), np.float32),
        "zero_shape": np.zeros((FRAMES, 10), np.float32),
        "bbox": np.tile(np.float32([110, 110, 150, 150]), (FRAMES, 1)),
        "valid": (np.arange(FRAMES) % 7 != 3).astype(np.int64),
        "valid_i": (np.arange(FRAMES) % 2).astype(np.uint8)[:, None],
    }
    return content | {key.removeprefix("zero_"): values[key] for key in further}


def write_published(folder: Path, name: str, content: dict[str, Any] | None = None, **options: Any) -> Path:
    """Writes one file as its publisher did; `options` go to joblib."""
    path = folder / name
    content = published(name) if content is None else content
    if path.suffix == ".pt":
        joblib.dump(content, path, **options)
        return path
    with h5py.File(path, "w") as file:
        for key, value in content.items():
            file[key] = value.astype("S") if np.asarray(value).dtype.kind == "U" else value
    return path
