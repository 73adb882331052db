"""TensorBoard: curves of the terms, the learning rate and the validation (method section 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...optional_packages import need

FOLDER = "tensorboard"


class Board:
    """Writes scalars under ``out/tensorboard``; without a folder it writes nothing.

    Args:
        out: folder of the run, or None in the processes that do not report.
        step: the last one done; what an interrupted run wrote of later ones is replaced.

    Raises:
        PackageMissing: tensorboard is not installed.
    """

    def __init__(self, out: Path | None, step: int = 0) -> None:
        self._writer = None
        if out is not None:
            need("tensorboard")
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(out / FOLDER), purge_step=step + 1)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve in `values`."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
