"""The people of a finished capture that waits to be imported, as they stand after the edits made so far.

Read once, when somebody looks into the capture; what edits change is followed here by frame numbers alone, so
that a panel can ask at every redraw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bridge.files import read_json
from ..core.motion.tracks import TrackEdit, free_track
from .capture_result import read_result

Frames = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WaitingPerson:
    """One person. `seen`: the video frames they are in, increasing; `thumbnail`: a picture file, or ""."""

    track: str
    seen: Frames
    confidence: float
    thumbnail: str

    @property
    def name(self) -> str:
        return f"Person {self.track}"


_opened: dict[str, tuple[WaitingPerson, ...]] = {}  # by the name of the job folder


def open_waiting(folder: Path) -> None:
    """Read the people of a finished capture. Raises what `read_result` raises."""
    tracks = {str(track.get("id")): track for track in _tracks(read_json(folder / "result.json"))}
    people = []
    for clip in read_result(folder).clips:
        told = tracks.get(clip.track, {})
        picture = folder / f"person-{clip.track}.png"
        seen = clip.frames[clip.valid] if clip.valid.any() else clip.frames
        confidence = told.get("confidence", 0.0)
        sure = float(confidence) if isinstance(confidence, int | float) else 0.0
        people.append(WaitingPerson(clip.track, seen, sure, str(picture) if picture.is_file() else ""))
    _opened[folder.name] = tuple(people)


def close_waiting(folder: Path) -> None:
    """Forget the people of a capture."""
    _opened.pop(folder.name, None)


def is_open(folder: Path) -> bool:
    """Whether the people of a capture are known."""
    return folder.name in _opened


def waiting_people(folder: Path, edits: Sequence[TrackEdit]) -> tuple[WaitingPerson, ...]:
    """The people of an opened capture after `edits`, in the order and with the ids of `apply_edits`."""
    return _after(_opened.get(folder.name, ()), tuple(edits))


@lru_cache(maxsize=32)
def _after(found: tuple[WaitingPerson, ...], edits: tuple[TrackEdit, ...]) -> tuple[WaitingPerson, ...]:
    people = list(found)
    for edit in edits:
        at = [index for index, person in enumerate(people) if person.track == edit.tracks[0]]
        other = [index for index, person in enumerate(people) if person.track == edit.tracks[-1]]
        if at and other:
            _follow(people, edit, at[0], other[0])
    return tuple(people)


def told(edit: TrackEdit) -> str:
    """What an edit does, in a few words."""
    first, second = edit.tracks[0], edit.tracks[-1]
    return {
        "merge": f"{first} goes on as {second}",
        "split": f"{first} split at frame {edit.frame}",
        "swap": f"{first} and {second} swapped" + ("" if edit.frame is None else f" from {edit.frame}"),
    }[edit.kind]


def _follow(people: list[WaitingPerson], edit: TrackEdit, at: int, other: int) -> None:
    """One edit, done to the list of people."""
    first, second = people[at], people[other]
    if edit.kind == "merge":
        people[at] = replace(first, seen=np.union1d(first.seen, second.seen))
        del people[other]
    elif edit.kind == "split":
        late = first.seen >= (edit.frame or 0)
        new = replace(first, track=free_track(people), seen=first.seen[late])
        people[at : at + 1] = [replace(first, seen=first.seen[~late]), new]
    else:
        start = -1 if edit.frame is None else edit.frame
        for place, one, another in ((at, first, second), (other, second, first)):
            seen = np.union1d(one.seen[one.seen < start], another.seen[another.seen >= start])
            people[place] = replace(one, seen=seen)


def _tracks(result: dict[str, Any] | None) -> list[dict[str, Any]]:
    tracks = (result or {}).get("tracks")
    return [track for track in tracks if isinstance(track, dict)] if isinstance(tracks, list) else []
