"""Two people who cross, and each of them alone: what was filmed and what was found in it."""

from __future__ import annotations

from dataclasses import dataclass

from reel2rig.core.people.detect import PeopleScan, PersonTrack
from rendered_people import Footage


@dataclass(frozen=True, eq=False)
class Crossing:
    """Footage and scan of "both", "near" and "far"."""

    films: dict[str, Footage]
    scans: dict[str, PeopleScan]

    def track(self, name: str) -> PersonTrack:
        """The track in "both" that shows `name` in its first frame: the nearer one starts on the left."""
        middle = self.films["both"].frames[0].shape[1] / 2
        starts = {
            "near" if track.image[0, 11:, 0].mean() < middle else "far": track
            for track in self.scans["both"].tracks
        }
        return starts[name]
