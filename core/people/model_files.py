"""Finds and fetches the person-landmark model that MediaPipe runs.

MediaPipe's current wheels ship no model. The 0.10.21 wheel carries both TFLite files, so setup asks the
package client for that wheel, takes the two files, checks them and assembles the `.task` bundle. Standard
library only: setup runs before the worker's environment is complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from ..errors import DiskFull, InputError, Reel2RigError
from ..wheels import WheelDownloadFailed, download_wheel
from .tflite_metadata import ALIGNMENT, with_normalisation

WHEEL = "mediapipe==0.10.21"
# The wheel is only a container here, so one platform's wheel serves every system.
WHEEL_TAGS = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64")
DOWNLOAD_BYTES = 36_000_000
NEEDED_BYTES = 100_000_000

LOCAL_HEADER_BYTES = 30  # of a zip entry, before its name
PADDING_FIELD = 0xD935  # the extra-field number that zip aligners use

DETECTOR, LANDMARKER = "pose_detector.tflite", "pose_landmarks_detector.tflite"
# bundle entry -> (path in the wheel, SHA-256, mean, std of the input pixels)
SOURCES = {
    DETECTOR: (
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        127.5,
        127.5,
    ),
    LANDMARKER: (
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        0.0,
        255.0,
    ),
}


class LandmarkModelMissing(Reel2RigError):
    code = "people.model_missing"
    exit_code = 5


class LandmarkModelCorrupt(Reel2RigError):
    code = "people.model_corrupt"
    exit_code = 5


class LandmarkModelUnknown(InputError):
    code = "people.model_unknown"


class LandmarkModelDownloadFailed(Reel2RigError):
    code = "people.model_download_failed"
    exit_code = 5


def landmark_model_path(folder: str | os.PathLike[str], name: str = "full") -> Path:
    """The `.task` file to run: the fetched model called `name`, or `name` itself when it is a path to one.

    Args:
        folder: where `fetch_landmark_model` puts models.
        name: "full", or the path of the user's own `.task` file.

    Raises:
        LandmarkModelMissing, LandmarkModelCorrupt, LandmarkModelUnknown.
    """
    if name.endswith(".task"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise LandmarkModelMissing(f"There is no landmark model at {path}: give the path of a .task.")
        if not is_landmark_bundle(path):
            raise LandmarkModelCorrupt(
                f"{path} is not a pose landmark model: give a MediaPipe PoseLandmarker .task file."
            )
        return path
    path = _bundle_path(folder, name)
    if not path.is_file():
        raise LandmarkModelMissing(
            "The person-landmark model is not on this computer yet: run `reel2rig setup` once to fetch it."
        )
    if not is_landmark_bundle(path):
        raise LandmarkModelCorrupt(
            f"The landmark model {path} is damaged: run `reel2rig setup` to fetch it anew."
        )
    return path


def fetch_landmark_model(
    folder: str | os.PathLike[str],
    name: str = "full",
    python: str = sys.executable,
    say: Callable[[str], object] = print,
) -> Path:
    """Makes sure the landmark model called `name` is in `folder` and returns its path.

    A healthy file is kept as it is. The file appears under its name only when it is complete, so an
    interrupted fetch can simply be repeated.

    Args:
        folder: the models folder; made when missing.
        name: "full" is the one that the wheel carries.
        python: an interpreter that has pip.
        say: receives one line for the user.

    Raises:
        LandmarkModelDownloadFailed: the package index cannot be reached or gave something else.
        LandmarkModelUnknown: no such model can be fetched.
        DiskFull: less than about 100 MB is free.
    """
    path = _bundle_path(folder, name)
    if path.is_file() and is_landmark_bundle(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(path.parent).free < NEEDED_BYTES:
        raise DiskFull(
            f"Fetching the landmark model needs {NEEDED_BYTES // 1_000_000} MB of free disk in {path.parent}:"
            " free some space and run `reel2rig setup` again."
        )
    say(f"Fetching the person-landmark model ({DOWNLOAD_BYTES // 1_000_000} MB, once)")
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as scratch:
        try:
            wheel = download_wheel(WHEEL, Path(scratch), python, WHEEL_TAGS)
        except WheelDownloadFailed as error:
            raise _download_failed(str(error)) from error
        bundle = Path(scratch) / path.name
        _write_bundle(bundle, _checked_models(wheel))
        os.replace(bundle, path)
    return path


def is_landmark_bundle(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is an undamaged zip that holds a pose detector and a pose landmark model."""
    with contextlib.suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as bundle:
        return {DETECTOR, LANDMARKER} <= set(bundle.namelist()) and bundle.testzip() is None
    return False


def _bundle_path(folder: str | os.PathLike[str], name: str) -> Path:
    if name != "full":
        raise LandmarkModelUnknown(
            f'There is no landmark model called "{name}": use "full" or the path of your own .task file.'
        )
    return Path(folder) / f"pose_landmarker_{name}.task"


def _checked_models(wheel: Path) -> dict[str, bytes]:
    """The two models with their normalisation written in, after their SHA-256 has been checked."""
    models = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for entry, (source, sha256, mean, std) in SOURCES.items():
                data = archive.read(source)
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise _download_failed(f"{Path(source).name} has an unexpected checksum")
                models[entry] = with_normalisation(data, mean, std)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise _download_failed(f"the downloaded {wheel.name} is damaged") from error
    return models


def _write_bundle(path: Path, models: dict[str, bytes]) -> None:
    """A stored zip with fixed dates, so that equal models give equal files.

    Each model starts on an alignment boundary: MediaPipe maps the file and reads tensors in place.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as bundle:
        for entry, data in models.items():
            info = zipfile.ZipInfo(entry)
            # An extra field of the local header (id, size, zeros) is the zip format's own room for padding.
            padding = -(bundle.start_dir + LOCAL_HEADER_BYTES + len(entry) + 4) % ALIGNMENT
            info.extra = struct.pack("<HH", PADDING_FIELD, padding) + bytes(padding)
            bundle.writestr(info, data)


def _download_failed(reason: str) -> LandmarkModelDownloadFailed:
    return LandmarkModelDownloadFailed(
        "The person-landmark model could not be fetched from the Python package index; check the internet"
        f" connection and run `reel2rig setup` again, or name your own .task file ({reason.strip()})."
    )
