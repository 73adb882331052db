"""The real jobs: the capture pipeline behind the worker's plain-JSON signature. Imports it on first use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Progress = Callable[[str, int, int], None]


def capture(video: Path, settings: dict[str, Any], folder: Path, progress: Progress) -> object:
    """Run `core.pipeline.run.capture`."""
    from ...core.pipeline import run
    from ...core.pipeline.settings import CaptureSettings

    return run.capture(video, CaptureSettings.from_json(settings), folder, progress)


def scan(video: Path, settings: dict[str, Any], folder: Path, progress: Progress) -> object:
    """Run `core.pipeline.run.scan`: who is in the video, without the network."""
    from ...core.pipeline import run
    from ...core.pipeline.settings import CaptureSettings

    return run.scan(video, CaptureSettings.from_json(settings), folder, progress)


def stages() -> Sequence[tuple[str, float]]:
    """The pipeline's stages and their relative durations, for the overall fraction."""
    from ...core.pipeline import run

    return getattr(run, "STAGES", ())
