"""The demo: a real clip in; demo.blend, demo.glb, demo.npz and a contact sheet out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.pipeline.settings import CaptureSettings
from . import jobs
from .capture import OnProgress, ShouldCancel, run_capture, write_outputs
from .client.environment import find_environment
from .demo_clip import fetch_demo_clip
from .headless_blender import BlenderProgram, find_blender, run_blender
from .home import Home
from .jobs import Job
from .output import plan_output

MOMENTS = 6  # columns of the contact sheet
PICTURE_WIDTH = {"camera": 1280, "side": 400}  # the sheet crops what the camera sees


def run_demo(
    out: Path,
    *,
    home: Home | None = None,
    say: Callable[[str], object] = print,
    on_progress: OnProgress = lambda progress: None,
    should_cancel: ShouldCancel = lambda: 0,
) -> list[Path]:
    """Capture the demo clip with default settings and leave the results in `out`.

    Returns:
        The files made: .blend, .glb, .npz, contact sheet.

    Raises:
        Reel2RigError: as `run_capture`, and `DemoClipUnavailable`.
    """
    home, out = home or Home.find(), out.expanduser().absolute()
    environment = find_environment(home)
    environment.require()
    out.mkdir(parents=True, exist_ok=True)
    video = fetch_demo_clip(out, str(environment.python))
    blender = find_blender(environment.python)
    outcome = run_capture(
        video,
        out / "demo.blend",
        CaptureSettings(),
        home=home,
        on_progress=on_progress,
        should_cancel=should_cancel,
        keep_job=True,
    )
    assert outcome.job is not None  # it was asked to be kept
    files = list(outcome.files)
    try:
        job = jobs.open_job(outcome.job)
        for name in ("demo.glb", "demo.npz"):
            say(f"Writing {name}")
            plan = plan_output(out / name, None, video)
            made, _ = write_outputs(plan, job, blender, {}, home, should_cancel)
            files += made
        say("Drawing the contact sheet")
        files.append(_contact_sheet(out / "demo_contact_sheet.png", video, job, blender, home, should_cancel))
    finally:
        jobs.remove_job(outcome.job)
    return files


def _contact_sheet(
    path: Path, video: Path, job: Job, blender: BlenderProgram, home: Home, should_cancel: ShouldCancel
) -> Path:
    """Let Blender draw the body, then lay it over the frames (this needs the worker's packages)."""
    frames = _moments(job.result())
    pictures = {view: [job.folder / f"{view}-{frame}.png" for frame in frames] for view in ("camera", "side")}
    render = [
        {"frame": frame, "view": view, "output": str(picture), "width": PICTURE_WIDTH[view]}
        for view, names in pictures.items()
        for frame, picture in zip(frames, names, strict=True)
    ]
    request: dict[str, Any] = {"job": str(job.folder), "output": None, "format": None}
    run_blender(
        blender,
        request | {"options": {"render": render}},
        job.folder,
        home.logs / "blender.log",
        should_cancel,
    )
    from ..core.evaluate.contact_sheet import write_sheet

    return write_sheet({"video": str(video), "frames": frames, "output": str(path), **pictures})


def _moments(result: dict[str, Any]) -> list[int]:
    """Source frames spread evenly over the first captured person's track, without its very ends."""
    track = next(item for item in result["tracks"] if f"result-{item['id']}.npz" == result["clips"][0])
    first, last = track["first_frame"], track["last_frame"]
    return [round(first + (last - first) * (i + 0.5) / MOMENTS) for i in range(MOMENTS)]
