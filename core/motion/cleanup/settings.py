"""What may be done to a captured motion after its capture: two records that travel as JSON."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, TypeVar

from ...errors import InputError

BODY_PARTS: tuple[str, ...] = ("path", "torso", "head", "left arm", "right arm", "left leg", "right leg")
TRAVELS: tuple[str, ...] = ("pelvis", "root", "in place")
ROTATION_MODES: tuple[str, ...] = ("QUATERNION", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")

Record = TypeVar("Record", "Placement", "Cleanup")


class BadCleanup(InputError):
    code = "cleanup.invalid"


@dataclass(frozen=True)
class Placement:
    """Where a whole capture stands: its people and its camera move together, so the overlay stays true.

    Attributes:
        focal_px: focal length in pixels of the upright video; None keeps the one of the capture.
        height: metres by which everything is raised.
        tilt: radians about Blender's X and Y by which everything is turned about the capture's origin.
        heading: radians about Blender's Z, positive counter-clockwise seen from above.
        start: metres, where in Blender's XY plane the capture's origin stands (the floor under the first
            person's first seen pose).
    """

    focal_px: float | None = None
    height: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)
    heading: float = 0.0
    start: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tilt", _pair("tilt", self.tilt))
        object.__setattr__(self, "start", _pair("start", self.start))
        _finite("height", self.height)
        _finite("heading", self.heading)
        if self.focal_px is not None:
            _between("focal_px", self.focal_px, 10.0, 1e6)


@dataclass(frozen=True)
class Cleanup:
    """What is done to one person's motion. Every default leaves it as the capture did.

    Attributes:
        spikes: how eagerly single frames that jump are replaced, in [0, 1]; 0 replaces none.
        smoothing: Gaussian sigma in frames at 30 fps. smooth_parts: which of `BODY_PARTS` it smooths.
        foot_lock: how firmly feet in contact are held in place, in [0, 1].
        mirror: swap left and right.
        travel: who carries the way across the floor: the pelvis bone, the `root` bone, or nobody.
        heading_on_root: the `root` bone carries the heading too.
        speed: 2 plays twice as fast. resample: keys lie on whole frames of the scene.
        loop: the end leads back to the start. loop_blend: seconds over which it does.
        reduce: drop keys that are not needed within `reduce_degrees` and, at wrists and toes,
            `reduce_millimetres`.
        rotation_mode: of the keyed bones, as Blender names it.
    """

    spikes: float = 0.0
    smoothing: float = 0.0
    smooth_parts: tuple[str, ...] = BODY_PARTS
    foot_lock: float = 0.0
    mirror: bool = False
    travel: str = "pelvis"
    heading_on_root: bool = False
    speed: float = 1.0
    resample: bool = False
    loop: bool = False
    loop_blend: float = 0.5
    reduce: bool = False
    reduce_degrees: float = 1.0
    reduce_millimetres: float = 10.0
    rotation_mode: str = "QUATERNION"

    def __post_init__(self) -> None:
        object.__setattr__(self, "smooth_parts", tuple(self.smooth_parts))
        _between("spikes", self.spikes, 0.0, 1.0)
        _between("smoothing", self.smoothing, 0.0, 30.0)
        _between("foot_lock", self.foot_lock, 0.0, 1.0)
        _between("speed", self.speed, 0.05, 20.0)
        _between("loop_blend", self.loop_blend, 0.0, 10.0)
        _between("reduce_degrees", self.reduce_degrees, 0.01, 45.0)
        _between("reduce_millimetres", self.reduce_millimetres, 0.1, 500.0)
        for part in self.smooth_parts:
            _one_of("smooth_parts", part, BODY_PARTS)
        _one_of("travel", self.travel, TRAVELS)
        _one_of("rotation_mode", self.rotation_mode, ROTATION_MODES)


def to_json(record: Placement | Cleanup) -> dict[str, Any]:
    """The record as JSON-able values."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(record).items()
    }


def from_json(kind: type[Record], data: dict[str, Any]) -> Record:
    """A record out of JSON; an unknown key or a wrong value is refused by name. Raises BadCleanup."""
    known = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(data) - known):
        raise BadCleanup(f"The setting '{unknown[0]}' is unknown; known are {', '.join(sorted(known))}.")
    try:
        return kind(**data)
    except TypeError as error:
        raise BadCleanup(f"These settings cannot be read ({error}).") from error


def _finite(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadCleanup(f"The setting {name} is {value!r}; give a number.")


def _between(name: str, value: object, low: float, high: float) -> None:
    _finite(name, value)
    if not low <= float(value) <= high:  # type: ignore[arg-type]
        raise BadCleanup(f"The setting {name} is {value}; it must lie between {low:g} and {high:g}.")


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadCleanup(f"The setting {name} is {value!r}; choose one of {', '.join(known)}.")


def _pair(name: str, value: object) -> tuple[float, float]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise BadCleanup(f"The setting {name} is {value!r}; give two numbers.")
    for part in value:
        _finite(name, part)
    return float(value[0]), float(value[1])
