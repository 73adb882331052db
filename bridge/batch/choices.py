"""What may be chosen about a batch, as a record and as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ...core.motion.cleanup import settings as cleanup_settings
from ...core.motion.cleanup.settings import Cleanup
from ...core.motion.retarget.options import RetargetOptions
from ...core.pipeline.settings import CaptureSettings
from .naming import PATTERN

PARTS = ("capture", "cleanup", "retarget", "export")
_LARGEST = 1_000_000  # bytes


class BadChoices(InputError):
    code = "batch.settings_invalid"


@dataclass(frozen=True)
class BatchChoices:
    """What a user may choose about a batch; every default is what the panel has.

    Attributes:
        formats: of the results. name: pattern with {clip} and {person}.
        settings: of the capture; their smoothing is not used. cleanup: as in the panel.
        rig: a .blend to put people onto. armature: its name there, None for the only one.
        rig_map: a JSON file. retarget: options. export: `ExportOptions` as JSON.
        frame_start: scene frame of the first pose. fps: of the results, such as "29.97" or "30000/1001".
        library: a .blend in which each action becomes an asset.
    """

    formats: tuple[str, ...] = ("blend",)
    name: str = PATTERN
    settings: CaptureSettings = field(default_factory=CaptureSettings)
    cleanup: Cleanup = field(default_factory=lambda: Cleanup(smoothing=CaptureSettings.smoothing))
    rig: Path | None = None
    armature: str | None = None
    rig_map: Path | None = None
    retarget: RetargetOptions = field(default_factory=RetargetOptions)
    export: Mapping[str, Any] = field(default_factory=dict)
    frame_start: int | None = None
    fps: str | None = None
    library: Path | None = None


def read_choices(path: Path) -> BatchChoices:
    """The defaults, with what a JSON file says otherwise: an object with any of `PARTS`, each an object.

    Raises BadChoices, and what wrong values raise: BadSetting, BadCleanup, BadRetarget.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise BadChoices(f"{path} is too large for settings; choose another file.")
        given: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadChoices(f"The settings {path} cannot be read ({error}); give a JSON file.") from error
    if not isinstance(given, dict) or not all(isinstance(part, dict) for part in given.values()):
        raise BadChoices(f"The settings {path} are no JSON object of objects; see the batch page.")
    if unknown := sorted(set(given) - set(PARTS)):
        raise BadChoices(f"The settings name '{unknown[0]}'; known are {', '.join(PARTS)}.")
    plain = BatchChoices()
    options = given.get("retarget", {})
    known = [field.name for field in fields(RetargetOptions)]
    if strange := sorted(set(options) - set(known)):
        raise BadChoices(f"The retarget option '{strange[0]}' is unknown; known are {', '.join(known)}.")
    cleanup = cleanup_settings.to_json(plain.cleanup) | given.get("cleanup", {})
    try:
        return replace(
            plain,
            settings=CaptureSettings.from_json(given.get("capture", {})),
            cleanup=cleanup_settings.from_json(Cleanup, cleanup),
            retarget=RetargetOptions(**options),
            export=given.get("export", {}),
        )
    except (TypeError, ValueError, AttributeError) as error:  # a value of a type that no setting has
        raise BadChoices(f"The settings {path} hold a value of the wrong kind ({error}).") from error
