"""Writing one person's motion in any format that needs no Blender."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ...errors import UnknownFormat
from ..clip import MotionClip
from .amass import write_amass
from .csv import write_csv
from .npz import write_clip
from .smpl_file import write_smpl

WRITERS: dict[str, Callable[[str | os.PathLike[str], MotionClip], None]] = {
    "npz": write_clip,
    "amass": write_amass,
    "smpl": write_smpl,
    "csv": write_csv,
}


def save_motion(path: str | os.PathLike[str], clip: MotionClip, format: str | None = None) -> None:
    """Write a clip, all of it or nothing.

    Args:
        format: one of `WRITERS`; None takes it from the ending. "amass" ends in .npz too and has to be named.

    Raises UnknownFormat, and what the format's writer raises.

    **Convention**: an .npz of ours keeps the clip's own space, AMASS and CSV are z-up, .smpl is y-up.
    """
    name = format or Path(path).suffix.lower().lstrip(".")
    if name not in WRITERS:
        raise UnknownFormat(f"The motion format '{name}' is unknown; choose one of {', '.join(WRITERS)}.")
    WRITERS[name](path, clip)
