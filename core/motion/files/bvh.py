"""BVH as text: hierarchies and their channels, exactly as a file has them.

Any order of channels, any number of roots, positions on any joint; names with spaces. Nothing is assumed of
units, of axes or of what the joints are: that is `bvh_clip`.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import MotionFileCorrupt, MotionFileMissing, MotionTooLarge, refuse_size

Array = NDArray[np.float64]

_MOST_BYTES = 1 << 30
_MOST_JOINTS = 5000
_CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "XYZ")


@dataclass(eq=False)
class BvhJoint:
    """One joint as the file has it.

    Attributes:
        parent: row in the tree, -1 of the root. offset: (3,) from the parent, in the file's units.
        channels: their names in the file's order, such as "Zrotation"; column: of the first one's values.
        tip: (3,) offset of the end site, if there is one.
    """

    name: str
    parent: int
    offset: Array = field(default_factory=lambda: np.zeros(3))
    channels: tuple[str, ...] = ()
    column: int = 0
    tip: Array | None = None


@dataclass(frozen=True, eq=False)
class Bvh:
    """A file: one tree of joints (parents before children) for each of its roots.

    Attributes:
        values: (T, C) as they stand there, degrees and the file's units.
        frame_time: seconds of a frame, as it is written. stated: the number of frames that the file claims.
    """

    trees: tuple[tuple[BvhJoint, ...], ...]
    values: Array
    frame_time: str
    stated: int


def parse_bvh(path: str | os.PathLike[str]) -> Bvh:
    """Read a BVH file. Frames that a file was cut off in are left out.

    Raises MotionFileMissing, MotionFileCorrupt naming the line, MotionTooLarge before memory is taken.
    """
    source = Path(path)
    if not source.is_file():
        raise MotionFileMissing(f"There is no motion file {source}: check the path.")
    if source.stat().st_size > _MOST_BYTES:
        raise MotionTooLarge(f"{source.name} is larger than {_MOST_BYTES >> 30} GB: cut it into parts.")
    text = source.read_bytes().decode("utf-8-sig", errors="replace")
    head, found, motion = text.partition("MOTION")
    if not found:
        raise MotionFileCorrupt(f"{source.name} is no whole BVH file (it has no MOTION): export it again.")
    reader = _Hierarchy(source.name)
    for number, line in enumerate(head.splitlines(), 1):
        reader.take(line, number)
    trees, columns = reader.finish()
    stated, frame_time, numbers = _motion_head(source.name, motion)
    # Every number takes a digit and a space: what cannot be there is refused before memory is taken.
    if stated * columns > len(numbers) // 2 + 1:
        raise MotionTooLarge(
            f"{source.name} claims {stated} frames and is too short for that: export it again."
        )
    refuse_size(source.name, stated)
    values = _numbers(source.name, numbers)
    rows = min(len(values) // columns, stated)
    if rows == 0:
        raise MotionFileCorrupt(f"{source.name} holds no frame of motion: export it again.")
    values = values[: rows * columns].reshape(rows, columns)
    if not np.isfinite(values).all():
        raise MotionFileCorrupt(f"{source.name} holds values that are not finite: export it again.")
    return Bvh(trees, values, frame_time, stated)


def _motion_head(name: str, motion: str) -> tuple[int, str, str]:
    """Number of frames, frame time and the text of the numbers."""
    lines = motion.lstrip().split("\n", 2)
    try:
        (frames_word, frames), (time_word, time) = (line.split(":", 1) for line in lines[:2])
        if frames_word.strip().lower() != "frames" or time_word.strip().lower() != "frame time":
            raise ValueError
        stated = int(frames)
    except ValueError as error:
        raise MotionFileCorrupt(
            f"{name} does not say 'Frames:' and 'Frame Time:' after MOTION: export it again."
        ) from error
    return stated, time.strip(), lines[2] if len(lines) > 2 else ""


def _numbers(name: str, text: str) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(text, dtype=np.float64, sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise MotionFileCorrupt(f"{name} holds something else than numbers under MOTION.") from error


class _Hierarchy:
    """Takes the lines above MOTION one by one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._trees: list[list[BvhJoint]] = []
        self._open: list[BvhJoint | None] = []  # None is an end site
        self._next: BvhJoint | None = None
        self._waiting = False
        self._columns = self._joints = 0

    def take(self, line: str, number: int) -> None:
        """One line; a brace may stand at its end. Raises MotionFileCorrupt, MotionTooLarge."""
        words = line.split()
        if not words:
            return
        try:
            self._word(words, line)
        except (ValueError, IndexError) as error:
            raise MotionFileCorrupt(
                f"{self._name} cannot be read in line {number} ({line.strip()[:60]}): export it again."
            ) from error

    def _word(self, words: list[str], line: str) -> None:
        kind = words[0].upper()
        if kind in ("ROOT", "JOINT"):
            self._begin(kind, line.strip()[len(kind) :].strip())
        elif kind == "END":
            self._next, self._waiting = None, True
        elif kind == "OFFSET":
            self._offset(np.array([float(word) for word in words[1:4]]))
        elif kind == "CHANNELS":
            self._channels(words)
        elif kind not in ("HIERARCHY", "{", "}"):
            raise ValueError(kind)
        if words[-1] == "{":
            if not self._waiting:
                raise ValueError("a brace without a joint")
            self._open.append(self._next)
            self._waiting = False
        elif words[-1] == "}":
            self._open.pop()

    def _begin(self, kind: str, rest: str) -> None:
        self._joints += 1
        if self._joints > _MOST_JOINTS:
            raise MotionTooLarge(
                f"{self._name} has more than {_MOST_JOINTS} joints: export the skeleton alone."
            )
        if (kind == "ROOT") != (not self._open):
            raise ValueError("a root inside, or a joint outside")
        if kind == "ROOT":
            self._trees.append([])
        tree = self._trees[-1]
        above = self._open[-1] if self._open else None
        parent = -1 if above is None else tree.index(above)
        name, number = rest.removesuffix("{").strip() or "joint", 0
        taken, unique = {joint.name for joint in tree}, name
        while unique in taken:
            number += 1
            unique = f"{name}.{number:03d}"
        self._next, self._waiting = BvhJoint(unique, parent), True
        tree.append(self._next)

    def _offset(self, offset: Array) -> None:
        if offset.shape != (3,) or not np.isfinite(offset).all():
            raise ValueError("an offset of three numbers is expected")
        joint = self._open[-1]
        if joint is not None:
            joint.offset = offset
        elif self._open[-2] is not None:
            self._open[-2].tip = offset

    def _channels(self, words: list[str]) -> None:
        joint = self._open[-1]
        names = tuple(word[:1].upper() + word[1:].lower() for word in words[2:] if word != "{")
        if joint is None or len(names) != int(words[1]) or not set(names) <= set(_CHANNELS):
            raise ValueError("channels that no BVH has")
        joint.channels, joint.column = names, self._columns
        self._columns += len(names)

    def finish(self) -> tuple[tuple[tuple[BvhJoint, ...], ...], int]:
        """The trees, and how many numbers a frame has."""
        if not self._trees or not self._columns or self._open:
            raise MotionFileCorrupt(f"{self._name} has no whole hierarchy of joints: export it again.")
        return tuple(tuple(tree) for tree in self._trees), self._columns
