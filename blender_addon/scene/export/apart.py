"""Files made by a second Blender, so that the one in front of the user keeps its scene, frame and poses."""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ....bridge.headless_blender import VARIABLE, BlenderProgram, find_blender, run_blender
from .options import export_options
from .skins import Skin, bare
from .staging import Ready, write_ready
from .take import load_takes, save_takes

_MESHES = "meshes.blend"
_NAME = "reel2rig_name"  # on a mesh on its way: what it is called where it comes from


def write_apart(files: Sequence[tuple[Ready, Path]], file_format: str) -> None:
    """Write files in a second Blender, waiting for it; the first that fails ends it.

    Raises BlenderFailed, and what `staging.write_ready` raises, from over there.
    """
    with tempfile.TemporaryDirectory(prefix="reel2rig-export-") as name:
        folder = Path(name)
        rows = [_packed(ready, path, folder, number) for number, (ready, path) in enumerate(files)]
        _pack_meshes([skin for ready, _ in files for skin in ready.skins], folder)
        request = {"takes": {"folder": name, "format": file_format, "files": rows}}
        run_blender(_program(), request, folder, folder / "blender.log")


def write_packed(request: dict[str, Any]) -> dict[str, Any]:
    """Do in the second Blender what `write_apart` asked for; the open file is thrown away."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    folder, file_format = Path(request["folder"]), str(request["format"])
    meshes = _unpacked_meshes(folder)
    for name, thing in meshes.items():
        thing.name = name
    for row in request["files"]:
        skins = [Skin(meshes[name], take, np.array(bound), bone) for name, take, bound, bone in row["skins"]]
        ready = Ready(
            row["title"],
            load_takes(folder / row["takes"]),
            skins,
            options=export_options(row["options"]),
        )
        write_ready(ready, row["output"], file_format)
    return {"ok": True, "outputs": [row["output"] for row in request["files"]]}


def _packed(ready: Ready, path: Path, folder: Path, number: int) -> dict[str, Any]:
    takes = f"takes-{number}.npz"
    save_takes(folder / takes, ready.takes)
    return {
        "title": ready.title,
        "takes": takes,
        "skins": [[skin.thing.name, skin.take, skin.bound.tolist(), skin.bone] for skin in ready.skins],
        "options": dataclasses.asdict(ready.options),
        "output": os.path.abspath(path),
    }


def _pack_meshes(skins: Sequence[Skin], folder: Path) -> None:
    """Write the meshes by themselves: without the rigs that move them here, which would come along."""
    if not skins:
        return
    copies: list[bpy.types.Object] = []
    try:
        for skin in skins:
            copies.append(skin.thing.copy())
            bare(copies[-1])
            copies[-1].data = skin.thing.data.copy()
            copies[-1][_NAME] = skin.thing.name
        bpy.data.libraries.write(str(folder / _MESHES), set(copies), path_remap="ABSOLUTE")
    finally:
        bpy.data.batch_remove([made for copy in copies for made in (copy, copy.data)])


def _unpacked_meshes(folder: Path) -> dict[str, bpy.types.Object]:
    if not (folder / _MESHES).is_file():
        return {}
    opened: Any = bpy.data.libraries.load(str(folder / _MESHES))
    with opened as (there, into):
        into.objects = there.objects
    return {thing[_NAME]: thing for thing in into.objects if _NAME in thing}


def _program() -> BlenderProgram:
    """The Blender this is, unless another one is named for all such work."""
    if os.environ.get(VARIABLE):
        return find_blender()
    if bpy.app.binary_path:
        return BlenderProgram(Path(bpy.app.binary_path), module=False)
    return BlenderProgram(Path(sys.executable), module=True)
