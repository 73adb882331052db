"""`reel2rig train`: train the default network on a motion file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..home import Home
from ..setup import ensure_ready
from .prepare import continue_in_worker_python, tell


def train(
    motion: Annotated[Path, typer.Option(help="The motion file (.npz); the docs say what it holds.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for checkpoints.")],
    minutes: Annotated[float | None, typer.Option(help="Minutes of training.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps instead of minutes.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and steps give the same weights.")] = 1,
    batch: Annotated[int, typer.Option(help="Windows in a batch.")] = 32,
    lr: Annotated[float, typer.Option(help="The highest learning rate.")] = 6e-4,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in --out.")] = False,
    body: Annotated[Path | None, typer.Option(help="An SMPL-format .npz with landmarks.")] = None,
    checkpoint_minutes: Annotated[float, typer.Option(help="How often to validate and write.")] = 5.0,
) -> None:
    """Train the default network; the best checkpoint's path is printed at the end."""
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    from ...core.train.settings import TrainSettings
    from ...core.train.trainer import train_default

    settings = TrainSettings(
        motion=motion,
        out=out,
        minutes=60.0 if minutes is None and steps is None else minutes,
        steps=steps,
        seed=seed,
        batch=batch,
        lr=lr,
        resume=resume,
        body=body,
        checkpoint_minutes=checkpoint_minutes,
    )
    typer.echo(train_default(settings, say=tell))
