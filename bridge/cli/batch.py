"""`reel2rig batch`: many clips in, many files out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from ...core.motion.cleanup.settings import Cleanup
from ...core.pipeline.settings import CaptureSettings
from ..batch.blender import CLIPS, WarmBlender
from ..batch.choices import PARTS, BatchChoices, read_choices
from ..batch.cluster import ClusterOptions, run_on_cluster
from ..batch.inputs import needs_worker
from ..batch.library import make_library
from ..batch.local import Place, places, run_here
from ..batch.manifest import Manifest
from ..batch.naming import PATTERN
from ..batch.plan import Batch, plan_batch
from ..batch.ray_cluster import import_ray
from ..batch.run_batch import Runner, run_batch
from ..batch.shards import parse_shard
from ..batch.task import ClipOutcome, ClipTask
from ..client.environment import Environment, find_environment
from ..client.gpu import nvidia_gpus
from ..client.session import Session
from ..headless_blender import BlenderProgram, find_blender
from ..home import Home
from ..output import FORMATS
from .batch_view import BatchView, plain, shown_notes, summary, verdict
from .interrupts import Wish, interrupts
from .options import JsonOption, SetupOption
from .prepare import preparation


def batch(
    inputs: Annotated[
        list[Path], typer.Argument(help="Videos, motion files, folders or patterns.", metavar="INPUT...")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for the results.", metavar="DIR")],
    format: Annotated[list[str], typer.Option(help=f"One or several (fbx,glb) of {', '.join(FORMATS)}.")],
    retarget: Annotated[
        Path | None, typer.Option(help="Put people onto the rig in this .blend, which stays as it is.")
    ] = None,
    rig: Annotated[str | None, typer.Option(help="The rig's armature, where the .blend has several.")] = None,
    rig_map: Annotated[
        Path | None, typer.Option("--map", help="A rig map (JSON); by default the rig is recognised.")
    ] = None,
    person: Annotated[str | None, typer.Option(help="longest (default), all, or ids such as 1,3.")] = None,
    frame_start: Annotated[int | None, typer.Option(help="Scene frame of the first pose.")] = None,
    fps: Annotated[
        str | None, typer.Option(help="Frames per second of the results; the clip's own by default.")
    ] = None,
    name: Annotated[str, typer.Option(help="What results are called.")] = PATTERN,
    engine: Annotated[str | None, typer.Option(help="For .fbx: unreal or unity.")] = None,
    animation_only: Annotated[
        bool, typer.Option("--animation-only", help="Leave meshes out of the files.")
    ] = False,
    library: Annotated[
        Path | None, typer.Option(help="Gather all actions as assets in this .blend.", metavar="OUT.BLEND")
    ] = None,
    smoothing: Annotated[
        float | None, typer.Option(help="As in the panel: sigma in frames at 30 fps; 0: none.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(help=f"A JSON file with any of {', '.join(PARTS)}.", metavar="JSON"),
    ] = None,
    max_people: Annotated[int | None, typer.Option(help="How many people are looked for.")] = None,
    device: Annotated[str | None, typer.Option(help="auto (default), cpu, cuda or mps.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Workers side by side; one for each GPU by default.")
    ] = None,
    restart_every: Annotated[
        int, typer.Option(min=1, help="Clips after which Blender is started afresh.")
    ] = CLIPS,
    ray: Annotated[
        str | None,
        typer.Option(help="Spread the clips over a Ray cluster: its address, or local.", metavar="ADDRESS"),
    ] = None,
    ray_cpus: Annotated[float, typer.Option(min=0.1, help="With --ray: CPU cores for each clip.")] = 1.0,
    ray_gpus: Annotated[
        float | None, typer.Option(min=0.0, help="With --ray: GPUs for each captured clip; 0.5 shares one.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(help="Make share I of N alone, for render farms.", metavar="I/N")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave alone what an earlier run has finished.")
    ] = False,
    as_json: JsonOption = False,
    setup: SetupOption = True,
) -> None:
    """Capture all clips of INPUT... into DIR, one after the other or side by side, without a window.

    A clip that cannot be captured does not stop the others. Ends with 0 when every clip is done.
    """
    share = parse_shard(shard) if shard else None
    if ray:
        import_ray(ray)  # before anything is made
    choices = read_choices(settings) if settings else BatchChoices()
    choices = replace(
        choices,
        formats=tuple(part.strip().lower().lstrip(".") for each in format for part in each.split(",")),
        name=name,
        settings=_changed(choices.settings, person=person, max_people=max_people, device=device),
        cleanup=_changed(choices.cleanup, smoothing=smoothing),
        rig=retarget,
        armature=rig,
        rig_map=rig_map,
        export={
            **choices.export,
            **({"engine": engine} if engine else {}),
            **({"animation_only": True} if animation_only else {}),
        },
        frame_start=frame_start,
        fps=fps,
        library=library,
    )
    plan = plan_batch(inputs, out, choices, _names if resume else lambda state: {})
    if share:
        plan = replace(plan, tasks=tuple(share.share(plan.tasks)))
    with interrupts() as wish, BatchView(len(plan.tasks)) as view:
        home = Home.find()
        if ray:
            cluster = ClusterOptions(ray, ray_cpus, ray_gpus, jobs, restart_every)
            run = _on_cluster(cluster, wish, view)
        else:
            environment = _ready(plan, choices.settings, home, setup, wish, view)
            run = _here(environment, plan, choices.settings.device, jobs, restart_every, wish, view)

        def gather(file: Path, tasks: Sequence[ClipTask], outcomes: Sequence[ClipOutcome]) -> None:
            with WarmBlender(find_blender(find_environment(home).python)) as fresh:
                make_library(fresh, file, tasks, outcomes)

        report = run_batch(
            plan,
            run,
            resume=resume,
            part=share.part if share else "",
            make_library=None if share else gather,  # it takes all shards
            on_outcome=view.ended,
        )
    for note in shown_notes(report.outcomes):
        typer.echo(plain(note), err=True)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=1))
    else:
        Console().print(summary(report))
        for line in verdict(report):
            typer.echo(line)
    if report.error is not None:
        raise report.error
    raise typer.Exit(report.exit_code)


Record = TypeVar("Record", CaptureSettings, Cleanup)


def _changed(record: Record, **given: object) -> Record:
    """The record with what was given on the command line."""
    return replace(record, **{name: value for name, value in given.items() if value is not None})


def _names(state: Path) -> dict[str, str]:
    manifest = Manifest(state)
    manifest.read()
    return manifest.names()


def _ready(
    plan: Batch, settings: CaptureSettings, home: Home, setup: bool, wish: Wish, view: BatchView
) -> Environment:
    """The worker's environment; that it works is asked for only where there is something to capture."""
    if not any(needs_worker(task.input) for task in plan.tasks):
        return find_environment(home)
    return preparation(setup, wish, view.say)(home, settings)


