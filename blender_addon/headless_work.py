"""What a Blender without a window does for a request: stage people, put them onto a rig, write files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ..core.motion.retarget.anatomy import UnfitRig
from .capture_result import CaptureResult, keep_footage, read_result
from .headless_request import BadRequest, KeptAction, Onto, Output, Request
from .scene.action_library import keep_action
from .scene.build import BuildOptions, BuiltCapture
from .scene.cleaned import build_at_rate, build_cleaned
from .scene.export.files import export_capture
from .scene.export.formats import format_named
from .scene.export.rig import export_rig
from .scene.layers import capture_action
from .scene.render import render_capture
from .scene.rig_file import open_rig, save_scene
from .scene.rigs.retarget_rig import retarget_rig
from .scene.rigs.rig_maps import rig_map_of


@dataclass
class _Wanted:
    """What is written from one state of the file."""

    outputs: list[Output] = field(default_factory=list)
    actions: list[KeptAction] = field(default_factory=list)


def do_work(request: Request) -> dict[str, Any]:
    """Do all that a request asks for and describe it. Raises as `headless.run_request`."""
    for output in request.outputs:
        format_named(output.format)
    result = _with_footage(read_result(request.job), request)
    people: dict[str, None] = {}
    notes = dict.fromkeys(result.notes)
    frames: list[int] = []
    for (tracks, start), wanted in _grouped(request).items():
        chosen = _chosen(result, tracks)
        people |= dict.fromkeys(clip.track for clip in chosen.clips)
        write = _write_onto_rig if request.onto else _write_capture
        notes |= dict.fromkeys(write(request, chosen, start, wanted))
        scene = bpy.context.scene
        frames = frames or [scene.frame_start, scene.frame_end]  # a .glb among others counts in its own way
    first = request.outputs[0] if request.outputs else None
    return {
        "output": first.path if first else None,
        "format": first.format if first else None,
        "outputs": [output.path for output in request.outputs],
        "people": list(people),
        "frames": frames,
        "renders": [str(job.output) for job in request.renders],
        "footage": str(result.footage.path) if result.footage.path else None,
        "notes": list(notes),
        "blender": bpy.app.version_string,
    }


def look_at_rig(onto: Onto) -> dict[str, Any]:
    """Whether people can be put onto a rig, asked before there is anybody: {"rig", "map", "tested"}.

    Raises what opening the rig and finding its bones raises.
    """
    _, rig = open_rig(onto.rig, onto.name)
    rig_map = onto.rig_map or rig_map_of(rig)
    if missing := rig_map.missing():
        raise UnfitRig(f"The map of {rig.name} has no bone for {', '.join(missing)}; map them first.")
    return {"rig": rig.name, "map": rig_map.name, "tested": rig_map.tested}


def _with_footage(result: CaptureResult, request: Request) -> CaptureResult:
    """The result with its footage beside the first .blend of people: the job folder goes away."""
    folders = [Path(output.path).parent for output in request.outputs if output.format == "blend"]
    if request.onto or not folders or not folders[0].is_dir():
        return result
    return keep_footage(result, folders[0])


def _grouped(request: Request) -> dict[tuple[tuple[str, ...] | None, int | None], _Wanted]:
    """What is written, by the people in it and the frame they begin at: each is one state of the file."""
    groups: dict[tuple[tuple[str, ...] | None, int | None], _Wanted] = {}
    for output in request.outputs:
        key = (output.tracks, _start(request, output.format))
        groups.setdefault(key, _Wanted()).outputs.append(output)
    for action in request.actions:
        key = ((action.track,), _start(request, ""))
        groups.setdefault(key, _Wanted()).actions.append(action)
    if not groups:
        groups[request.tracks, _start(request, "")] = _Wanted()
    return groups


def _start(request: Request, file_format: str) -> int | None:
    """The scene frame of the first pose; a rig's own scene says where it begins."""
    if request.frame_start is not None or request.onto is not None:
        return request.frame_start
    # Exported time starts at scene frame 0 in .glb; everywhere else Blender's own first frame is expected.
    return 0 if file_format == "glb" else 1


def _write_capture(
    request: Request, result: CaptureResult, start: int | None, wanted: _Wanted
) -> Iterator[str]:
    """Build people in an empty file and write them; yields notes."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    options = BuildOptions(start, match_scene=True, skin=request.skin, camera=request.camera)
    built, notes = _build(scene, request, result, options)
    yield from notes
    for action in wanted.actions:
        keep_action(_played(built.people[0].armature), action.file, action.name)
    render_capture(scene, built, request.renders)
    for output in wanted.outputs:
        if output.as_rig and output.format != "blend":
            export_rig(scene, built.people[0].armature, output.path, output.format, request.export)
        else:
            export_capture(built, output.path, output.format, request.export)


def _write_onto_rig(
    request: Request, result: CaptureResult, start: int | None, wanted: _Wanted
) -> Iterator[str]:
    """Build one person in the rig's file, put them onto the rig and write it; yields notes."""
    onto = request.onto
    assert onto is not None
    if len(result.clips) != 1:
        raise BadRequest("A rig can be one person at a time; ask for a file for each.")
    scene, rig = open_rig(onto.rig, onto.name)
    # With the mesh, as in the panel: it is by its soles that the skeleton stands on the floor.
    options = BuildOptions(start, match_scene=False, skin=request.skin, camera=False)
    built, notes = _build(scene, request, result, options)
    yield from notes
    person = built.people[0].armature
    named = wanted.actions[0].name if wanted.actions else Path(wanted.outputs[0].path).stem
    retargeted = retarget_rig(scene, person, rig, onto.rig_map, onto.options, named)
    yield from retargeted.notes
    _hide(scene, built.collection)
    for action in wanted.actions:
        keep_action(retargeted.action, action.file, action.name)
    for output in wanted.outputs:
        if output.format == "blend":
            save_scene(output.path)
        else:
            export_rig(scene, rig, output.path, output.format, request.export)


def _hide(scene: bpy.types.Scene, capture: bpy.types.Collection) -> None:
    """Close a capture's eye in the Outliner: the file is about the rig, the rest is for a later look."""
    capture.hide_render = True
    for layer in scene.view_layers:
        layer.layer_collection.children[capture.name].hide_viewport = True


def _build(
    scene: bpy.types.Scene, request: Request, result: CaptureResult, options: BuildOptions
) -> tuple[BuiltCapture, tuple[str, ...]]:
    rate = request.fps or (result.footage.fps if request.onto else None)
    if rate is None:
        return build_cleaned(scene, result, options, request.cleanup)
    return build_at_rate(scene, result, options, request.cleanup, rate)


def _played(person: bpy.types.Object) -> bpy.types.Action:
    action = capture_action(person)
    assert action is not None
    return action


def _chosen(result: CaptureResult, tracks: tuple[str, ...] | None) -> CaptureResult:
    if tracks is None:
        return result
    by_track = {clip.track: clip for clip in result.clips}
    if missing := [track for track in tracks if track not in by_track]:
        raise BadRequest(f"There is no person {', '.join(missing)}; the capture holds {', '.join(by_track)}.")
    return dataclasses.replace(result, clips=tuple(by_track[track] for track in tracks))
