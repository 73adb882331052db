"""Human3.6M from pictures at 50 frames per second and JSON annotations, one set of files a subject.

    RAW/annotations/Human36M_subject1_camera.json           {camera: {R, t (mm), f, c}}
                    Human36M_subject1_joint_3d.json         {action: {subaction: {frame: 17 x 3}}}, world, mm
                    Human36M_subject1_SMPL_NeuralAnnot.json the same of {pose, shape, trans}, optional
    RAW/images/s_01_act_02_subact_01_ca_01/s_01_act_02_subact_01_ca_01_000001.jpg

Picture 000001 is frame "0". Every second frame is kept: 25 frames per second (method section 7.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...features.images.boxes import box_from_keypoints, smooth_boxes
from .cameras import into_camera, onto_picture, pose_in_camera
from .errors import RawDataInvalid, RawDataMissing
from .files import entry, folder, numbers, read_json
from .frames import numbered_pictures, picture_files
from .joint_names import into_spin49, with_confidence
from .segments import segments
from .tracks import Extractor, RawTrack, Say, write_tracks

SUBJECTS = {"train": (1, 5, 6, 7, 8), "test": (9, 11)}
FPS = 25.0
# In the order of the annotations, which call the spine torso and the jaw nose.
JOINTS = (
    *("pelvis_mpii", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("spine_h36m", "neck", "jaw_h36m", "head_top", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_shoulder", "right_elbow", "right_wrist"),
)
_PELVIS = JOINTS.index("pelvis_mpii")
_FOLDER = re.compile(r"s_(\d+)_act_(\d+)_subact_(\d+)_ca_(\d+)$")


def prepare_h36m(
    raw: Path, out: Path, split: str, *, features: Extractor | None, say: Say = lambda line: None
) -> Path:
    """Writes OUT/h36m_train (subjects 1, 5, 6, 7, 8) or OUT/h36m_test (9, 11) and returns its folder.

    The training split carries SMPL parameters where the fits (NeuralAnnot) lie beside the joints.

    Raises RawDataMissing, RawDataInvalid, and what `write_tracks` raises.
    """
    subjects = SUBJECTS[split]
    has_smpl = split == "train" and _fits_are_there(raw, subjects)
    tracks = (track for subject in subjects for track in _subject(raw, subject, has_smpl))
    return write_tracks(
        tracks, out, "h36m", split, features=features, fps=FPS, has_3d=True, has_smpl=has_smpl, say=say
    )


def _file(raw: Path, subject: int, kind: str) -> Path:
    return raw / "annotations" / f"Human36M_subject{subject}_{kind}.json"


def _fits_are_there(raw: Path, subjects: tuple[int, ...]) -> bool:
    files = [_file(raw, subject, "SMPL_NeuralAnnot") for subject in subjects]
    there = [file for file in files if file.is_file()]
    if there and len(there) < len(files):
        absent = next(file for file in files if file not in there)
        raise RawDataMissing(
            f"{absent} is missing while {there[0].name} is there: add the fits of all subjects or none."
        )
    return bool(there)


def _subject(raw: Path, subject: int, has_smpl: bool) -> Iterator[RawTrack]:
    videos = folder(raw / "images", "a folder s_01_act_02_subact_01_ca_01 for each video")
    files = {"camera": "the four cameras of a subject", "joint_3d": "the joints of a subject"}
    if has_smpl:
        files["SMPL_NeuralAnnot"] = "the SMPL parameters of a subject"
    read = {kind: read_json(_file(raw, subject, kind), holds) for kind, holds in files.items()}
    found = sorted(path for path in videos.glob(f"s_{subject:02d}_act_*") if _FOLDER.search(path.name))
    if not found:
        raise RawDataMissing(f"{videos} has no video of subject {subject} (s_{subject:02d}_act_..).")
    for video in found:
        yield from _video(raw, video, subject, read)


@dataclass(frozen=True)
class _Camera:
    """World to camera R (3, 3), t (3,) in mm; focal lengths and principal point (2,) in px."""

    R: NDArray[np.float64]
    t: NDArray[np.float64]
    f: NDArray[np.float64]
    c: NDArray[np.float64]


def _camera(content: Any, number: str, path: Path) -> _Camera:
    values = entry(content, number, path)
    shapes = {"R": (3, 3), "t": (3,), "f": (2,), "c": (2,)}
    where = f"camera {number}"
    return _Camera(
        **{k: numbers(entry(values, k, path), s, f"{path}: {k} of {where}") for k, s in shapes.items()}
    )


def _video(raw: Path, video: Path, subject: int, read: dict[str, Any]) -> Iterator[RawTrack]:
    matched = _FOLDER.search(video.name)
    assert matched is not None
    action, subaction, number = (str(int(group)) for group in matched.groups()[1:])
    camera = _camera(read["camera"], number, _file(raw, subject, "camera"))
    path = _file(raw, subject, "joint_3d")
    takes = {"joint_3d": entry(entry(read["joint_3d"], action, path), subaction, path)}
    if "SMPL_NeuralAnnot" in read:
        takes["SMPL_NeuralAnnot"] = read["SMPL_NeuralAnnot"].get(action, {}).get(subaction, {})
    pictures = numbered_pictures(video)
    # Fits are missing for some frames, which are left out: no window may span them.
    frames = [n - 1 for n in pictures if all(str(n - 1) in take for take in takes.values())]
    if len(frames) > 1 and min(np.diff(frames)) > 1:
        raise RawDataInvalid(f"{video} must hold every frame, at 50 per second; it holds {frames[:3]}, ...")
    for part, run in enumerate(segments(frames)):
        chosen = frames[run]
        listed = [takes["joint_3d"][str(f)] for f in chosen]
        world = numbers(listed, (None, len(JOINTS), 3), f"{path}: {action}/{subaction}")
        joints = into_camera(world, camera.R, camera.t)
        keypoints = into_spin49(with_confidence(onto_picture(joints, camera.f, camera.c)), JOINTS)
        centred = (joints - joints[:, _PELVIS : _PELVIS + 1]) / 1000
        arrays = {"joints2D": keypoints, "joints3D": into_spin49(centred, JOINTS)}
        if fits := takes.get("SMPL_NeuralAnnot"):
            arrays |= _smpl([fits[str(f)] for f in chosen], camera, _file(raw, subject, "SMPL_NeuralAnnot"))
        arrays["frame_id"] = np.array(chosen)
        paths = [pictures[f + 1] for f in chosen]
        arrays["img_name"] = np.array([path.relative_to(raw).as_posix() for path in paths])
        yield RawTrack(
            name=video.name + (f"_seg{part}" if part else ""),
            source=video.relative_to(raw).as_posix(),
            images=picture_files(paths[::2]),
            # Boxes are smoothed at the full rate, as the filters were made for it.
            boxes=smooth_boxes(box_from_keypoints(keypoints, "diagonal"))[::2],
            arrays={key: array[::2] for key, array in arrays.items()},
        )


def _smpl(fits: list[Any], camera: _Camera, path: Path) -> dict[str, NDArray]:
    pose = numbers([entry(fit, "pose", path) for fit in fits], (None, 72), f"{path}: pose")
    shape = numbers([entry(fit, "shape", path) for fit in fits], (None, 10), f"{path}: shape")
    return {"pose": pose_in_camera(pose, camera.R), "shape": shape}