def _here(
    environment: Environment,
    plan: Batch,
    device: str,
    jobs: int | None,
    restart_every: int,
    wish: Wish,
    view: BatchView,
) -> Runner:
    """Runs clips on this computer. Raises BlenderMissing before any is begun."""
    blender = find_blender(environment.python)
    _look_at_rig(blender, plan, environment.home, wish, view)
    gpus = [] if device == "cpu" else _gpus(environment)
    where = places(max(1, min(jobs or len(gpus), len(plan.tasks))), gpus)

    def open_tools(place: Place) -> tuple[Session, WarmBlender]:
        session = Session(environment.python, environment.home, variables=place.variables)
        return session, WarmBlender(blender, restart_every, variables=place.variables)

    def run(tasks: Sequence[ClipTask], on_outcome: Callable[[ClipOutcome], None]) -> None:
        run_here(tasks, where, open_tools, on_outcome, on_progress=view.show, should_cancel=wish)

    return run


def _look_at_rig(blender: BlenderProgram, plan: Batch, home: Home, wish: Wish, view: BatchView) -> None:
    """Say which rig is meant, or that it cannot be used: now, not after hours of captures."""
    onto = plan.tasks[0].retarget if plan.tasks else None  # a shard may have none
    if onto is None:
        return
    with WarmBlender(blender) as once:
        found = once.run({"look_at": onto}, home.logs / "blender.log", should_cancel=wish)
    untested = "" if found.get("tested") else "; this map was not tested on a real file"
    view.say(f"Onto {found['rig']} of {Path(onto['rig']).name}, by the map {found['map']}{untested}")


def _on_cluster(cluster: ClusterOptions, wish: Wish, view: BatchView) -> Runner:
    def run(tasks: Sequence[ClipTask], on_outcome: Callable[[ClipOutcome], None]) -> None:
        run_on_cluster(tasks, cluster, on_outcome, say=view.say, should_cancel=wish)

    return run


def _gpus(environment: Environment) -> list[str]:
    """The GPUs that the worker's PyTorch can use."""
    device = environment.state().device
    return nvidia_gpus() if device.startswith("cuda") or not device else []
