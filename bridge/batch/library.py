"""The library of a batch: one .blend in which every action is an asset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .blender import WarmBlender
from .naming import person_name
from .task import ClipOutcome, ClipTask

CATALOG = "Captures"
SKELETON = "Captured Skeleton"


def make_library(
    blender: WarmBlender, library: Path, tasks: Sequence[ClipTask], outcomes: Sequence[ClipOutcome]
) -> None:
    """Put the actions of finished clips into a library; those of an earlier run are replaced, all else stays.

    Raises BlenderFailed and what `blender_addon.scene.action_library` raises.
    """
    assets = []
    for task, outcome in zip(tasks, outcomes, strict=True):
        onto = Path(task.retarget["rig"]).stem if task.retarget else SKELETON
        frames = f", frames {outcome.frames[0]} to {outcome.frames[1]}" if len(outcome.frames) == 2 else ""
        for action in outcome.actions:
            person = person_name(action["track"])
            assets.append({
                "file": action["file"],
                "name": action["name"],
                "key": f"{task.folder}/{task.id}/{action['track']} on {onto}",
                "catalog": f"{CATALOG}/{_plain(onto)}",
                "tags": [task.id, person, onto, *task.tags],
                "description": f"{Path(task.input).name}, person {action['track']}{frames}",
            })  # fmt: skip
    log = library.with_name(f"{library.stem}.log") if not tasks else tasks[0].log
    blender.run({"library": str(library), "assets": assets}, log)


def _plain(name: str) -> str:
    """A part of a catalog's path: Blender parts those at slashes, and its file at colons."""
    return name.replace("/", "-").replace(":", "-").replace("\\", "-")
