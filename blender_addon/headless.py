"""Blender without a window: build a finished capture, save or export it, render pictures of it.

    python -m reel2rig.blender_addon.headless REQUEST.json                      (with the bpy module)
    blender -b --factory-startup --python .../headless.py -- REQUEST.json       (with a Blender program)

The request:

    {"job": folder or .npz, "output": path or null, "format": "blend|glb|fbx|bvh|usdc",
     "options": {"frame_start": 1, "tracks": ["1"], "skin": true, "camera": true,
                 "render": [{"frame": source frame, "view": "camera|side", "output": png, "width": px}]}}

The answer goes to REQUEST.report.json: {"ok": true, ...}, or {"ok": false, "code", "message", "exit_code"};
the exit code is that of the error's class. Everything in a request is checked as if a user had typed it.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

if not __package__:
    # Run as a bare script by a Blender program, whose Python has no reel2rig installed: name the folder above
    # as the package, so that relative imports hold as everywhere else and sys.path stays as it is.
    _package = types.ModuleType("reel2rig")
    _package.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["reel2rig"] = _package
    importlib.import_module("reel2rig.blender_addon.headless").main(sys.argv[sys.argv.index("--") + 1 :])

from ..core.errors import InputError
from ..core.motion.files.atomic import atomic_output
from .capture_result import CaptureResult, keep_footage, read_result
from .problems import problem_of

_OPTIONS = {"frame_start", "tracks", "skin", "camera", "render"}


class BadRequest(InputError):
    code = "request.invalid"


def run_request(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks for, in a new and empty Blender file, and describe what was made.

    Raises BadRequest, and what reading, building, exporting and rendering raise.
    """
    import bpy

    from .scene.build import BuildOptions, build_capture
    from .scene.export.files import FORMATS, export_capture
    from .scene.render import render_capture

    options = _checked_options(request)
    output, file_format = request.get("output"), request.get("format")
    if output is not None and file_format not in FORMATS:
        from ..core.errors import UnknownFormat

        raise UnknownFormat(f"The format '{file_format}' is unknown; choose one of {', '.join(FORMATS)}.")
    renders = _render_jobs(options.get("render", []))
    result = _chosen(read_result(str(request["job"])), options.get("tracks"))
    if file_format == "blend" and output is not None and Path(output).parent.is_dir():
        # The job folder goes away; what the .blend shows must not go with it.
        result = keep_footage(result, Path(output).parent)

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    # Exported time starts at scene frame 0 in .glb; everywhere else Blender's own first frame is expected.
    start = options.get("frame_start", 0 if file_format == "glb" else 1)
    build = BuildOptions(
        start, match_scene=True, skin=options.get("skin", True), camera=options.get("camera", True)
    )
    built = build_capture(scene, result, build)
    render_capture(scene, built, renders)
    if output is not None:
        export_capture(built, output, str(file_format))
    return {
        "ok": True,
        "output": output,
        "format": file_format,
        "people": [person.track for person in built.people],
        "frames": [scene.frame_start, scene.frame_end],
        "renders": [str(job.output) for job in renders],
        "footage": str(result.footage.path) if result.footage.path else None,
        "notes": list(result.notes),
        "blender": bpy.app.version_string,
    }


def _checked_options(request: dict[str, Any]) -> dict[str, Any]:
    options = request.get("options") or {}
    if not isinstance(request.get("job"), str) or not isinstance(options, dict):
        raise BadRequest("The request names no job folder, or its options are not an object.")
    if unknown := sorted(set(options) - _OPTIONS):
        raise BadRequest(f"The option '{unknown[0]}' is unknown; known are {', '.join(sorted(_OPTIONS))}.")
    start = options.get("frame_start")
    if start is not None and (
        isinstance(start, bool) or not isinstance(start, int) or not 0 <= start < 1_000_000
    ):
        raise BadRequest(f"The start frame {start!r} is not a whole number between 0 and 999999.")
    return {name: value for name, value in options.items() if value is not None}


def _render_jobs(wanted: Any) -> list[Any]:
    from .scene.render import VIEWS, RenderJob

    jobs = []
    if not isinstance(wanted, list):
        raise BadRequest("The pictures to render are not a list.")
    for item in wanted:
        try:
            job = RenderJob(int(item["frame"]), str(item["view"]), Path(item["output"]), int(item["width"]))
        except (TypeError, KeyError, ValueError) as error:
            raise BadRequest("A picture needs frame, view, output and width.") from error
        if job.view not in VIEWS or not 1 <= job.width <= 16384:
            raise BadRequest(f"A picture shows one of the views {', '.join(VIEWS)}, 1 to 16384 pixels wide.")
        jobs.append(job)
    return jobs


def _chosen(result: CaptureResult, tracks: list[str] | None) -> CaptureResult:
    if tracks is None:
        return result
    by_track = {clip.track: clip for clip in result.clips}
    missing = [track for track in map(str, tracks) if track not in by_track]
    if missing or not tracks:
        raise BadRequest(f"There is no person {', '.join(missing)}; the capture holds {', '.join(by_track)}.")
    return dataclasses.replace(result, clips=tuple(by_track[str(track)] for track in tracks))


def run_file(path: Path) -> int:
    """Run the request in a file, write its report beside it, and return the exit code."""
    try:
        request = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(request, dict):
            raise BadRequest("The request is not a JSON object.")
        report = run_request(request)
    except BaseException as error:
        problem = problem_of(error)
        print(problem.report(), file=sys.stderr)
        report = {"ok": False, **dataclasses.asdict(problem)}
    with atomic_output(path.with_name(f"{path.stem}.report.json")) as temporary:
        temporary.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    return int(report.get("exit_code", 0))


def main(arguments: list[str]) -> None:
    """Run one request and end the process."""
    if len(arguments) != 1:
        print("usage: headless REQUEST.json", file=sys.stderr)
        code = 2
    else:
        code = run_file(Path(arguments[0]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Some Blender versions crash while their interpreter shuts down, which would hide the real exit code.
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
