"""One clip's part of a batch and what became of it: two records that travel as JSON.

They name everything by absolute paths and hold no open thing, so that another process, or another computer
that sees the same folders, can do the work.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ...core.errors import InputError

DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
NODES_FAULT = ("worker.environment_", "worker.version_", "blender.missing", "blender.too_old")
"""How codes begin that tell what is wrong with a computer, whatever the clip."""

Record = TypeVar("Record", "ClipTask", "ClipOutcome")


class BadRecord(InputError):
    code = "batch.record_invalid"


@dataclass(frozen=True)
class ClipTask:
    """What is to be done with one clip.

    Attributes:
        id: unique in its batch and fit for a file name; logs and reports go by it.
        input: the video, or a file of motion.
        folder: takes the results; it exists.
        name: of the results, without an ending; "{person}" in it becomes p01, p02, ... A name without it
            puts all people into one file, where the format can hold them.
        formats: endings, as in `output.FORMATS`.
        settings: `CaptureSettings.to_json()`, unsmoothed: smoothing belongs to the clean-up, as in the panel.
        cleanup: `cleanup.settings.to_json()` of a `Cleanup`.
        retarget: {"rig": .blend, "name": its armature or null, "map": JSON file or null, "options": {...}};
            None keeps the captured skeleton.
        frame_start: scene frame of the first captured frame; None is each format's usual one.
        fps: rate of the results as a fraction, such as "30000/1001"; None is the clip's own.
        export: `ExportOptions` as JSON: {"engine": "unreal", "animation_only": true, ...}.
        state: folder for what the batch keeps: captures, logs, actions for the library.
        library: keep each action as a .blend for the library.
        tags: of the library's assets.
    """

    id: str
    input: str
    folder: str
    name: str
    formats: tuple[str, ...]
    settings: dict[str, Any]
    cleanup: dict[str, Any]
    state: str
    retarget: dict[str, Any] | None = None
    frame_start: int | None = None
    fps: str | None = None
    export: dict[str, Any] = field(default_factory=dict)
    library: bool = False
    tags: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ClipTask:
        """A task out of JSON; an unknown or a missing key is refused by name. Raises BadRecord."""
        return _read(cls, data)

    @property
    def log(self) -> Path:
        """The file that tells how this clip went."""
        return Path(self.state) / "logs" / f"{self.id}.log"


@dataclass(frozen=True)
class ClipOutcome:
    """What became of one clip.

    Attributes:
        id: of its task. input: as there.
        state: "done", "failed" or "cancelled".
        files: the results, complete; of a failed clip those that were finished.
        people: tracks in the results. frames: scene frames, first and last.
        actions: .blend files for the library, as {"file", "name", "track"}.
        notes: sentences for the user.
        code, message, exit_code: of the error, "" and 0 without one.
        captured: whether the worker captured it now (not so for motion files, or a capture that was kept).
        capture_seconds, seconds: for the capture, and for everything.
        log: the clip's log file. host: the computer that made it, "" when it was this one.
        digest, stamp, key: by which the work is known again: SHA-256 of the input, its size and time of
            change, and the hash of everything else (see `keys`).
    """

    id: str
    input: str
    state: str
    files: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    actions: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    exit_code: int = 0
    captured: bool = False
    capture_seconds: float = 0.0
    seconds: float = 0.0
    log: str = ""
    host: str = ""
    digest: str = ""
    stamp: tuple[int, ...] = ()
    key: str = ""

    @property
    def ok(self) -> bool:
        return self.state == DONE

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ClipOutcome:
        """An outcome out of JSON. Raises BadRecord."""
        return _read(cls, data)


def _read(kind: type[Record], data: dict[str, Any]) -> Record:
    fields = {each.name: each for each in dataclasses.fields(kind)}
    if unknown := sorted(set(data) - set(fields)):
        raise BadRecord(f"The batch's record names '{unknown[0]}', which this version does not know.")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    try:
        return kind(**values)
    except TypeError as error:
        raise BadRecord(
            f"A record of the batch cannot be read ({error}); run the batch without --resume."
        ) from error
