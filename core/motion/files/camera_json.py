"""Camera tracks as JSON (docs/camera-track.md): what trackers can export, and what a .blend carries."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..camera_track import BadCameraTrack, CameraTrack, from_poses
from ..spaces import CV_TO_BLENDER, CV_TO_BLENDER_CAMERA

Array = NDArray[np.float64]

KIND, SCHEMA = "camera track", 1


def read_camera_track(path: str | Path) -> CameraTrack:
    """Read a camera track. Raises BadCameraTrack with a sentence that names what is wrong."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCameraTrack(f"{path} cannot be read; choose a camera track in JSON.") from error
    return parse_camera_track(text)


def parse_camera_track(text: str) -> CameraTrack:
    """A camera track out of JSON. Raises BadCameraTrack."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadCameraTrack("This file is not JSON; choose a camera track in JSON.") from error
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("schema") != SCHEMA:
        raise BadCameraTrack(
            f'This file is no camera track; it must say "kind": "{KIND}", "schema": {SCHEMA}.'
        )
    axes = _choice(data, "axes", ("opencv", "blender"))
    pose = _choice(data, "pose", ("world_to_camera", "camera_to_world"))
    unit = _choice(data, "unit", ("metres", "unknown"), "metres")
    matrices = _matrices(_given(data, "matrices"))
    turns, shifts = matrices[:, :, :3], matrices[:, :, 3]
    if pose == "world_to_camera":
        turns, shifts = turns.transpose(0, 2, 1), -np.einsum("tji,tj->ti", turns, shifts)
    if axes == "opencv":
        turns, shifts = CV_TO_BLENDER @ turns, shifts @ CV_TO_BLENDER.T
    else:
        turns = turns @ CV_TO_BLENDER_CAMERA
    try:
        focal = np.broadcast_to(np.asarray(_given(data, "focal_px"), np.float64), len(matrices))
        rate = _given(data, "fps")
        fps = Fraction(*map(int, rate)) if isinstance(rate, list) else Fraction(rate).limit_denominator(1001)
        first, width, height = (
            int(data.get("first_frame", 0)), int(_given(data, "width")), int(_given(data, "height"))
        )  # fmt: skip
    except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise BadCameraTrack(
            "The camera track's fps, width, height and first_frame must be numbers, and focal_px one number "
            "or one for each frame; export it again."
        ) from error
    return from_poses(turns, shifts, focal, fps, width, height, first, unit == "metres")


def camera_track_text(track: CameraTrack) -> str:
    """The track as the JSON that `parse_camera_track` reads."""
    matrices = np.concatenate([track.rotation, track.translation[..., None]], axis=-1)
    # In the file's own "opencv" the world is renamed as well.
    matrices[:, :, :3] = matrices[:, :, :3] @ CV_TO_BLENDER
    return json.dumps(
        {
            "kind": KIND,
            "schema": SCHEMA,
            "fps": [track.fps.numerator, track.fps.denominator],
            "width": track.width,
            "height": track.height,
            "focal_px": np.round(track.focal_px, 4).tolist(),
            "axes": "opencv",
            "pose": "world_to_camera",
            "unit": "metres" if track.metric else "unknown",
            "first_frame": track.first_frame,
            "matrices": np.round(matrices, 9).tolist(),
        }
    )


def _given(data: dict[str, Any], name: str) -> Any:
    if name not in data:
        raise BadCameraTrack(f"The camera track does not say its {name}; export it again.")
    return data[name]


def _choice(data: dict[str, Any], name: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = data.get(name, default) if default else _given(data, name)
    if value not in known:
        raise BadCameraTrack(f"The camera track's {name} is {value!r}; it must be {' or '.join(known)}.")
    return value


def _matrices(given: Any) -> Array:
    """(N, 3, 4) poses out of a list of matrices with 3 or 4 rows."""
    if not isinstance(given, list) or not given:
        raise BadCameraTrack("The camera track holds no matrices; export it again.")
    found = np.empty((len(given), 3, 4))
    for row, matrix in enumerate(given):
        try:
            value = np.asarray(matrix, dtype=np.float64)
        except (TypeError, ValueError):
            value = np.empty(0)
        if value.shape not in ((3, 4), (4, 4)):
            raise BadCameraTrack(
                f"Pose {row} of the camera track is no matrix of 3 or 4 rows and 4 columns; "
                "every frame needs one."
            )
        found[row] = value[:3]
    return found
