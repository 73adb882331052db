"""`reel2rig evaluate`: a checkpoint beside the paper's tables; `evaluate world`: motion beside truth."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.errors import InputError
from ..home import Home
from ..setup import ensure_ready
from .errors import explained
from .options import DeviceOption, GtBody, JsonOption
from .prepare import continue_in_worker_python, tell

if TYPE_CHECKING:
    from ...core.evaluate.paper.report import Sheet

PIPED_WIDTH = 160  # columns of a table that goes to a file: nothing wraps


class Camera(StrEnum):
    all = "all"
    frontal = "frontal"


class Edge(StrEnum):
    static = "static"
    replicate = "replicate"


class Filter(StrEnum):
    none = "none"
    slerp = "slerp"


class CheckpointNeeded(InputError):
    code = "evaluate.nothing_asked"


def evaluate(
    context: typer.Context,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint; repeat it for more rows.", metavar="FILE")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of all databases.", metavar="ROOT")] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="3dpw, mpii3d, h36m (all three by default), or a database of your own.",
            metavar="NAME",
        ),
    ] = None,
    table: Annotated[
        list[int] | None,
        typer.Option(min=1, max=2, help="Only this table of the paper; by default each that fits the sets."),
    ] = None,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    body: Annotated[
        Path | None, typer.Option(help="Your SMPL file, for the published numbers; otherwise the free body.")
    ] = None,
    gt_body: Annotated[GtBody, typer.Option(help="The true body of 3DPW.")] = GtBody.neutral,
    male: Annotated[Path | None, typer.Option(help="SMPL_MALE.pkl, for a gendered truth.")] = None,
    female: Annotated[Path | None, typer.Option(help="SMPL_FEMALE.pkl, for a gendered truth.")] = None,
    edge: Annotated[
        Edge, typer.Option(help="What the first and last frames see: themselves (the tables), or the clip.")
    ] = Edge.static,
    camera: Annotated[Camera, typer.Option(help="Of Human3.6M.")] = Camera.all,
    filter: Annotated[Filter, typer.Option(help="Add rows smoothed after the network.")] = Filter.none,
    match_vibe: Annotated[bool, typer.Option("--match-vibe", help="VIBE's set of frames.")] = False,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Errors of a checkpoint on the test sets, beside every row of the paper's tables 1 and 2."""
    if context.invoked_subcommand is not None:
        return
    if not checkpoint or data is None:
        raise CheckpointNeeded(
            "Give --checkpoint FILE and --data ROOT, the folder of all databases; "
            "to compare two motions: reel2rig evaluate world PREDICTED.npz TRUTH.npz."
        )
    home = Home.find()
    continue_in_worker_python(ensure_ready(home, say=tell))
    from ...core.evaluate.paper.report import sheets, to_json
    from ...core.evaluate.paper.request import EvaluationRequest

    request = EvaluationRequest(
        checkpoints=tuple(checkpoint),
        data=data,
        sets=tuple(dict.fromkeys(sets or ("3dpw", "mpii3d", "h36m"))),
        bodies=home.root / "bodies",
        split=split,
        camera=camera.value,
        edge=edge.value,
        gt_body=gt_body.value,
        filter="slerp0.3" if filter is Filter.slerp else "none",
        match_vibe=match_vibe,
        body=body,
        male=male,
        female=female,
        device=device,
    )
    with Console(stderr=True).status("Measuring") as status:
        entries = request.run(lambda _, done, total: status.update(f"Measuring: {done} of {total} frames"))
    made = sheets(entries, request, table)
    if as_json:
        typer.echo(json.dumps(to_json(entries, request, made), indent=1))
        return
    for sheet in made:
        show(sheet)


def world(
    predicted: Annotated[Path, typer.Argument(help="The predicted motion (.npz).", metavar="PREDICTED")],
    truth: Annotated[Path, typer.Argument(help="The true motion (.npz).", metavar="TRUTH")],
    body: Annotated[
        Path | None, typer.Option(help="Your SMPL file, if both are of it; otherwise the free body.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How well a motion follows the truth through the world: two .npz files of one person."""
    from ...core.body.files import convert_smpl_file
    from ...core.evaluate.paper.world import evaluate_world
    from ...core.motion.body import load_body
    from ...core.motion.files.npz import read_clip

    if body is not None:
        bodies = Home.find().root / "bodies"
        bodies.mkdir(parents=True, exist_ok=True)
        body = convert_smpl_file(body, bodies)
    scores = evaluate_world(read_clip(predicted), read_clip(truth), load_body(body)).to_json()
    if as_json:
        typer.echo(json.dumps(scores, indent=1))
        return
    table = Table("measure", "value", "unit", title=escape(f"{predicted.name} against {truth.name}"))
    for key, (name, unit) in WORLD_NAMES.items():
        value = scores[key]
        table.add_row(name, "-" if value is None else f"{value:.1f}", unit)
    table.caption = f"{scores['frames']} frames that both have and the truth calls valid"
    _console().print(table)


WORLD_NAMES = {
    "wa_mpjpe": ("WA-MPJPE100", "mm"),
    "w_mpjpe": ("W-MPJPE100", "mm"),
    "rte": ("RTE", "% of the path"),
    "jitter": ("jitter", "10 m/s³"),
    "true_jitter": ("jitter of the truth", "10 m/s³"),
    "foot_sliding": ("foot sliding", "mm per frame"),
}


def show(sheet: Sheet) -> None:
    """A sheet as a table: our rows bold, missing numbers as '-'."""
    from ...core.evaluate.paper.report import NAMES, SET_NAMES, UNITS

    caption = escape("\n".join(sheet.caption))
    table = Table(title=sheet.title, caption=caption, caption_justify="left")
    table.add_column("method")
    for index, (name, measure) in enumerate(sheet.columns):
        new = index == 0 or sheet.columns[index - 1][0] != name
        unit = f"\n{UNITS[measure]}" if measure.startswith("accel") else ""
        table.add_column(
            f"{SET_NAMES.get(name, name) if new else ''}\n{NAMES[measure]}{unit}", justify="right"
        )
    table.add_column("input", justify="right")
    for index, row in enumerate(sheet.rows):
        if row.ours and index and not sheet.rows[index - 1].ours:
            table.add_section()
        values = ["-" if value is None else f"{value:.1f}" for value in row.values]
        table.add_row(escape(row.method), *values, str(row.input), style="bold" if row.ours else None)
    _console().print(table)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)


app = typer.Typer(help=evaluate.__doc__)
app.callback(invoke_without_command=True)(explained(evaluate))
app.command()(explained(world))
