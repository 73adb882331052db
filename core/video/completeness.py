"""Tells from the container's own bookkeeping whether a video file was cut off.

Counting decoded frames would blame healthy files (edit lists, off-by-one headers). A container states how
long its parts are, so a part that reaches past the end of the file is proof. Formats without such a statement
(MPEG transport streams, raw streams) cannot be judged this way and pass.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MATROSKA_HEADER = b"\x1a\x45\xdf\xa3"
MATROSKA_SEGMENT = 0x18538067
MP4_FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"pnot"}


def is_cut_off(path: str | os.PathLike[str]) -> bool:
    """Whether the file at `path` ends before the end that its container states (MP4/MOV, Matroska, AVI)."""
    size = Path(path).stat().st_size
    with open(path, "rb") as file:
        head = file.read(16)
        if head[4:8] in MP4_FIRST_BOXES:
            return _mp4_end(file, size) > size
        if head.startswith(MATROSKA_HEADER):
            return _matroska_end(file) > size
        if head[:4] == b"RIFF" and head[8:11] == b"AVI":
            return 8 + struct.unpack_from("<I", head, 4)[0] > size
    return False


def lacks_index(path: str | os.PathLike[str]) -> bool:
    """Whether the file is an MP4/MOV whose index (`moov`) never came: nothing in it can be decoded."""
    with open(path, "rb") as file:
        if file.read(8)[4:8] not in MP4_FIRST_BOXES:
            return False
        return b"moov" not in {kind for kind, _ in _mp4_boxes(file, Path(path).stat().st_size)}


def _mp4_end(file: BinaryIO, size: int) -> int:
    return max((end for _, end in _mp4_boxes(file, size)), default=0)


def _mp4_boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yields (type, stated end) of the top-level boxes that begin inside the file."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length, kind = struct.unpack_from(">I4s", header)
        if length == 1 and len(header) == 16:
            length = struct.unpack_from(">Q", header, 8)[0]
        elif length == 0:  # "to the end of the file"
            length = size - at
        if length < 8 or not kind.strip(b"\0"):
            return  # padding after the last box
        yield kind, at + length
        at += length


def _matroska_end(file: BinaryIO) -> int:
    """Stated end of the segment; 0 when the writer left it open, as live streams do."""
    file.seek(0)
    data = file.read(4096)
    at = 0
    while at < len(data) - 12:
        identifier, at = _matroska_number(data, at, keep_marker=True)
        length, content = _matroska_number(data, at, keep_marker=False)
        unknown = length == (1 << 7 * (content - at)) - 1
        if identifier == MATROSKA_SEGMENT:
            return 0 if unknown else content + length
        at = content + length
    return 0


def _matroska_number(data: bytes, at: int, keep_marker: bool) -> tuple[int, int]:
    """One variable-length integer; its first set bit tells the length. Returns (value, position after it)."""
    first = data[at]
    length = 9 - first.bit_length() if first else 8
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), at + length
