"""Blender without a window: build a finished capture, save or export it, render pictures of it.

    python -m reel2rig.blender_addon.headless REQUEST.json                      (with the bpy module)
    blender -b --factory-startup --python .../headless.py -- REQUEST.json       (with a Blender program)

With --serve in the place of the file, it reads the paths of such files from stdin until that ends, and says
"reel2rig:done" in a line of its own after each.

The request:

    {"job": folder or .npz, "output": path or null, "format": "blend|glb|fbx|bvh|usdc|...",
     "options": {"frame_start": 1, "tracks": ["1"], "skin": true, "camera": true,
                 "render": [{"frame": source frame, "view": "camera|side", "output": png, "width": px}]}}

and, for a batch, beside these or in their place:

     "outputs": [{"path", "format", "tracks": null or ["1"]}], "cleanup": {Cleanup}, "fps": "30000/1001",
     "retarget": {"rig": .blend, "name": armature or null, "map": JSON file or null, "options": {...}},
     "export": {ExportOptions}, "actions": [{"file": .blend, "name", "track"}]

or {"library": .blend, "assets": [...]} to gather such actions (see `scene.action_library`), or
{"look_at": what "retarget" would be} to hear beforehand whether a rig can be used, or
{"takes": {...}} from a Blender with a user in front of it (see `scene.export.apart`).

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

from ..core.motion.files.atomic import atomic_output
from .headless_request import BadRequest, parse_onto, parse_request
from .problems import problem_of

SERVE, DONE = "--serve", "reel2rig:done"


def run_request(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks for, in a new Blender file or in the rig's, and describe the result.

    Raises BadRequest, and what reading, building, retargeting, exporting and rendering raise.
    """
    if "library" in request:
        from .scene.action_library import parse_assets, write_library

        return {"ok": True, **write_library(str(request["library"]), parse_assets(request))}
    if "takes" in request:
        from .scene.export.apart import write_packed

        return write_packed(request["takes"])
    from .headless_work import do_work, look_at_rig

    if (onto := parse_onto(request.get("look_at"))) is not None:
        return {"ok": True, **look_at_rig(onto)}
    return {"ok": True, **do_work(parse_request(request))}


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


def serve() -> int:
    """Run the requests named on stdin, one a line, until it ends; returns the exit code."""
    for line in iter(sys.stdin.readline, ""):
        run_file(Path(line.rstrip("\n")))
        sys.stderr.flush()
        # A line of its own, whatever a library has left unfinished before it.
        print(f"\n{DONE}", flush=True)
    return 0


def main(arguments: list[str]) -> None:
    """Run one request, or serve many, and end the process."""
    if len(arguments) != 1:
        print("usage: headless REQUEST.json | --serve", file=sys.stderr)
        code = 2
    elif arguments[0] == SERVE:
        code = serve()
    else:
        code = run_file(Path(arguments[0]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Some Blender versions crash while their interpreter shuts down, which would hide the real exit code.
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
