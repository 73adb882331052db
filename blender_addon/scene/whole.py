"""Whether a file that Blender wrote is all there.

On a full disk its .usdc writer and its renderer finish as if all were well and leave a part of the file, so
the formats that say how long they are get checked. The other writers report a failed write themselves.
"""

from __future__ import annotations

from pathlib import Path

_PNG_END = b"IEND\xaeB`\x82"


def is_whole(path: Path) -> bool:
    """Whether a .glb, .usdc or .png is complete; for any other kind, whether it holds anything.

    Raises OSError when the file cannot be read.
    """
    size = path.stat().st_size
    with open(path, "rb") as stream:
        head = stream.read(24)
        stream.seek(max(0, size - len(_PNG_END)))
        tail = stream.read()
    kind = path.suffix.lower()
    if kind == ".glb":  # magic, version, total length (glTF 2.0 section 4.4.2)
        return head[:4] == b"glTF" and int.from_bytes(head[8:12], "little") == size
    if kind == ".usdc":  # magic, version, then where the table of contents lies, which is written last
        return head[:8] == b"PXR-USDC" and 24 <= int.from_bytes(head[16:24], "little") < size
    if kind == ".png":
        return tail == _PNG_END
    return size > 0
