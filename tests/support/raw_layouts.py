"""Small copies of how datasets are published: pictures whose grey level tells which frame they are."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from reel2rig.core.body.spin_joints import SPIN_JOINT_NAMES
from reel2rig.core.features.images.crops import crop_image

SIZE = 64
SPIN = {name: place for place, name in enumerate(SPIN_JOINT_NAMES)}


class GreyExtractor:
    """Stands in for a backbone: grey level of each crop's middle, then the crop itself (cx, cy, side)."""

    def features(
        self, images: Iterable[NDArray[np.uint8]], boxes: NDArray[np.float64], name: str
    ) -> NDArray[np.float32]:
        pictures = list(images)
        assert len(pictures) == len(boxes)
        middles = [
            crop_image(p, box)[104:120, 104:120].mean() for p, box in zip(pictures, boxes, strict=True)
        ]
        return np.column_stack([middles, boxes]).astype(np.float32)


def level_of(frame: int) -> int:
    """The grey level of a frame's picture."""
    return 20 + 10 * frame


def grey(frame: int, width: int = SIZE, height: int = SIZE) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level_of(frame), np.uint8)


def write_picture(path: Path, frame: int, width: int = SIZE, height: int = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), grey(frame, width, height))


def jpeg(frame: int, width: int = SIZE, height: int = SIZE) -> bytes:
    done, encoded = cv2.imencode(".jpg", grey(frame, width, height))
    assert done
    return encoded.tobytes()


class _Python2Pickler(pickle._Pickler):  # the one in Python: only it can be taught another opcode
    """Writes text and bytes alike as the byte strings of Python 2, which is how 3DPW's arrays are stored."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value: str | bytes) -> None:
        content = value.encode("latin1") if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string


def write_python2_pickle(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        _Python2Pickler(file, protocol=2).dump(content)


def slow_crc32c(data: bytes) -> int:
    """CRC-32C bit by bit, as its definition says."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def framed(data: bytes) -> bytes:
    """One TFRecord."""

    def masked(part: bytes) -> bytes:
        crc = slow_crc32c(part)
        return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)

    head = struct.pack("<Q", len(data))
    return head + masked(head) + data + masked(data)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def example(lists: dict[str, list[bytes] | NDArray]) -> bytes:
    """A `tf.train.Example`, written out by hand: bytes lists, float arrays and (packed) integer arrays."""
    features = b""
    for name, values in lists.items():
        if isinstance(values, list):
            feature = _field(1, b"".join(_field(1, value) for value in values))
        elif values.dtype.kind == "f":
            feature = _field(2, _field(1, values.astype("<f4").tobytes()))
        else:
            feature = _field(3, _field(1, b"".join(_varint(int(value)) for value in values.ravel())))
        features += _field(1, _field(1, name.encode()) + _field(2, feature))
    return _field(1, features)
