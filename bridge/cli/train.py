"""`reel2rig train`: train the default network on a motion file, or an experiment on databases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..home import Home
from ..setup import ensure_ready
from .prepare import continue_in_worker_python, tell


def train(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for checkpoints.")],
    config: Annotated[
        str, typer.Argument(help="default, e1, e2, e3, or the path of a YAML file.", metavar="CONFIG")
    ] = "default",
    data: Annotated[Path | None, typer.Option(help="The folder of all databases (experiments).")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="One key of the configuration, as train.epochs=2.", metavar="KEY=VALUE"),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps (experiments).")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in --out.")] = False,
    body: Annotated[
        Path | None,
        typer.Option(help="Your SMPL file, or for default a body .npz with landmarks; else the free body."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same weights.")] = None,
    batch: Annotated[int | None, typer.Option(help="Windows in a batch.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate.")] = None,
    motion: Annotated[
        Path | None,
        typer.Option(help="The motion file (.npz) that default trains on; the docs say what it holds."),
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Minutes of training (default only).")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps instead of minutes (default only).")] = None,
    checkpoint_minutes: Annotated[
        float | None, typer.Option(help="How often to validate and write (default only).")
    ] = None,
) -> None:
    """Train a network; the best checkpoint's path is printed at the end."""
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    from ...core.train.experiment.ranks import started_first
    from ...core.train.experiment.request import TrainRequest

    request = TrainRequest(
        config=config,
        out=out,
        overrides=tuple(overrides or ()),
        resume=resume,
        device=device,
        motion=motion,
        data=data,
        body=body,
        minutes=minutes,
        steps=steps,
        seed=seed,
        batch=batch,
        lr=lr,
        checkpoint_minutes=checkpoint_minutes,
    )
    best = request.run(say=tell)
    if started_first():
        typer.echo(best)
