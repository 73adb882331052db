"""`reel2rig convert`: a motion file in, another one out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.motion.files.open import RESULT, kind_of
from ...core.motion.files.rates import parse_rate
from ..client.packages import missing_modules
from ..home import Home
from ..output import FORMATS
from ..setup import ensure_ready
from .interrupts import interrupts
from .options import SetupOption
from .prepare import continue_in_worker_python, tell


def convert(
    source: Annotated[Path, typer.Argument(help="The motion file, or a folder of TRAM's.", metavar="IN")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.", metavar="OUT")],
    format: Annotated[
        str | None, typer.Option(help=f"{', '.join(FORMATS)}; by default the ending of OUT.")
    ] = None,
    fps: Annotated[
        str | None, typer.Option(help="Frames per second of IN: 29.97, 30000/1001. By default what IN says.")
    ] = None,
    person: Annotated[str, typer.Option(help="all, longest, or ids such as 1,3.")] = "all",
    body: Annotated[str, typer.Option(help="free, or the path of your SMPL file.")] = "free",
    frame_start: Annotated[int | None, typer.Option(help="The scene frame of the first frame.")] = None,
    setup: SetupOption = True,
) -> None:
    """Convert a motion file: AMASS, .smpl, BVH, or results of WHAM, GVHMR, 4D-Humans, TRAM, VIBE, TCMR."""
    rate = None if fps is None else parse_rate(fps)
    with interrupts() as wish:
        # Results of other systems are read with the worker's packages; all other kinds with numpy alone.
        if setup and (source.is_dir() or kind_of(source) == RESULT) and missing_modules():
            ready = ensure_ready(Home.find(), say=tell, should_stop=lambda: bool(wish()))
            continue_in_worker_python(ready)
        from ..convert import convert_file

        outcome = convert_file(
            source,
            out,
            fps=rate,
            person=person,
            format=format,
            body=body,
            options={} if frame_start is None else {"frame_start": frame_start},
            say=tell,
            should_cancel=wish,
        )
    for note in outcome.notes:
        typer.echo(f"Note: {note}", err=True)
    for file in outcome.files:
        typer.echo(file)
