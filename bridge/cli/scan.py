"""`reel2rig scan`: who is in a video."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ...core.errors import OutputFolderMissing
from ...core.pipeline.settings import CaptureSettings
from ..capture import existing_video, scan_people
from ..jobs import remove_job
from .interrupts import interrupts
from .options import (
    EndOption,
    JsonOption,
    MaxPeopleOption,
    ModelOption,
    PartialOption,
    SetupOption,
    StartOption,
    VideoArgument,
)
from .prepare import preparation
from .progress import ProgressView


def scan(
    video: VideoArgument,
    start: StartOption = None,
    end: EndOption = None,
    max_people: MaxPeopleOption = 4,
    landmark_model: ModelOption = "full",
    allow_partial: PartialOption = False,
    thumbnails: Annotated[
        Path | None, typer.Option(help="An existing folder for a small picture of each person.")
    ] = None,
    as_json: JsonOption = False,
    setup: SetupOption = True,
) -> None:
    """List the people of VIDEO: id, frames seen, confidence."""
    source = existing_video(video)
    if thumbnails is not None and not thumbnails.is_dir():
        raise OutputFolderMissing(f"The folder {thumbnails} does not exist; create it or choose another one.")
    settings = CaptureSettings(
        start=start,
        end=end,
        max_people=max_people,
        landmark_model=landmark_model,
        allow_partial=allow_partial,
    )
    with interrupts() as wish, ProgressView(source.name) as view:
        prepare = preparation(setup, wish, view.say)
        job = scan_people(source, settings, prepare=prepare, on_progress=view.show, should_cancel=wish)
    try:
        people = job.people()
        if thumbnails:
            for track in people["tracks"]:
                name = f"{source.stem}-person-{track['id']}.png"
                shutil.copyfile(job.folder / track["thumbnail"], thumbnails / name)
    finally:
        remove_job(job.folder)
    if as_json:
        typer.echo(json.dumps(people, indent=1))
        return
    Console().print(_table(people))
    for note in people.get("notes", ()):
        typer.echo(f"Note: {note}", err=True)


def _table(people: dict[str, Any]) -> Table:
    table = Table("person", "frames", "first", "last", "confidence")
    for track in people["tracks"]:
        frames = (track["frames"], track["first_frame"], track["last_frame"])
        table.add_row(str(track["id"]), *map(str, frames), f"{track['confidence']:.0%}")
    return table
