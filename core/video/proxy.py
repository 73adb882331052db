"""An upright, constant-rate copy of footage that Blender could not show as it is."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from ..errors import DiskFull, OutputError
from .reader import VideoInfo, probe, read_frames

Progress = Callable[[str, int, int], None]
NO_SPACE = 28  # errno.ENOSPC


def needs_proxy(info: VideoInfo) -> bool:
    """Whether Blender would show this footage turned or out of step: it ignores rotation and frame times."""
    return info.rotation != 0 or info.variable_rate


def write_proxy(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    allow_partial: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Writes an H.264 MP4 of `path`, upright, at its nominal constant rate, of the same duration.

    Picture k shows the latest source frame whose time is at most k / fps plus half a frame, so footage of
    constant rate keeps its frame numbers. The file appears under its name only when it is complete.

    Raises:
        OutputError, DiskFull: the copy could not be written.
    """
    info, out = probe(path), Path(out)
    try:
        handle, scratch = tempfile.mkstemp(prefix=".proxy-", suffix=".mp4", dir=out.parent)
    except OSError as error:
        raise OutputError(f"The upright copy {out} could not be written ({error.strerror}).") from error
    os.close(handle)
    try:
        with av.open(scratch, "w") as container:
            stream = container.add_stream(
                "libx264", rate=info.fps, options={"crf": "23", "preset": "veryfast"}
            )
            stream.width, stream.height = info.width, info.height
            # Halved chroma needs even sizes; full chroma does not.
            stream.pix_fmt = "yuv444p" if info.width % 2 or info.height % 2 else "yuv420p"
            for number, image in _at_constant_rate(info, allow_partial):
                if progress:
                    progress("proxy", number, info.frame_count)
                picture = av.VideoFrame.from_ndarray(image, format="rgb24")
                picture.pts = number
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        os.replace(scratch, out)
    except OSError as error:  # FFmpeg's errors are OSErrors too
        if error.errno == NO_SPACE:
            raise DiskFull(f"The disk is full: free some space in {out.parent} and capture again.") from error
        raise OutputError(f"The upright copy {out} could not be written ({error}).") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)
    return out


def _at_constant_rate(info: VideoInfo, allow_partial: bool) -> Iterator[tuple[int, np.ndarray]]:
    """(picture number, image) on the grid k / fps; a source frame is held or skipped as its time asks."""
    number, held = 0, None
    for frame in read_frames(info, allow_partial=allow_partial):
        while held is not None and (number + 0.5) / float(info.fps) < frame.time:
            yield number, held
            number += 1
        held = frame.image
    end = max(number + 1, round(info.duration * float(info.fps)))
    while held is not None and number < end:
        yield number, held
        number += 1
