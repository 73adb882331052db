"""What is in a user's own body file, told before anything depends on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...core.body.files import read_smpl_file
from ...core.motion.body import BodyFileCorrupt, BodyFileMissing

_HEIGHTS = (1.2, 2.2)  # metres from sole to crown of an adult's mean body


def describe_body_file(path: Path) -> str:
    """One sentence about a sound SMPL file. Executes nothing that the file holds.

    Raises BodyFileMissing, BodyFileUnsafe, or BodyFileCorrupt with what is wrong with it.
    """
    if not path.is_file():
        raise BodyFileMissing(f"There is no SMPL file {path}: check the path, or use the free body.")
    arrays = read_smpl_file(path)
    vertices, faces = arrays["v_template"], arrays["f"]
    shapes = {"v_template": (len(vertices), 3), "weights": (len(vertices), 24)}
    for key, shape in shapes.items():
        if arrays[key].shape != shape or not np.isfinite(arrays[key]).all():
            raise BodyFileCorrupt(f"{path.name}: {key} is not numbers of shape {shape}; download it again.")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.min() < 0 or faces.max() >= len(vertices):
        raise BodyFileCorrupt(f"{path.name}: f names vertices that are not there; download it again.")
    height = float(np.ptp(vertices[:, 1]))
    if not _HEIGHTS[0] < height < _HEIGHTS[1]:
        raise BodyFileCorrupt(
            f"{path.name}: the body is {height:.2f} tall and should measure about 1.7 (metres, y up); "
            "take the file as it was published."
        )
    correctives = "with" if "posedirs" in arrays else "without"
    return (
        f"{path.name} is an SMPL body: {len(vertices)} vertices, {arrays['shapedirs'].shape[-1]} shape "
        f"directions, {correctives} pose correctives, {height:.2f} m tall."
    )
