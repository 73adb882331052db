"""3DPW: people filmed by a hand-held phone, with SMPL bodies from their inertial sensors.

    RAW/sequenceFiles/train/SEQUENCE.pkl       also validation and test; Python 2 pickles of numpy arrays
    RAW/imageFiles/SEQUENCE/image_00000.jpg

A pickle holds one array per person: poses (F, 72), betas (10), trans (F, 3), poses2d (F, 3, 18),
campose_valid (F), genders; and of the phone cam_poses (F, 4, 4), world to camera. Bodies stand in the world
and are turned into the camera here (method section 7.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...body.spin_joints import SpinJoints
from ...features.images.boxes import VISIBLE, box_from_keypoints, smooth_boxes
from .cameras import into_camera, pose_in_camera, rotations_of
from .errors import RawDataInvalid, RawDataMissing
from .files import entry, folder, numbers
from .frames import picture_files
from .joint_names import into_common14, with_confidence
from .python2 import read_python2_pickle
from .tracks import Extractor, RawTrack, Say, write_tracks

FOLDERS = {"train": "train", "val": "validation", "test": "test"}
FPS = 30.0
GENDERS = {"m": "male", "f": "female"}
# OpenPose's 18 keypoints. Its neck is the middle of the shoulders, not the common one; the face has no place.
JOINTS = (
    *("", "", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "", "", "", ""),
)
_BODIES_AT_ONCE = 512


def prepare_3dpw(
    raw: Path,
    out: Path,
    split: str,
    *,
    features: Extractor | None,
    bodies: Mapping[str, SpinJoints],
    say: Say = lambda line: None,
) -> Path:
    """Writes OUT/3dpw_train, OUT/3dpw_val or OUT/3dpw_test and returns its folder.

    Args:
        bodies: the joints of the bodies called "male" and "female", or of "neutral" alone, which then stands
            for everyone (what published tables use, although the shapes were fitted with gendered bodies).

    Frames from the first to the last in which anything is visible are kept; evaluation drops what it must not
    count. joints3D are the 49 SPIN joints for training, else the 14 common ones of Human3.6M's regressor, in
    metres before the real camera.

    Raises RawDataMissing, RawDataInvalid, and what `write_tracks` raises.
    """
    sequences = folder(raw / "sequenceFiles" / FOLDERS[split], "one .pkl for each sequence")
    found = sorted(sequences.glob("*.pkl"))
    if not found:
        raise RawDataMissing(f"{sequences} must hold one .pkl for each sequence; it holds none.")
    tracks = (track for path in found for track in _sequence(raw, path, split == "train", bodies))
    return write_tracks(
        tracks,
        out,
        "3dpw",
        split,
        features=features,
        joint_set="common14",
        fps=FPS,
        has_3d=True,
        has_smpl=True,
        say=say,
    )


def _sequence(raw: Path, path: Path, train: bool, bodies: Mapping[str, SpinJoints]) -> Iterator[RawTrack]:
    content = read_python2_pickle(path)
    cameras = numbers(entry(content, "cam_poses", path), (None, 4, 4), f"{path}: cam_poses")
    genders = entry(content, "genders", path)
    for person in range(len(entry(content, "poses", path))):
        keypoints = _of(content, "poses2d", person, (len(cameras), 3, len(JOINTS)), path).swapaxes(1, 2)
        boxes = box_from_keypoints(keypoints, "diagonal")
        seen = np.flatnonzero(np.isfinite(boxes).all(-1))
        if not len(seen):
            continue  # never visible: there is nothing to crop
        rows = slice(seen[0], seen[-1] + 1)
        gender = GENDERS.get(str(genders[person])[:1].lower(), "neutral")
        body = bodies.get(gender) or bodies.get("neutral")
        if body is None:
            raise RawDataInvalid(f"{path}: genders says '{genders[person]}'; expected 'm' or 'f'.")
        pose = _of(content, "poses", person, (len(cameras), 72), path)[rows]
        shape = _of(content, "betas", person, (None,), path)[:10]
        moved = _of(content, "trans", person, (len(cameras), 3), path)[rows]
        camera = cameras[rows]
        seen_pose = pose_in_camera(pose, camera[:, :3, :3])
        frames = np.arange(rows.start, rows.stop)
        pictures = [raw / "imageFiles" / path.stem / f"image_{frame:05d}.jpg" for frame in frames]
        shown = keypoints[rows]
        yield RawTrack(
            name=f"{path.stem}_{person}",
            source=path.relative_to(raw).as_posix(),
            images=picture_files(pictures),
            boxes=smooth_boxes(boxes[rows]),
            arrays={
                "joints2D": into_common14(with_confidence(shown[..., :2], shown[..., 2] > VISIBLE), JOINTS),
                "joints3D": _joints(body, seen_pose, shape, moved, camera, train),
                "pose": seen_pose,
                "shape": np.tile(shape, (len(frames), 1)),
                "valid": _of(content, "campose_valid", person, (len(cameras),), path)[rows],
                "frame_id": frames,
                "img_name": np.array([picture.relative_to(raw).as_posix() for picture in pictures]),
            },
            gender=gender,
        )


def _of(
    content: Mapping[str, Any], key: str, person: int, shape: tuple[int | None, ...], path: Path
) -> NDArray[np.float64]:
    """One person's array under `key`."""
    people = entry(content, key, path)
    if len(people) <= person:
        raise RawDataInvalid(f"{path}: {key} has {len(people)} people; expected as many as poses has.")
    return numbers(people[person], shape, f"{path}: {key} of person {person}")


@torch.inference_mode()
def _joints(
    body: SpinJoints,
    pose: NDArray[np.float32],
    shape: NDArray[np.float64],
    trans: NDArray[np.float64],
    camera: NDArray[np.float64],
    train: bool,
) -> NDArray[np.float32]:
    """Joints (n, 49, 3), or (n, 14, 3) of Human3.6M's regressor, before the camera, metres.

    **Convention**: `pose` has its root in the camera already. SMPL turns about its pelvis J0, so that the
    joints in the camera are J - J0 + R (J0 + trans) + t.
    """
    betas = torch.as_tensor(shape, dtype=torch.float32).expand(len(pose), -1)
    rotations = torch.from_numpy(rotations_of(pose))
    compute = body.joints49 if train else body.common14_h36m
    posed = torch.cat(
        [
            compute(r, b)
            for r, b in zip(rotations.split(_BODIES_AT_ONCE), betas.split(_BODIES_AT_ONCE), strict=True)
        ]
    ).numpy()
    pelvis = body.body.rest_joints(betas[:1])[:, 0].numpy()
    place = into_camera((pelvis + trans)[:, None], camera[:, :3, :3], camera[:, :3, 3])
    return (posed - pelvis + place).astype(np.float32)
