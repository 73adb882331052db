"""A request to a Blender without a window, checked as if a user had typed it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.motion.cleanup.settings import Cleanup, from_json
from ..core.motion.retarget.map_file import read_map
from ..core.motion.retarget.options import RetargetOptions
from ..core.motion.retarget.rig_map import RigMap
from .scene.export.options import ExportOptions, export_options

_OPTIONS = {"frame_start", "tracks", "skin", "camera", "render"}


class BadRequest(InputError):
    code = "request.invalid"


@dataclass(frozen=True)
class Output:
    """A file to write.

    Attributes:
        tracks: the people in it, None for all.
        as_rig: it holds one person as the panel exports them: their own frames, and no camera.
    """

    path: str
    format: str
    tracks: tuple[str, ...] | None
    as_rig: bool = False


@dataclass(frozen=True)
class KeptAction:
    """An action to keep for a library: in `file`, called `name`, of the person `track`."""

    file: str
    name: str
    track: str


@dataclass(frozen=True)
class Onto:
    """The rig that people are put onto.

    Attributes:
        rig: the .blend. name: of its armature; None takes the only one.
        rig_map: None recognises the rig.
    """

    rig: Path
    name: str | None
    rig_map: RigMap | None
    options: RetargetOptions


@dataclass(frozen=True)
class Request:
    """What is asked for; see `headless` for the JSON."""

    job: str
    outputs: tuple[Output, ...]
    actions: tuple[KeptAction, ...]
    renders: list[Any]
    tracks: tuple[str, ...] | None
    cleanup: Cleanup | None
    fps: Fraction | None
    onto: Onto | None
    export: ExportOptions
    frame_start: int | None
    skin: bool
    camera: bool


def parse_request(request: dict[str, Any]) -> Request:
    """Read a request. Raises BadRequest, BadCleanup, BadRetarget, BadRigMap or BadExport."""
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
    tracks = _tracks(options.get("tracks"))
    cleanup = request.get("cleanup")
    try:
        outputs = tuple(_output(each, tracks) for each in request.get("outputs") or ())
        actions = tuple(
            KeptAction(str(each["file"]), str(each["name"]), str(each["track"]))
            for each in request.get("actions") or ()
        )
        fps = Fraction(request["fps"]) if request.get("fps") else None
    except (TypeError, KeyError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise BadRequest(f"The request cannot be read ({error}).") from error
    if request.get("output") is not None:
        outputs += (Output(str(request["output"]), str(request.get("format")), tracks),)
    return Request(
        job=request["job"],
        outputs=outputs,
        actions=actions,
        renders=_render_jobs(options.get("render") or []),
        tracks=tracks,
        cleanup=None if cleanup is None else from_json(Cleanup, dict(cleanup)),
        fps=fps,
        onto=parse_onto(request.get("retarget")),
        export=export_options(request.get("export") or {}),
        frame_start=start,
        skin=options.get("skin") is not False,
        camera=options.get("camera") is not False,
    )


def _output(given: dict[str, Any], everyone: tuple[str, ...] | None) -> Output:
    tracks = _tracks(given.get("tracks"))
    as_rig = tracks is not None and len(tracks) == 1
    return Output(str(given["path"]), str(given["format"]), tracks or everyone, as_rig)


def _tracks(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not given:
        raise BadRequest("The people of a file are a list of at least one.")
    return tuple(map(str, given))


def parse_onto(given: Any) -> Onto | None:
    """The rig of a request. Raises BadRequest, BadRetarget and BadRigMap."""
    if given is None:
        return None
    try:
        rig, name, chart = Path(str(given["rig"])), given.get("name"), given.get("map")
        options = RetargetOptions(**(given.get("options") or {}))
    except (TypeError, KeyError, AttributeError) as error:
        raise BadRequest(f"What is asked of retargeting cannot be read ({error}).") from error
    return Onto(rig, None if name is None else str(name), read_map(Path(chart)) if chart else None, options)


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
