"""The raw clip and its settings, carried inside the .blend.

They lie in a Text datablock that the armature points to: saved with the file, appended along with the
armature, readable on a computer without job folder or worker. The first line is JSON, the rest is a motion
file (.npz) in base64 (RFC 4648). What is read back passes through the motion file's own checks, so an
edited or damaged text is refused with a sentence.
"""

from __future__ import annotations

import base64
import binascii
import json
import tempfile
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import FileCorrupt, InputError
from ...core.motion.clip import MotionClip
from ...core.motion.files.npz import read_clip, write_clip
from ...core.motion.smoothing import unbroken_runs

PROPERTY = "reel2rig_clip"
_KIND = "reel2rig clip"
_LINE = 4096


class PackedClipMissing(InputError):
    code = "packed.missing"


class PackedClipCorrupt(FileCorrupt):
    code = "packed.corrupt"


def pack_clip(armature: bpy.types.Object, clip: MotionClip, about: dict[str, Any]) -> bpy.types.Text:
    """Store the clip and the JSON-able facts `about` it with the armature, and among them what is `seen`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.npz"
        write_clip(path, clip)
        data = base64.b64encode(path.read_bytes()).decode("ascii")
    head = json.dumps({"kind": _KIND, "schema": 1, **about, "seen": _seen(clip)}, ensure_ascii=False)
    lines = [head, *(data[i : i + _LINE] for i in range(0, len(data), _LINE))]
    text = bpy.data.texts.new(f"{armature.name} clip")
    text.from_string("\n".join(lines) + "\n")
    text.use_fake_user = True
    armature[PROPERTY] = text
    return text


def read_about(armature: bpy.types.Object) -> dict[str, Any]:
    """The facts that `pack_clip` stored; quick however long the clip is. Raises as `unpack_clip`."""
    text = _text_of(armature)
    return _facts(text, text.lines[0].body)


def update_about(armature: bpy.types.Object, **changes: Any) -> None:
    """Change some of the stored facts; the clip itself stays as the capture left it."""
    text, about, data = _parts(armature)
    text.from_string(json.dumps({"kind": _KIND, **about, **changes}, ensure_ascii=False) + "\n" + data)


def unpack_clip(armature: bpy.types.Object) -> tuple[MotionClip, dict[str, Any]]:
    """The clip and the facts that `pack_clip` stored.

    Raises PackedClipMissing when the armature carries none, PackedClipCorrupt when it cannot be read.
    """
    text, about, data = _parts(armature)
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise _changed(text) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.npz"
        path.write_bytes(content)
        try:
            return read_clip(path), about
        except FileCorrupt as error:
            raise PackedClipCorrupt(
                f"The clip stored in the text '{text.name}' is damaged; import the capture again."
            ) from error


def _seen(clip: MotionClip) -> dict[str, int]:
    """The `first` and the `last` source frame, how many `frames` see the person, and the `gaps` between."""
    gaps = sum(1 for _ in unbroken_runs(~clip.valid))
    first, last = int(clip.frames[0]), int(clip.frames[-1])
    return {"first": first, "last": last, "frames": int(clip.valid.sum()), "gaps": gaps}


def _parts(armature: bpy.types.Object) -> tuple[bpy.types.Text, dict[str, Any], str]:
    """The text that an armature points to, its first line as facts, and the rest."""
    text = _text_of(armature)
    head, _, data = text.as_string().partition("\n")
    return text, _facts(text, head), data


def _text_of(armature: bpy.types.Object) -> bpy.types.Text:
    text = armature.get(PROPERTY)
    if not isinstance(text, bpy.types.Text):
        raise PackedClipMissing(
            f"{armature.name} carries no captured clip; choose an armature that a capture made."
        )
    return text


def _facts(text: bpy.types.Text, head: str) -> dict[str, Any]:
    try:
        about = json.loads(head)
        if not isinstance(about, dict) or about.pop("kind", None) != _KIND:
            raise ValueError("another kind of text")
    except ValueError as error:
        raise _changed(text) from error
    return about


def _changed(text: bpy.types.Text) -> PackedClipCorrupt:
    return PackedClipCorrupt(
        f"The clip stored in the text '{text.name}' was changed; import the capture again."
    )
