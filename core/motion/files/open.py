"""Opening a motion file of any kind that needs numpy alone; its content tells which, not its name."""

from __future__ import annotations

import os
import zipfile
from fractions import Fraction
from pathlib import Path

from ..body import BodyTemplate
from ..clip import MotionClip
from .amass import read_amass
from .bvh_clip import read_bvh
from .errors import MotionFileMissing, MotionKindUnknown
from .npz import read_clip
from .safe_npz import array_names
from .smpl_file import read_smpl

OWN = "reel2rig"
"""The kind of the motion files that captures leave."""
RESULT = "result"
"""The kind of files that hold pickled or torch data: `core.results` reads these, in the worker."""

_PICKLED = (b"\x80", b"\x93NUMPY", b"\x78", b"\x1f\x8b", b"BZ", b"\x5d\x00", b"\xfd7zXZ")


def kind_of(path: str | os.PathLike[str]) -> str:
    """The kind of a file: `OWN`, "amass", "smpl", "bvh", or `RESULT`.

    Raises MotionFileMissing, MotionFileCorrupt, MotionKindUnknown.
    """
    source = Path(path)
    if not source.is_file():
        raise MotionFileMissing(f"There is no motion file {source}: check the path.")
    with open(source, "rb") as stream:
        start = stream.read(2048)
    if start.startswith(b"PK"):
        return _kind_of_zip(source)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].upper() == b"HIERARCHY":
        return "bvh"
    if start.startswith(_PICKLED):
        return RESULT
    raise MotionKindUnknown(
        f"{source.name} is no motion file that Reel2Rig reads; choose an AMASS .npz, a .smpl, a .bvh, or the "
        "result file of WHAM, GVHMR, 4D-Humans, TRAM, VIBE or TCMR."
    )


def open_motion(
    path: str | os.PathLike[str], fps: Fraction | None = None, *, body: BodyTemplate | None = None
) -> tuple[MotionClip, ...]:
    """All people of an own or AMASS .npz, a .smpl or a .bvh, standing on their floor.

    Args:
        fps: frames per second instead of those that the file states.
        body: the user's SMPL body, for files that have SMPL's shapes; None is the free body.

    Returns:
        One clip for each person: an own file in the space it was written in, any other in "blender".

    Raises MotionKindUnknown for any other file, and what the readers raise.
    """
    kind = kind_of(path)
    if kind == OWN:
        clip = read_clip(path)
        return (clip.replace(fps=fps) if fps else clip,)
    if kind == "amass":
        return (read_amass(path, fps, body),)
    if kind == "smpl":
        return (read_smpl(path, fps, body),)
    if kind == "bvh":
        return read_bvh(path, fps, body)
    raise MotionKindUnknown(
        f"{Path(path).name} holds pickled data, which only the worker reads: import it with the worker "
        "installed, or convert it with 'reel2rig convert'."
    )


def _kind_of_zip(source: Path) -> str:
    names = array_names(source)
    if {"rotations", "rest_joints"} <= names:
        return OWN
    if names & {"bodyPose", "smplVersion", "shapeParameters"}:
        return "smpl"
    if "poses" in names or {"root_orient", "pose_body"} <= names:
        return "amass"
    with zipfile.ZipFile(source) as archive:
        if any(name.endswith("data.pkl") for name in archive.namelist()):
            return RESULT
    known = f" (it holds {', '.join(sorted(names)[:6])})" if names else ""
    raise MotionKindUnknown(
        f"{source.name} is a .zip or .npz without a motion{known}; choose an AMASS file with poses and trans."
    )
