"""A captured person read back from the .blend: the raw clip where its capture stands, and when."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import Reel2RigError
from ...core.motion.camera_track import CameraTrack
from ...core.motion.cleanup.settings import Placement
from ...core.motion.clip import MotionClip
from ...core.motion.feet import FootPoints, foot_points
from ...core.motion.placement import place_clips
from ...core.motion.spaces import to_space
from .body_shape import body_of, in_shape, unit_of
from .camera_tracks import track_of
from .packed import read_about, unpack_clip
from .people import people_in
from .placing import Placing
from .stored_settings import placement_of

_FINEST_BASE = 1001  # denominators of frame rates: 30000/1001


@dataclass(frozen=True, eq=False)
class PlacedPerson:
    """What re-deriving starts from.

    Attributes:
        clip: the raw clip in "blender" space, placed with its capture and on the chosen body.
        feet: heels and toes of that body; None when its body file is not on this computer.
        placement: of the capture. placing: of its frames on the scene's timeline.
        unit: scene units per metre, as the armature was built.
    """

    clip: MotionClip
    feet: FootPoints | None
    placement: Placement
    placing: Placing
    unit: float

    @property
    def timeline_fps(self) -> Fraction:
        """Scene frames per second of the capture's time."""
        if self.placing.step == 1.0:
            return self.clip.fps
        return Fraction(self.placing.step * float(self.clip.fps)).limit_denominator(_FINEST_BASE)

    def scene_frames(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Scene frames, fractions kept, of seconds since the capture's first frame."""
        # Rounded far below a frame, so that video frames come out whole, as they went in.
        passed = np.round(np.asarray(seconds, np.float64) * float(self.clip.fps), 6)
        return self.placing.scene_frames(self.placing.first_source + passed)


def placed_people(home: bpy.types.Collection | None, wanted: list[bpy.types.Object]) -> list[PlacedPerson]:
    """Read `wanted` people of one capture, whose collection is `home`.

    A person who was appended without the capture's collection stands as the capture itself did.

    Raises what `unpack_clip` and `placement_of` raise.
    """
    people = people_in(home) if home else wanted
    placement = placement_of(home) if home else Placement()
    raw = tuple(_in_blender(unpack_clip(person)[0]) for person in people)
    track = track_of(home) if home else None
    placed = dict(zip((person.name for person in people), _place(raw, placement, track), strict=True))
    return [_read(person, placed[person.name], placement) for person in wanted]


def _read(person: bpy.types.Object, clip: MotionClip, placement: Placement) -> PlacedPerson:
    about = read_about(person)
    clip = in_shape(person, clip)
    placing = Placing(about["scene_start"], about["video"]["trim"][0], float(about["scene_step"]))
    return PlacedPerson(clip, _feet(person, clip), placement, placing, unit_of(person))


def placed_fps(person: bpy.types.Object) -> float:
    """Scene frames per second that a person is keyed for. Raises as `read_about`."""
    about = read_about(person)
    return float(Fraction(*about["video"]["fps"])) * float(about["scene_step"])


def _feet(person: bpy.types.Object, clip: MotionClip) -> FootPoints | None:
    try:
        return foot_points(body_of(person), clip)
    except (Reel2RigError, OSError):
        return None  # another computer: the user's own body file stayed behind


@lru_cache(maxsize=16)
def _in_blender(clip: MotionClip) -> MotionClip:
    return to_space(clip, "blender")


@lru_cache(maxsize=4)
def _place(
    clips: tuple[MotionClip, ...], placement: Placement, track: CameraTrack | None
) -> tuple[MotionClip, ...]:
    # While one slider of one person moves, the others need not be placed again.
    return tuple(place_clips(clips, placement, track))
