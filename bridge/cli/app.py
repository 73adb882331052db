"""The table of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from ..version import VERSION
from .ablate import ablate, figures
from .batch import batch
from .bench import bench
from .capture import capture
from .convert import convert
from .data import data
from .demo import demo
from .doctor import doctor
from .errors import debugging, explained
from .evaluate import app as evaluate
from .scan import scan
from .setup import setup
from .train import train

app = typer.Typer(
    name="reel2rig",
    help="Turn an ordinary video of people into animation in Blender.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (setup, capture, batch, convert, scan, doctor, demo, bench, train, ablate):
    app.command()(explained(command))
app.add_typer(data, name="data")
app.add_typer(evaluate, name="evaluate")
app.add_typer(figures, name="figures")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _common(
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback beside an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    debugging(debug)
