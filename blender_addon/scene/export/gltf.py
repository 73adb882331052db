"""Binary glTF through Blender's own writer."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .stage import Stage

_HEAD, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")  # glTF 2.0 section 4.4


def write_glb(stage: Stage, path: str) -> None:
    """Write the stage as one animation in which all people keep their common time.

    **Convention**: y up, metres, seconds; time 0 is frame 0 of the stage.
    """
    bpy.ops.export_scene.gltf(
        filepath=path,
        export_format="GLB",
        use_active_scene=True,
        export_cameras=True,
        export_animations=True,
        export_animation_mode="ACTIVE_ACTIONS",
        export_nla_strips_merged_animation_name=stage.title,
        export_anim_single_armature=False,  # or every action of the open file goes into it
        export_frame_range=True,
        export_force_sampling=True,
        export_optimize_animation_size=False,
        export_morph_normal=False,
    )
    _time_exactly(Path(path), *stage.frames, stage.fps)


def _time_exactly(path: Path, first: int, last: int, fps: Fraction) -> None:
    """Write the seconds of all samples anew: Blender's writer errs where a rate has a base, as 29.97 has."""
    data = bytearray(path.read_bytes())
    length, _ = _CHUNK.unpack_from(data, _HEAD.size)
    start = _HEAD.size + _CHUNK.size
    tree = json.loads(data[start : start + length])
    binary = start + length + _CHUNK.size
    for number in sorted(_time_accessors(tree)):
        accessor = tree["accessors"][number]
        count = accessor["count"]
        # Each channel has a sample on every frame, or one or two where it never changes.
        frames = np.linspace(first, last, count) if count > 1 else np.array([first])
        seconds = (frames / float(fps)).astype("<f4")
        view = tree["bufferViews"][accessor["bufferView"]]
        place = binary + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        data[place : place + seconds.nbytes] = seconds.tobytes()
        accessor["min"], accessor["max"] = [float(seconds[0])], [float(seconds[-1])]
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    rest = bytes(data[start + length :])
    total = _HEAD.size + _CHUNK.size + len(text) + len(rest)
    head = _HEAD.pack(b"glTF", 2, total) + _CHUNK.pack(len(text), b"JSON")
    path.write_bytes(head + text + rest)


def _time_accessors(tree: dict[str, Any]) -> set[int]:
    return {sampler["input"] for animation in tree.get("animations", ()) for sampler in animation["samplers"]}
