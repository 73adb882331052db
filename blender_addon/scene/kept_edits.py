"""Track edits of captures that are not imported yet, kept in the scene so that undo takes them back.

One JSON text in a custom property: it is saved with the file and needs no registered property. Captures are
told apart by the names of their job folders, which are unique.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import bpy

from ...core.motion.tracks import BadTrackEdit, TrackEdit, edits_from_json, edits_to_json

PROPERTY = "reel2rig_track_edits"


def edits_for(scene: bpy.types.Scene, folder: str | Path) -> tuple[TrackEdit, ...]:
    """The edits to apply when the capture in a job folder is imported. Raises BadTrackEdit."""
    return edits_from_json(_all(scene).get(Path(folder).name, ""))


def keep_edits(scene: bpy.types.Scene, folder: str | Path, edits: Sequence[TrackEdit]) -> None:
    """Store the edits of one capture in place of those it had; none forgets it. Raises BadTrackEdit."""
    everything = _all(scene)
    everything.pop(Path(folder).name, None)
    if edits:
        everything[Path(folder).name] = edits_to_json(edits)
    if everything:
        scene[PROPERTY] = json.dumps(everything)
    elif PROPERTY in scene:
        del scene[PROPERTY]


def _all(scene: bpy.types.Scene) -> dict[str, str]:
    try:
        kept = json.loads(scene.get(PROPERTY, "{}"))
        if not isinstance(kept, dict) or not all(isinstance(text, str) for text in kept.values()):
            raise ValueError("another kind of text")
    except (ValueError, TypeError) as error:
        raise BadTrackEdit(
            f"The track edits kept in {scene.name} cannot be read; delete its custom property {PROPERTY}."
        ) from error
    return kept
