"""What every reader of another system's results finds: people, in the words of that system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.files.errors import MotionFileCorrupt, refuse_size
from ..motion.rotations import quaternion_from_matrix, quaternion_from_rotvec
from ..motion.skeletons import JOINT_COUNT
from ..restricted_pickle import plain

Floats = NDArray[np.floating[Any]]

MOST_PEOPLE = 200


@dataclass(frozen=True, eq=False)
class View:
    """Where a body is in one space.

    Attributes:
        space: "world_yup", or "camera_cv" of the filming camera, of a moving one as it first stood.
        orient: (T, 4) turn of the whole body. place: (T, 3) metres.
        hips: `place` is the middle between the hip joints, not SMPL's translation.
        camera: (T, 3, 4) turn and move from the filming camera into `space`, where it moved; else None, and
            orient and place are in `space` already.
    """

    space: str
    orient: Floats
    place: Floats
    hips: bool = False
    camera: Floats | None = None


@dataclass(frozen=True, eq=False)
class Person:
    """One person over T frames.

    Attributes:
        track: their id in the file. family: of the body, see `other_bodies.FAMILIES`.
        frames: (T,) source frame numbers, in any order. body: (T, 24, 4) local turns, the first one unused.
        views: one or both spaces, the world first. betas: (10,) or None. seen: (T,) bool.
    """

    track: str
    frames: NDArray[np.int64]
    body: Floats
    views: tuple[View, ...]
    betas: Floats | None
    seen: NDArray[np.bool_]
    family: str = "smpl"


@dataclass(frozen=True)
class Lens:
    """The filming camera: focal length, width and height in pixels."""

    focal_px: float
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Found:
    """All that a file holds. `system` is the name of who made it; `notes` are sentences for the user."""

    system: str
    people: tuple[Person, ...]
    lens: Lens | None = None
    notes: tuple[str, ...] = ()


class Fields:
    """Typed access to a dictionary of a result file; every failure names the file and the key."""

    def __init__(self, name: str, content: Any) -> None:
        if not isinstance(content, dict):
            raise MotionFileCorrupt(f"{name} holds no dictionary of results: choose the result file itself.")
        self.name, self._content = name, {str(plain(key)): value for key, value in content.items()}

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def numbers(self, key: str, *shape: int | None) -> Floats:
        """(shape) float64, finite; None stands for any size, and the first axis may be the frames."""
        if key not in self._content:
            raise self.wrong(key, "it is missing")
        try:
            array = np.asarray(plain(self._content[key]))
            fits = array.ndim == len(shape) and all(
                n in (None, m) for n, m in zip(shape, array.shape, strict=True)
            )
        except Exception as error:  # a stand-in that does not add up can raise anything
            raise self.wrong(key, str(error)) from error
        if not fits or array.dtype.kind not in "fiub":
            raise self.wrong(key, f"it is {array.dtype} of shape {array.shape}")
        refuse_size(self.name, len(array))
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise self.wrong(key, "it holds values that are not finite")
        return array

    def part(self, key: str) -> Fields:
        """A dictionary inside."""
        if key not in self._content:
            raise self.wrong(key, "it is missing")
        return Fields(self.name, self._content[key])

    def parts(self) -> dict[str, Fields]:
        """All that is inside, each a dictionary. Raises MotionFileCorrupt for too many."""
        if len(self._content) > MOST_PEOPLE:
            raise MotionFileCorrupt(
                f"{self.name} claims {len(self._content)} people; at most {MOST_PEOPLE} are read."
            )
        return {key: Fields(self.name, value) for key, value in self._content.items()}

    def wrong(self, key: str, reason: str) -> MotionFileCorrupt:
        return MotionFileCorrupt(f"{self.name} is damaged at '{key}' ({reason}): make or copy it again.")


def turns_of_vectors(vectors: Floats) -> Floats:
    """(T, 24, 4) local turns of rotation vectors (T, 3 J); joints that are not there are unturned."""
    turns = np.zeros((len(vectors), JOINT_COUNT, 3))
    joints = min(vectors.shape[1] // 3, JOINT_COUNT)
    turns[:, :joints] = vectors[:, : 3 * joints].reshape(len(vectors), joints, 3)
    return quaternion_from_rotvec(turns)


def turns_of_matrices(matrices: Floats) -> Floats:
    """(T, J, 4) of rotation matrices (T, J, 3, 3), each brought to the nearest rotation."""
    left, _, right = np.linalg.svd(matrices)
    left[..., -1] *= np.sign(np.linalg.det(left @ right))[..., None]
    return quaternion_from_matrix(left @ right)


def one_shape(betas: Floats, seen: NDArray[np.bool_]) -> Floats:
    """(10,) the median of betas (T, B) over the frames that were seen."""
    return np.median(betas[seen] if seen.any() else betas, axis=0)[:10]


def frame_numbers(fields: Fields, key: str, count: int) -> NDArray[np.int64]:
    """(count,) source frame numbers of a key, or 0, 1, ... where it is not there."""
    if key not in fields:
        return np.arange(count)
    numbers = fields.numbers(key, None)
    if len(numbers) != count or np.any(numbers != np.round(numbers)) or np.any(np.abs(numbers) > 1e9):
        raise fields.wrong(key, f"{count} frame numbers are expected")
    return numbers.astype(np.int64)
