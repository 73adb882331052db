"""Writes small video files of every awkward kind, for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np


def write_video(
    path: str | Path,
    frames: Sequence[np.ndarray],
    fps: Fraction | int = 30,
    *,
    rotation: int = 0,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    pix_fmt: str | None = None,
    index_first: bool = False,
) -> Path:
    """Encodes RGB frames (H, W, 3) into the container that the suffix names.

    Args:
        rotation: degrees counter-clockwise that a player turns the stored picture by (a phone's flag).
        times: presentation time of each frame in s, for a variable rate; default is k / fps.
        index_first: put an MP4's index before its data, as web videos have it.
    """
    height, width = frames[0].shape[:2]
    odd = width % 2 or height % 2
    options = {"movflags": "faststart"} if index_first and str(path).endswith(".mp4") else {}
    clock = Fraction(1, 90000)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(fps))
        stream.width, stream.height = width, height
        stream.pix_fmt = pix_fmt or ("yuv444p" if odd else "yuv420p")
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "16"}
        if times is not None:
            stream.codec_context.time_base = clock
        if rotation:
            stream.set_display_rotation(rotation)
        for number, image in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            if times is None:
                picture.pts = number
            else:
                picture.pts, picture.time_base = round(times[number] / clock), clock
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return Path(path)


def numbered_frames(count: int, size: tuple[int, int] = (160, 120)) -> list[np.ndarray]:
    """Pictures that tell their own number: bit k is the k-th block of the top row, bright or dark."""
    width, height = size
    frames = []
    for number in range(count):
        image = np.full((height, width, 3), 60, np.uint8)
        for bit in range(10):
            left, right = round(width * bit / 10), round(width * (bit + 1) / 10)
            image[: height // 3, left:right] = 230 if number >> bit & 1 else 20
        image[height // 2 :, : width // 2] = (200, 60, 60)  # red below left: an upright picture has it there
        frames.append(image)
    return frames


def number_of(image: np.ndarray) -> int:
    """Reads what `numbered_frames` wrote."""
    height, width = image.shape[:2]
    row = image[height // 6, :, 0].astype(int)
    return sum(1 << bit for bit in range(10) if row[round(width * (bit + 0.5) / 10)] > 128)


def texture(width: int, height: int, seed: int = 3) -> np.ndarray:
    """A scene rich in corners, (H, W, 3)."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.uint8)
    for _ in range(width * height // 300):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        w, h = int(rng.integers(6, 40)), int(rng.integers(6, 40))
        cv2.rectangle(image, (x, y), (x + w, y + h), rng.integers(20, 235, 3).tolist(), -1)
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def seen_by_camera(
    scene: np.ndarray, size: tuple[int, int], x: float, y: float, zoom: float = 1.0
) -> np.ndarray:
    """What a camera shows whose picture of `size` (width, height) is centred on (x, y) of `scene`."""
    width, height = size
    matrix = np.array([[zoom, 0, width / 2 - zoom * x], [0, zoom, height / 2 - zoom * y]])
    return cv2.warpAffine(scene, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def cut_short(path: Path, share: float, out: Path) -> Path:
    """The first `share` of the file's bytes."""
    data = path.read_bytes()
    out.write_bytes(data[: int(len(data) * share)])
    return out


def box_types(path: Path) -> list[bytes]:
    """Top-level box types of an MP4, to see that a test file is what its name says."""
    data, at, kinds = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        kinds.append(kind)
        at += max(length, 8)
    return kinds
