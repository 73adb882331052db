"""Pictures of the screen; Xvfb keeps its frame buffer in a file (XWD). Blender's own screenshot is black."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np


def read_screen(frame_buffer: str | Path) -> np.ndarray:
    """The screen now, (height, width, 3) uint8 RGB. Source of the layout: X11/XWDFile.h, version 7."""
    data = Path(frame_buffer).read_bytes()
    header = struct.unpack(">25I", data[:100])
    width, height, bits, row, colours = header[4], header[5], header[11], header[12], header[19]
    assert bits == 32, bits
    start = header[0] + 12 * colours
    pixels = np.frombuffer(data, np.uint8, height * row, start).reshape(height, row // 4, 4)[:, :width]
    # Stored as the machine's own 32-bit words, 0x00RRGGBB: blue comes first on what we run on.
    return np.ascontiguousarray(pixels[:, :, 2::-1])


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write (height, width, 3) uint8 RGB as a PNG."""
    height, width, _ = pixels.shape
    # Every row is stored as its difference from the row above (PNG filter 2), which packs flat colours well.
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = 2
    flat = pixels.reshape(height, -1)
    rows[0, 1:] = flat[0]
    rows[1:, 1:] = flat[1:] - flat[:-1]
    parts = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    )
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, content in parts:
            checksum = zlib.crc32(kind + content)
            file.write(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum))
