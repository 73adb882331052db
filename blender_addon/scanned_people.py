"""The people that a quick look through the video has found, for the user to choose from."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import FileCorrupt, InputError

_PASSER_BY = 1.0  # seconds; who is seen for less is listed, but not chosen


class NobodyChosen(InputError):
    code = "people.none_chosen"


class ScannedPerson(bpy.types.PropertyGroup):
    chosen: bpy.props.BoolProperty(name="Capture", description="Capture this person")
    number: bpy.props.IntProperty(name="Number", description="What the video's people are told apart by")
    frames: bpy.props.IntProperty(name="Frames", description="Frames of the video that show this person")
    first_frame: bpy.props.IntProperty(
        name="First Frame", description="First video frame that shows this person, counted from 0"
    )
    last_frame: bpy.props.IntProperty(
        name="Last Frame", description="Last video frame that shows this person, counted from 0"
    )
    seconds: bpy.props.FloatProperty(name="Seconds", description="How long this person is seen")
    confidence: bpy.props.FloatProperty(
        name="Confidence", description="How sure it is where this person's joints are, 1 at best"
    )
    thumbnail: bpy.props.StringProperty(name="Picture", description="File with a picture of this person")


def list_people(people: Any, scan: dict[str, Any], folder: Path) -> None:
    """Fill a collection of `ScannedPerson` from a `scan.json`, the longest seen first.

    Chosen are all who are seen for a second or more, and the longest in any case.

    Raises FileCorrupt when it lists no people in the way this version knows.
    """
    people.clear()
    try:
        rate = Fraction(*(int(part) for part in scan["video"]["fps"]))
        for track in scan["tracks"]:
            person = people.add()
            person.number = int(track["id"])
            person.name = f"Person {person.number}"
            person.frames = int(track["frames"])
            person.first_frame, person.last_frame = int(track["first_frame"]), int(track["last_frame"])
            person.seconds = float(person.frames / rate)
            person.confidence = float(track["confidence"])
            person.thumbnail = str(folder / Path(str(track["thumbnail"])).name)
            person.chosen = person.seconds >= _PASSER_BY or len(people) == 1
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        people.clear()
        raise FileCorrupt(
            f"The list of people in {folder} cannot be read; press Find People again."
        ) from error


def require_somebody(people: Any) -> None:
    """Raise NobodyChosen when a list has people and none of them is to be captured."""
    if len(people) and not any(person.chosen for person in people):
        raise NobodyChosen("Nobody is chosen; tick at least one person in the list.")
