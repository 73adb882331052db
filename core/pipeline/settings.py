"""What a user may choose about a capture: one frozen record that travels as JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ..errors import InputError


class BadSetting(InputError):
    code = "settings.invalid"


@dataclass(frozen=True)
class CaptureSettings:
    """Choices of one capture. Every default is what an animator gets who chooses nothing.

    Attributes:
        person: "longest" (the track seen in most frames), "all", or ids such as "1" or "1,3".
        start, end: trim, a source frame number ("120") or a time ("4.5s"); `end` is exclusive.
        max_people: how many people are looked for.
        landmark_model: "full", or the path of a PoseLandmarker .task file.
        focal_px: focal length in pixels of the upright image; None takes sqrt(width² + height²).
        height_m: the first person's standing height in metres, if known.
        smoothing: Gaussian sigma in frames at 30 fps; 0 leaves the result as it came.
        refine: fit the body to the seen landmarks after the network.
        device: "auto", "cpu", "cuda", "mps".
        body: "free" or the path of the user's own SMPL file.
        checkpoint: "default" or the path of a network checkpoint. With features of pictures, "default" is the
            backbone's own regressor.
        features: "landmarks", or "resnet50": the paper's features of the pictures, by the user's backbone.
        backbone: path of a SPIN checkpoint or a ResNet-50 state dict; only for "resnet50".
        allow_partial: use what could be read of a damaged video.
    """

    person: str = "longest"
    start: str | None = None
    end: str | None = None
    max_people: int = 4
    landmark_model: str = "full"
    focal_px: float | None = None
    height_m: float | None = None
    smoothing: float = 2.0
    refine: bool = True
    device: str = "auto"
    body: str = "free"
    checkpoint: str = "default"
    features: str = "landmarks"
    backbone: str | None = None
    allow_partial: bool = False

    def __post_init__(self) -> None:
        if self.person not in ("longest", "all"):
            self.person_ids()
        _in_range("max_people", self.max_people, 1, 20)
        _in_range("smoothing", self.smoothing, 0, 30)
        if self.focal_px is not None:
            _in_range("focal_px", self.focal_px, 10, 1e6)
        if self.height_m is not None:
            _in_range("height_m", self.height_m, 0.3, 3.0)
        if self.device not in ("auto", "cpu", "cuda", "mps"):
            raise BadSetting(f"The device '{self.device}' is unknown; choose auto, cpu, cuda or mps.")
        self._check_features()

    def person_ids(self) -> tuple[int, ...]:
        """The chosen track ids; raises `BadSetting` when `person` is not a list of numbers."""
        try:
            ids = tuple(int(part) for part in self.person.split(","))
        except ValueError:
            raise BadSetting(
                f"The person choice '{self.person}' is not understood; give longest, all, or ids such as 1,3."
            ) from None
        if min(ids) < 1:
            raise BadSetting("Person ids start at 1; run 'reel2rig scan' on the video to list them.")
        return ids

    def _check_features(self) -> None:
        if self.features not in ("landmarks", "resnet50"):
            raise BadSetting(f"The features '{self.features}' are unknown; choose landmarks or resnet50.")
        if self.features == "resnet50" and not self.backbone:
            raise BadSetting(
                "The features resnet50 need --backbone: the path of a SPIN checkpoint, or of a ResNet-50 "
                "state dict together with --checkpoint."
            )
        if self.features == "landmarks" and self.backbone:
            raise BadSetting(
                "A backbone is only used for pictures: add --features resnet50, or leave it out."
            )

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CaptureSettings:
        """Read settings from JSON; an unknown key or a wrong type is an error, not a silent default."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for key, value in data.items():
            if key not in fields:
                raise BadSetting(f"The capture setting '{key}' is unknown; known are {', '.join(fields)}.")
            default = fields[key].default
            if isinstance(default, bool) != isinstance(value, bool):
                raise BadSetting(f"The capture setting '{key}' has the wrong type ({type(value).__name__}).")
        try:
            return cls(**data)
        except TypeError as error:
            raise BadSetting(f"The capture settings cannot be read ({error}).") from error


def _in_range(name: str, value: float, low: float, high: float) -> None:
    # `not low <= value` also refuses NaN.
    if not isinstance(value, (int, float)) or not low <= value <= high:
        raise BadSetting(f"The setting {name} is {value}; it must lie between {low} and {high}.")
