"""What may be chosen about an export: one record that travels as JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ....core.errors import InputError

ENGINES: tuple[str, ...] = ("none", "unreal", "unity")


class BadExport(InputError):
    code = "export.invalid"


@dataclass(frozen=True)
class ExportOptions:
    """Choices of one export.

    Attributes:
        engine: "unreal" and "unity" make an .fbx as that engine wants it; other formats know no engine.
        animation_only: the skeleton without the meshes that it deforms.
        from_zero: the first frame of the file is frame 0, wherever it lies on the scene's timeline. An engine
            always gets it so.
        frames: first and last scene frame to write; None takes all that is keyed.
    """

    engine: str = "none"
    animation_only: bool = False
    from_zero: bool = False
    frames: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise BadExport(f"The engine {self.engine!r} is unknown; choose one of {', '.join(ENGINES)}.")
        for name in ("animation_only", "from_zero"):
            if not isinstance(getattr(self, name), bool):
                raise BadExport(f"The option {name} is {getattr(self, name)!r}; it is on or off.")
        if self.frames is not None:
            object.__setattr__(self, "frames", _frame_range(self.frames))

    @property
    def starts_at_zero(self) -> bool:
        return self.from_zero or self.engine != "none"


def export_options(data: Any) -> ExportOptions:
    """Options out of JSON, such as a request's. Raises BadExport with a sentence that names what is wrong."""
    known = {field.name for field in dataclasses.fields(ExportOptions)}
    if not isinstance(data, dict):
        raise BadExport("The export options are not a JSON object; give names and values.")
    if unknown := sorted(set(data) - known):
        raise BadExport(f"The export option '{unknown[0]}' is unknown; known are {', '.join(sorted(known))}.")
    return ExportOptions(**data)


def _frame_range(value: Any) -> tuple[int, int]:
    whole = isinstance(value, list | tuple) and all(type(number) is int for number in value)
    if not whole or len(value) != 2 or value[0] > value[1]:
        raise BadExport(f"The frames {value!r} are no range; give the first and the last frame.")
    return value[0], value[1]
