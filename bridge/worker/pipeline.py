"""The real jobs: the capture pipeline behind the worker's plain-JSON signature, imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pipeline:
    """`core.pipeline.run` for a worker whose landmark models lie in `models`."""

    models: Path

    def capture(self, video: Path, settings: dict[str, Any], folder: Path, progress: Progress) -> object:
        """Capture a video into the job folder; `result.json` is written last."""
        from ...core.pipeline import run
        from ...core.pipeline.settings import CaptureSettings

        return run.capture(video, CaptureSettings.from_json(settings), folder, self.models, progress)

    def scan(self, video: Path, settings: dict[str, Any], folder: Path, progress: Progress) -> object:
        """Find the people only; `scan.json` is written last."""
        from ...core.pipeline import run
        from ...core.pipeline.settings import CaptureSettings

        return run.scan(video, CaptureSettings.from_json(settings), folder, self.models, progress)

    def convert(self, file: Path, settings: dict[str, Any], folder: Path, progress: Progress) -> object:
        """Read another system's motion file into the job folder; `result.json` is written last."""
        from ...core.results.job import convert_motion

        return convert_motion(file, settings, folder, progress)

    def stages(self) -> Sequence[tuple[str, float]]:
        """The stages and their shares of the time; importing them loads everything a job needs."""
        from ...core.pipeline import run

        return run.STAGES
