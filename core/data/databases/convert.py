"""Any readable database as one of the project's own form, track by track (method section 7.2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .database import Database, Track, open_database
from .keys import check_finite
from .writer import DatabaseWriter

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames there are."""


def convert_database(
    source: str | Path, folder: str | Path, *, half: bool = False, progress: Progress | None = None
) -> Path:
    """Writes `source` anew as a database folder and returns it; one track is in memory at a time.

    Args:
        source: anything `open_database` reads.
        folder: must not exist; it appears when it is complete.
        half: features in float16, half the size; everything else stays float32.

    Raises what `open_database` does; NotFinite naming `source`, key and frame; DestinationTaken.
    """
    database = open_database(source)
    with DatabaseWriter(
        folder,
        name=database.name,
        joint_set=database.joint_set,
        crop_scale=database.crop_scale,
        fps=database.fps,
        has_3d=database.has_3d,
        has_smpl=database.has_smpl,
    ) as writer:
        for track in database.tracks:
            arrays = _rows_of(database, track)
            if half and "features" in arrays:
                with np.errstate(over="ignore"):  # the writer refuses what becomes infinite
                    arrays["features"] = arrays["features"].astype(np.float16)
            writer.add_track(track.name, track.source, arrays, gender=track.gender)
            if progress is not None:
                progress(track.stop, len(database))
        return writer.finish()


def check_database(database: Database, progress: Progress | None = None) -> None:
    """Reads every number of a database. Raises NotFinite for the first that is none."""
    for track in database.tracks:
        _rows_of(database, track)
        if progress is not None:
            progress(track.stop, len(database))


def _rows_of(database: Database, track: Track) -> dict[str, NDArray[Any]]:
    arrays = {key: np.asarray(rows[track.start : track.stop]) for key, rows in database.arrays.items()}
    for key, rows in arrays.items():
        check_finite(database.path, key, rows, track.start)
    return arrays
