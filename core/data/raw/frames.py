"""Frames as the datasets store them: folders of pictures, videos, pictures packed into records (method
section 7.3).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import RawDataInvalid, RawDataMissing

Image: TypeAlias = NDArray[np.uint8]  # (H, W, 3) RGB
Images: TypeAlias = Callable[[], Iterator[Image]]  # opened only when somebody wants to see them

T = TypeVar("T")
THREADS = 4
_NUMBER = re.compile(r"(\d+)$")


def picture_files(paths: Iterable[Path]) -> Images:
    """The pictures `paths`, read one at a time.

    Raises RawDataMissing at once for a path that is not there; reading raises RawDataInvalid.
    """
    paths = list(paths)
    for path in paths:
        if not path.is_file():
            raise RawDataMissing(f"There is no picture {path}: unpack all pictures of the dataset.")
    return partial(_ahead, read_picture, paths)


def packed_pictures(encoded: Sequence[bytes], where: str) -> Images:
    """Pictures encoded as JPEG or PNG; `where` names them in an error."""
    return partial(_ahead, partial(_decoded, where=where), encoded)


def video_frames(path: Path, numbers: Sequence[int]) -> Images:
    """The frames `numbers` (ascending, from 0) of a video."""
    return partial(_read_video, path, numbers)


def read_picture(path: Path) -> Image:
    """One picture (H, W, 3) RGB. Raises RawDataInvalid."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RawDataInvalid(f"{path} cannot be read ({error}): unpack the dataset again.") from error
    return _decoded(content, where=str(path))


def numbered_pictures(folder: Path, suffix: str = ".jpg") -> dict[int, Path]:
    """The pictures of a folder by the number that ends their names, in ascending order.

    Raises RawDataMissing when the folder is absent or holds none.
    """
    found = {}
    for path in folder.glob(f"*{suffix}") if folder.is_dir() else ():
        if number := _NUMBER.search(path.stem):
            found[int(number[1])] = path
    if not found:
        raise RawDataMissing(f"{folder} must hold the numbered pictures (*{suffix}) of one video.")
    return dict(sorted(found.items()))


def frame_count(video: Path) -> int:
    """How many frames a video says it holds. Raises RawDataInvalid."""
    return int(_opened(video).get(cv2.CAP_PROP_FRAME_COUNT))


def _ahead(read: Callable[[T], Image], sources: Sequence[T]) -> Iterator[Image]:
    """read(source) of each in order, a few ahead: decoding a large picture takes longer than the backbone."""
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Image]] = deque()
        for source in sources:
            waiting.append(pool.submit(read, source))
            if len(waiting) > 2 * THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _decoded(content: bytes, where: str) -> Image:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if pixels is None:
        raise RawDataInvalid(f"{where} is not a readable picture: unpack the dataset again.")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _opened(video: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(video))
    if not capture.isOpened():
        raise RawDataInvalid(f"{video} is not a readable video: unpack the dataset again.")
    return capture


def _read_video(path: Path, numbers: Sequence[int]) -> Iterator[Image]:
    capture = _opened(path)
    at = 0
    for number in numbers:
        while at < number and capture.grab():
            at += 1
        there, pixels = capture.read()
        if at < number or not there:
            raise RawDataInvalid(f"{path} ends before frame {number}: unpack the dataset again.")
        at += 1
        yield cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
