"""Reading the motion in any file: our own kinds, and the results of other systems."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..motion.body import BodyTemplate
from ..motion.clip import MotionClip
from ..motion.files.errors import MotionFileMissing, MotionKindUnknown
from ..motion.files.open import RESULT, kind_of, open_motion
from ..restricted_pickle import plain
from .files import load_result
from .gvhmr import is_gvhmr, read_gvhmr
from .people import Fields, Found
from .phalp import is_phalp, read_phalp
from .place import place_found
from .tram import is_tram, open_dictionary, read_tram
from .vibe import is_vibe, read_vibe
from .wham import is_wham, read_wham

USUAL_RATE = Fraction(30)
RATE_ASSUMED = (
    "{} does not write down the video's frame rate, and 30 frames a second are assumed; if that is wrong, "
    "read the file again with the right one."
)


def read_motion(
    path: str | os.PathLike[str], fps: Fraction | None = None, *, body: BodyTemplate | None = None
) -> tuple[MotionClip, ...]:
    """All people of a motion file of any kind, right way up and on their floor, with source frames.

    Reads what `open_motion` reads, and results of WHAM, GVHMR, 4D-Humans (PHALP), TRAM, VIBE and TCMR. Of
    TRAM a folder of results does too. Nothing in a file is run.

    Args:
        fps: frames per second instead of those that the file states; results of other systems state none.
        body: the user's SMPL body, which gets the file's shapes; None is the free body.

    Returns:
        One clip for each person: an own file in the space it was written in, any other in "blender".

    Raises MotionFileMissing, MotionFileCorrupt, MotionFileUnsafe, MotionTooLarge, MotionKindUnknown,
    MotionRateUnknown, MotionRigUnknown, or BadRate.
    """
    source = _file_in(Path(path))
    if kind_of(source) != RESULT:
        return open_motion(source, fps, body=body)
    found = _found(source)
    clips = place_found(found, source.name, fps or USUAL_RATE, body)
    if not clips:
        raise MotionKindUnknown(f"{source.name} holds nobody: nobody was found in its video.")
    notes = found.notes if fps else (*found.notes, RATE_ASSUMED.format(found.system))
    return tuple(clip.replace(notes=(*notes, *clip.notes)) for clip in clips)


def _file_in(path: Path) -> Path:
    """The file itself, or the first track in a folder of TRAM's."""
    if not path.is_dir():
        return path
    for folder in (path / "hps", path):
        if tracks := sorted(folder.glob("hps_track_*.npy")):
            return tracks[0]
    raise MotionFileMissing(f"{path} is a folder without results of TRAM: give a motion file.")


def _found(source: Path) -> Found:
    content: Any = load_result(source)
    if not isinstance(content, dict):
        return _found_in_array(source)
    one = next((value for value in content.values() if isinstance(value, dict)), {})
    try:
        first = Fields(source.name, one)
        whole = Fields(source.name, {plain(key): value for key, value in content.items()})
    except Exception as error:  # a key that is no key can raise anything
        raise _unknown(source) from error
    if is_gvhmr(whole):
        return read_gvhmr(whole)
    if is_wham(first):
        return read_wham(whole)
    if is_vibe(first):
        return read_vibe(whole)
    if any(isinstance(frame, dict) and is_phalp(Fields(source.name, frame)) for frame in content.values()):
        return read_phalp(source.name, content)
    raise _unknown(source)


def _found_in_array(source: Path) -> Found:
    """What stands in an .npy."""
    if source.suffix.lower() == ".npy":
        content = open_dictionary(source)
        if is_tram(content):
            return read_tram(source, content)
    raise _unknown(source)


def _unknown(source: Path) -> MotionKindUnknown:
    return MotionKindUnknown(
        f"{source.name} is no result of WHAM, GVHMR, 4D-Humans, TRAM, VIBE or TCMR: choose the file that "
        "such a system calls its output."
    )
