"""`reel2rig ablate`: the paper's ablations; `reel2rig figures`: pictures in the manner of its figures."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ..home import Home
from ..setup import ensure_ready
from .errors import explained
from .options import DeviceOption, JsonOption
from .prepare import continue_in_worker_python, tell


def ablate(
    table: Annotated[str, typer.Argument(help="table3, table4 or table5.", metavar="TABLE")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for runs and results.")],
    config: Annotated[
        str, typer.Option(help="synthetic (needs no dataset), e3 (as the paper), or a YAML file.")
    ] = "synthetic",
    seeds: Annotated[int, typer.Option(help="How many seeds a row.")] = 3,
    rows: Annotated[
        str | None, typer.Option(help="Only these rows, by key: no-dem,fde-identity.", metavar="KEYS")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of all databases.")] = None,
    measure: Annotated[
        str | None, typer.Option(help="Measure on this database instead of validation.", metavar="NAME:SPLIT")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="One key for every row, as train.epochs=10.", metavar="KEY=VALUE"),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Runs at once, each in a process of its own.")] = 1,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Train and measure every row of one of the paper's ablation tables, with several seeds.

    A finished run is kept and never repeated: the same command goes on after an interruption.
    """
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    from ...core.ablate.report import render
    from ...core.ablate.request import AblationRequest

    result = AblationRequest(
        table=table,
        config=config,
        out=out,
        seeds=seeds,
        rows=tuple(key.strip() for key in rows.split(",")) if rows else None,
        data=data,
        measure=measure,
        overrides=tuple(overrides or ()),
        jobs=jobs,
        device=device,
    ).run(say=tell)
    typer.echo(json.dumps(asdict(result), indent=1) if as_json else render(result))


def video(
    source: Annotated[Path, typer.Argument(help="The video.", metavar="VIDEO")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture (.png or .jpg).")],
    moments: Annotated[int, typer.Option(help="How many frames of it.", min=1, max=12)] = 5,
    person: Annotated[str, typer.Option(help="longest, all, or ids such as 1,3.")] = "longest",
    device: DeviceOption = "auto",
) -> None:
    """Capture a video and draw frames, the body over them, and the body from a second viewpoint."""
    home = Home.find()
    continue_in_worker_python(ensure_ready(home, say=tell))
    from ...core.ablate.pictures import picture_of_video
    from ...core.pipeline.settings import CaptureSettings

    settings = CaptureSettings(person=person, device=device)
    typer.echo(picture_of_video(source, out, settings, home.models, moments=moments))


def rendered(
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture (.png or .jpg).")],
    seed: Annotated[int, typer.Option(help="Decides motion, person and camera.")] = 0,
    moments: Annotated[int, typer.Option(help="How many frames of it.", min=1, max=12)] = 5,
    device: DeviceOption = "auto",
) -> None:
    """The same for a rendered person in random motion: needs no video."""
    home = Home.find()
    continue_in_worker_python(ensure_ready(home, say=tell))
    from ...core.ablate.pictures import film_person, picture_of_video
    from ...core.pipeline.settings import CaptureSettings

    with TemporaryDirectory() as folder:
        clip = film_person(Path(folder) / "rendered.mp4", seed)
        settings = CaptureSettings(device=device)
        typer.echo(picture_of_video(clip, out, settings, home.models, moments=moments))


def anchors(
    with_loss: Annotated[
        list[Path],
        typer.Option("--with", help="A checkpoint trained with the anchor loss; repeat it for more seeds."),
    ],
    without_loss: Annotated[list[Path], typer.Option("--without", help="The same without it, as often.")],
    database: Annotated[Path, typer.Option(help="A database that knows pose and shape.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for two pictures and a summary.")],
    frames: Annotated[int, typer.Option(help="Rows of each picture.", min=1, max=12)] = 4,
    seed: Annotated[int, typer.Option(help="Decides the frames drawn by chance.")] = 0,
    body: Annotated[Path | None, typer.Option(help="Your SMPL file; otherwise the free body.")] = None,
) -> None:
    """Meshes and joints with and without the landmark anchor loss: most different frames, and random ones."""
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    from ...core.ablate.pictures import pictures_of_anchors

    for path in pictures_of_anchors(
        with_loss, without_loss, database, out, frames=frames, seed=seed, body=body
    ):
        typer.echo(path)


figures = typer.Typer(help="Pictures in the manner of the paper's figures 5 to 8.", no_args_is_help=True)
for command in (video, rendered, anchors):
    figures.command()(explained(command))
