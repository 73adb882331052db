"""`reel2rig capture`: a video in, a file out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from ...core.errors import InputError
from ...core.pipeline.settings import CaptureSettings
from ..capture import existing_video, run_capture
from ..output import FORMATS, plan_output
from .interrupts import interrupts
from .options import (
    DeviceOption,
    EndOption,
    MaxPeopleOption,
    ModelOption,
    PartialOption,
    SetupOption,
    StartOption,
    VideoArgument,
)
from .prepare import preparation
from .progress import ProgressView

FULL_FRAME_DIAGONAL = math.hypot(36.0, 24.0)  # mm


class FocalUnclear(InputError):
    code = "settings.focal_unclear"


def capture(
    video: VideoArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.", metavar="OUT")],
    format: Annotated[
        str | None, typer.Option(help=f"{', '.join(FORMATS)}; by default the ending of OUT.")
    ] = None,
    person: Annotated[str, typer.Option(help="longest, all, or ids such as 1,3.")] = CaptureSettings.person,
    start: StartOption = None,
    end: EndOption = None,
    max_people: MaxPeopleOption = 4,
    smoothing: Annotated[
        float, typer.Option(help="Gaussian sigma in frames at 30 fps; 0: none.")
    ] = CaptureSettings.smoothing,
    focal: Annotated[float | None, typer.Option(help="Focal length in pixels.")] = None,
    focal_mm: Annotated[
        float | None, typer.Option(help="Focal length as its 35 mm equivalent, as phones state it.")
    ] = None,
    height: Annotated[float | None, typer.Option(help="The first person's height in metres.")] = None,
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="Fit the body to the landmarks after the network.")
    ] = CaptureSettings.refine,
    device: DeviceOption = "auto",
    landmark_model: ModelOption = "full",
    body: Annotated[str, typer.Option(help="free, or the path of your SMPL file.")] = "free",
    checkpoint: Annotated[
        str, typer.Option(help="default, or the path of a network checkpoint.")
    ] = "default",
    features: Annotated[
        str, typer.Option(help="landmarks, or resnet50: the paper's features of the pictures.")
    ] = CaptureSettings.features,
    backbone: Annotated[
        Path | None, typer.Option(help="For resnet50: your SPIN checkpoint, or a ResNet-50 state dict.")
    ] = None,
    allow_partial: PartialOption = False,
    frame_start: Annotated[
        int | None, typer.Option(help="The scene frame of the first captured frame.")
    ] = None,
    keep_job: Annotated[bool, typer.Option("--keep-job", help="Keep the job folder and name it.")] = False,
    setup: SetupOption = True,
) -> None:
    """Capture the people of VIDEO into OUT: .blend, .glb, .fbx, .bvh, .usdc, .abc, .npz, .smpl or .csv."""
    source = existing_video(video)
    plan_output(out, format, source)
    settings = CaptureSettings(
        person=person,
        start=start,
        end=end,
        max_people=max_people,
        landmark_model=landmark_model,
        focal_px=focal if focal_mm is None else _focal_px(source, focal, focal_mm),
        height_m=height,
        smoothing=smoothing,
        refine=refine,
        device=device,
        body=_absolute(body, "free"),
        checkpoint=_absolute(checkpoint, "default"),
        features=features,
        backbone=None if backbone is None else str(backbone.expanduser().absolute()),
        allow_partial=allow_partial,
    )
    with interrupts() as wish, ProgressView(source.name) as view:
        outcome = run_capture(
            source,
            out,
            settings,
            format=format,
            options={} if frame_start is None else {"frame_start": frame_start},
            prepare=preparation(setup, wish, view.say),
            on_progress=view.show,
            should_cancel=wish,
            keep_job=keep_job,
        )
    for note in outcome.notes:
        typer.echo(f"Note: {note}", err=True)
    if outcome.job:
        typer.echo(f"Job folder: {outcome.job}", err=True)
    for file in outcome.files:
        typer.echo(file)


def _absolute(choice: str, word: str) -> str:
    """A path made absolute, because the worker runs in another folder; the word stays as it is."""
    return choice if choice == word else str(Path(choice).expanduser().absolute())


def _focal_px(video: Path, focal: float | None, focal_mm: float) -> float:
    """Pixels from the 35 mm equivalent, which is defined over the diagonal of the picture."""
    if focal is not None:
        raise FocalUnclear("Give --focal or --focal-mm, not both.")
    try:
        from ...core.video.info import probe
    except ImportError:
        raise FocalUnclear("This Python cannot read the video's size; give --focal in pixels.") from None
    info = probe(video)
    return focal_mm * math.hypot(info.width, info.height) / FULL_FRAME_DIAGONAL
