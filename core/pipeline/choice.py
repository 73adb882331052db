"""Which of the people found are captured."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError
from ..people.detect import PersonTrack
from .settings import CaptureSettings


class UnknownPerson(InputError):
    code = "people.unknown_id"


def choose_tracks(tracks: Sequence[PersonTrack], settings: CaptureSettings) -> list[PersonTrack]:
    """The tracks that `settings.person` names, the first chosen one first.

    Args:
        tracks: every track of the shot, longest first, at least one.

    Raises:
        UnknownPerson: an id that no track has.
    """
    if settings.person == "all":
        return sorted(tracks, key=lambda track: track.id)
    if settings.person == "longest":
        return [tracks[0]]
    by_id = {track.id: track for track in tracks}
    missing = [str(person) for person in settings.person_ids() if person not in by_id]
    if missing:
        raise UnknownPerson(
            f"There is no person {', '.join(missing)} in this video; found are "
            f"{', '.join(str(person) for person in sorted(by_id))} ('reel2rig scan' shows who is who)."
        )
    return [by_id[person] for person in dict.fromkeys(settings.person_ids())]
