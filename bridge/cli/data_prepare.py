"""`reel2rig data prepare`: a published dataset, as its makers pack it, into a database for training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...core.errors import InputError
from ..home import Home
from ..setup import ensure_ready
from .options import DeviceOption, GtBody
from .prepare import continue_in_worker_python, tell
from .progress import EVERY


class BackboneNeeded(InputError):
    code = "data.backbone_needed"


def prepare(
    dataset: Annotated[
        str, typer.Argument(help="3dpw, mpii3d, h36m, insta, penn or posetrack.", metavar="DATASET")
    ],
    raw: Annotated[Path, typer.Option(help="The dataset's folder, as docs/datasets.md shows it.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of all databases.")],
    split: Annotated[str, typer.Option(help="train, val or test, as far as the dataset has them.")] = "train",
    backbone: Annotated[
        Path | None, typer.Option(help="The SPIN checkpoint whose features are computed.", metavar="FILE")
    ] = None,
    no_features: Annotated[
        bool, typer.Option("--no-features", help="Leave the features out: to look at, not to train on.")
    ] = False,
    occluders: Annotated[
        Path | None,
        typer.Option(help="A Pascal VOC 2012 folder: paste its objects over the crops.", metavar="FOLDER"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides what --occluders pastes where.")] = 0,
    gt_body: Annotated[GtBody, typer.Option(help="Whose joints 3DPW gets.")] = GtBody.neutral,
    body: Annotated[Path | None, typer.Option(help="SMPL_NEUTRAL.pkl, for 3DPW.")] = None,
    male: Annotated[Path | None, typer.Option(help="SMPL_MALE.pkl, for gendered joints.")] = None,
    female: Annotated[Path | None, typer.Option(help="SMPL_FEMALE.pkl, for gendered joints.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Prepare one split of a dataset; the new folder is printed at the end."""
    if (backbone is None) != no_features:
        raise BackboneNeeded(
            "Give --backbone FILE (a SPIN checkpoint), or else --no-features: one of the two."
        )
    home = Home.find()
    continue_in_worker_python(ensure_ready(home, say=tell))
    from ...core.data.raw.catalogue import prepare_dataset
    from ...core.data.raw.models import open_backbone, open_bodies

    bodies = None
    if dataset == "3dpw":
        files = {"neutral": body} if gt_body is GtBody.neutral else {"male": male, "female": female}
        bodies = open_bodies(files, home.root / "bodies")
    features = None
    if backbone is not None:
        features = open_backbone(backbone, device, occluders=occluders, seed=seed, say=tell)
    with _telling() as say:
        made = prepare_dataset(dataset, raw, out, split, features=features, bodies=bodies, say=say)
    typer.echo(made)


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """What is done now: one changing line in a terminal, elsewhere a line now and then."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("Preparing") as status:
            yield status.update
        return
    last = time.monotonic()

    def say(line: str) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            tell(line)

    yield say
