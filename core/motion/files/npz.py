"""A `MotionClip` as a plain .npz file: arrays and short strings only, nothing that has to be unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.lib.npyio import NpzFile

from ...errors import FileCorrupt, InputError
from ..clip import Camera, MotionClip
from .atomic import atomic_output

T = TypeVar("T")
SCHEMA = 1
_REQUIRED = ("rotations", "root", "betas", "rest_joints", "fps_num", "fps_den", "frames", "valid", "space")
_CAMERA = ("camera_focal_px", "camera_width", "camera_height", "camera_rotation", "camera_translation")


class MotionFileCorrupt(FileCorrupt):
    """A motion file does not hold a motion; the sentence names the key."""

    code = "motion.file_corrupt"


class MotionFileMissing(InputError):
    code = "motion.file_not_found"


def write_clip(path: str | os.PathLike[str], clip: MotionClip) -> None:
    """Write a clip as .npz, all of it or nothing.

    Raises core.errors.OutputFolderMissing, OutputNotWritable, DiskFull or OutputError.

    **Convention**: the arrays are those of `MotionClip`, in the clip's own space; `joints` (T, 24, 3) is
    added for readers without a skeleton.
    """
    arrays: dict[str, Any] = {
        "schema": SCHEMA,
        "rotations": clip.rotations,
        "root": clip.root,
        "betas": clip.betas,
        "rest_joints": clip.rest_joints,
        "body_scale": clip.body_scale,
        "joints": clip.joints,
        "fps_num": clip.fps.numerator,
        "fps_den": clip.fps.denominator,
        "frames": clip.frames,
        "valid": clip.valid,
        "contacts": clip.contacts,
        "space": clip.space,
        "track": clip.track,
        "source": clip.source,
        "notes": json.dumps(list(clip.notes), ensure_ascii=False),
    }
    if clip.camera is not None:
        camera = clip.camera
        values = (camera.focal_px, camera.width, camera.height, camera.rotation, camera.translation)
        arrays.update(zip(_CAMERA, values, strict=True))
    with atomic_output(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def read_clip(path: str | os.PathLike[str]) -> MotionClip:
    """Read a clip that `write_clip` wrote, trusting nothing in it.

    Raises MotionFileMissing when there is no such file, MotionFileCorrupt naming the key when it is not an
    .npz file, is cut off, lacks a key, or a key holds another type, shape or value than it must.
    """
    source = Path(path)
    if not source.is_file():
        raise MotionFileMissing(f"There is no motion file {source}: check the path.")
    try:
        archive = np.load(source, allow_pickle=False)
    except Exception as error:
        raise MotionFileCorrupt(f"{source.name} is not a motion file: capture or export it again.") from error
    if not isinstance(archive, NpzFile):
        raise MotionFileCorrupt(
            f"{source.name} holds one bare array, not a motion: choose the .npz of a capture."
        )
    with archive:
        return _clip_of(_Keys(source.name, archive))


class _Keys:
    """Typed access to the keys of an archive; every failure names the file and the key."""

    def __init__(self, name: str, archive: NpzFile) -> None:
        self._name, self._archive, self._present = name, archive, set(archive.files)

    def __contains__(self, key: str) -> bool:
        return key in self._present

    def corrupt(self, key: str, reason: str) -> MotionFileCorrupt:
        return MotionFileCorrupt(
            f"{self._name} is damaged at '{key}' ({reason}): capture or export it again."
        )

    def array(self, key: str) -> np.ndarray:
        if key not in self:
            raise self.corrupt(key, "it is missing")
        try:
            return self._archive[key]
        except Exception as error:  # zip, zlib, npy header and object arrays each raise their own kinds
            raise self.corrupt(key, "it cannot be read") from error

    def scalar(self, key: str, convert: Callable[[Any], T], default: T | None = None) -> T:
        if key not in self and default is not None:
            return default
        value = self.array(key)
        if value.shape != ():
            raise self.corrupt(key, f"one value is expected, not shape {value.shape}")
        try:
            return convert(value.item())
        except (TypeError, ValueError, OverflowError) as error:
            raise self.corrupt(key, "the value has the wrong type") from error


def _clip_of(keys: _Keys) -> MotionClip:
    schema = keys.scalar("schema", _whole, SCHEMA)
    if schema > SCHEMA:
        raise keys.corrupt("schema", f"version {schema} is newer than this program knows; update it")
    for key in _REQUIRED:
        if key not in keys:
            raise keys.corrupt(key, "it is missing")
    numerator, denominator = keys.scalar("fps_num", _whole), keys.scalar("fps_den", _whole)
    if numerator <= 0 or denominator <= 0:
        raise keys.corrupt("fps_num", "the frame rate is not positive")
    frames = keys.array("frames")
    try:
        return MotionClip(
            rotations=keys.array("rotations"),
            root=keys.array("root"),
            betas=keys.array("betas"),
            rest_joints=keys.array("rest_joints"),
            fps=Fraction(numerator, denominator),
            frames=frames,
            valid=keys.array("valid"),
            contacts=keys.array("contacts") if "contacts" in keys else np.zeros((np.size(frames), 4)),
            space=keys.scalar("space", _text),
            body_scale=keys.scalar("body_scale", float, 1.0),
            camera=_camera_of(keys),
            track=keys.scalar("track", _text, "1"),
            source=keys.scalar("source", _text, ""),
            notes=_notes_of(keys),
        )
    except ValueError as error:  # MotionClip's own checks; the message begins with the field
        key, _, reason = str(error).partition(" ")
        raise keys.corrupt(key, reason) from error


def _camera_of(keys: _Keys) -> Camera | None:
    if not any(key in keys for key in _CAMERA):
        return None
    try:
        return Camera(
            focal_px=keys.scalar("camera_focal_px", float),
            width=keys.scalar("camera_width", _whole),
            height=keys.scalar("camera_height", _whole),
            rotation=keys.array("camera_rotation"),
            translation=keys.array("camera_translation"),
        )
    except ValueError as error:
        raise keys.corrupt("camera_rotation", str(error)) from error


def _notes_of(keys: _Keys) -> tuple[str, ...]:
    text = keys.scalar("notes", _text, "[]")
    try:
        notes = json.loads(text)
    except ValueError as error:
        raise keys.corrupt("notes", "it is not JSON") from error
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise keys.corrupt("notes", "a list of sentences is expected")
    return tuple(notes)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number is expected, not {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {value!r}")
    return value
