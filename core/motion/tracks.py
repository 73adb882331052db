"""Corrections of who is who in a capture, as records that can be kept, undone and done again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from ..errors import InputError
from .clip import MotionClip
from .track_parts import merge_clips, split_clip, swap_clips

KINDS = {"merge": 2, "split": 1, "swap": 2}  # and how many tracks each names


class BadTrackEdit(InputError):
    code = "tracks.invalid"


class TrackMissing(InputError):
    code = "tracks.missing"


@dataclass(frozen=True)
class TrackEdit:
    """One correction.

    Attributes:
        kind: "merge", "split" or "swap".
        tracks: ids; merge: the one that stays and the one that ends in it; split: the one to split;
            swap: the two that exchange their motion.
        frame: source frame that a split's second part or a swap begins with; a swap without one is whole.
    """

    kind: str
    tracks: tuple[str, ...]
    frame: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracks", tuple(map(str, self.tracks)))
        if self.kind not in KINDS:
            raise BadTrackEdit(f"The edit is {self.kind!r}; choose one of {', '.join(KINDS)}.")
        if len(self.tracks) != KINDS[self.kind] or len(set(self.tracks)) != len(self.tracks):
            many = {1: "one person", 2: "two different people"}[KINDS[self.kind]]
            raise BadTrackEdit(f"To {self.kind}, choose {many}.")
        whole = isinstance(self.frame, int) and not isinstance(self.frame, bool)
        if not whole and not (self.frame is None and self.kind != "split"):
            raise BadTrackEdit(f"To {self.kind}, give the frame as a whole number.")


def edits_to_json(edits: Sequence[TrackEdit]) -> str:
    """The edits as one line of JSON."""
    return json.dumps([asdict(edit) for edit in edits])


def edits_from_json(text: str) -> tuple[TrackEdit, ...]:
    """Edits out of JSON; an empty text holds none. Raises BadTrackEdit."""
    try:
        return tuple(TrackEdit(**record) for record in json.loads(text or "[]"))
    except (ValueError, TypeError) as error:
        raise BadTrackEdit(f"The kept track edits cannot be read ({error}).") from error


def apply_edits(clips: Sequence[MotionClip], edits: Sequence[TrackEdit]) -> tuple[MotionClip, ...]:
    """The clips of a capture after its edits, in order; the second part of a split stands behind its first
    under the smallest number that is still free.

    Raises TrackMissing when an edit names a person who is not there, and what `merge_clips`, `split_clip`
    and `swap_clips` raise.
    """
    people = list(clips)
    for edit in edits:
        at = [_place(people, track) for track in edit.tracks]
        first = people[at[0]]
        if edit.kind == "split" and edit.frame is not None:
            people[at[0] : at[0] + 1] = split_clip(first, edit.frame, free_track(people))
        elif edit.kind == "merge":
            people[at[0]] = merge_clips(first, people[at[1]])
            del people[at[1]]
        else:
            people[at[0]], people[at[1]] = swap_clips(first, people[at[1]], edit.frame)
    return tuple(people)


class _Tracked(Protocol):
    @property
    def track(self) -> str: ...


def free_track(people: Sequence[_Tracked]) -> str:
    """The smallest whole number that nobody has for a track."""
    taken = {person.track for person in people}
    return next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)


def _place(clips: Sequence[MotionClip], track: str) -> int:
    for index, clip in enumerate(clips):
        if clip.track == track:
            return index
    there = ", ".join(clip.track for clip in clips)
    raise TrackMissing(f"There is no person {track}; there are {there}.")
