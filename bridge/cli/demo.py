"""`reel2rig demo`: capture a real clip and leave the results in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..home import Home
from ..setup import ensure_ready
from .interrupts import interrupts
from .prepare import continue_in_worker_python, tell
from .progress import ProgressView


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for the results.")] = Path("demo"),
) -> None:
    """Fetch a real clip and make demo.blend, demo.glb, demo.npz and a contact sheet from it."""
    with interrupts() as wish:
        continue_in_worker_python(ensure_ready(Home.find(), say=tell, should_stop=lambda: bool(wish)))
        from ..demo import run_demo

        with ProgressView("demo") as view:
            files = run_demo(out, say=tell, on_progress=view.show, should_cancel=wish)
    for file in files:
        typer.echo(file)
