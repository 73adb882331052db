"""`reel2rig data`: databases of features and truths for training and evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..home import Home
from ..setup import ensure_ready
from .data_prepare import prepare
from .errors import explained
from .options import JsonOption
from .prepare import continue_in_worker_python, tell

T = TypeVar("T")

data = typer.Typer(help="Prepare, convert and inspect databases for training.", no_args_is_help=True)


def convert(
    source: Annotated[
        Path, typer.Argument(help="A published .pt or .h5 database, or a folder.", metavar="SRC")
    ],
    folder: Annotated[Path, typer.Argument(help="The folder to write; must not exist.", metavar="DST")],
    half: Annotated[bool, typer.Option("--half", help="Store features in 16 bits.")] = False,
) -> None:
    """Convert a database into memory-mapped arrays; the new folder is printed at the end."""
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    from ...core.data.databases.convert import convert_database

    typer.echo(
        _watched("Converting", lambda show: convert_database(source, folder, half=half, progress=show))
    )


def show(
    path: Annotated[Path, typer.Argument(help="A database file or folder.", metavar="PATH")],
    check: Annotated[bool, typer.Option("--check", help="Read every number, to find what is none.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what a database holds."""
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    from ...core.data.databases.convert import check_database
    from ...core.data.databases.database import open_database
    from ...core.data.databases.folder import index_of

    database = open_database(path)
    if check:
        _watched("Checking", lambda show: check_database(database, show))
    index = index_of(database)
    if as_json:
        typer.echo(json.dumps(index, indent=1))
        return
    table = Table(
        title=f"{database.name}: {len(database.tracks)} tracks, {len(database)} frames", show_header=False
    )
    for key in ("joint_set", "joint_set_3d", "crop_scale", "fps", "has_3d", "has_smpl"):
        table.add_row(key, str(index[key]))
    for key, (dtype, *shape) in index["keys"].items():
        table.add_row(key, f"{dtype} ({', '.join(map(str, shape))})")
    Console().print(table)


def _watched(title: str, work: Callable[[Callable[[int, int], None]], T]) -> T:
    """Runs `work` with a bar on stderr that it moves by frames."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title)
        return work(lambda done, total: bar.update(task, completed=done, total=total))


for _command in (prepare, convert, show):
    data.command()(explained(_command))
