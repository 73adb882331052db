"""Streams the frames of a video: upright, timed, trimmed, one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from .errors import BadTrim, VideoTruncated
from .info import VideoInfo, clock, open_video, parse_trim, probe, video_stream

__all__ = ["Frame", "VideoInfo", "parse_trim", "probe", "read_frames"]

SEEK_FRAMES = 60  # a start nearer than this is reached by decoding, which costs less than a seek is worth


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture.

    Attributes:
        index: its number in the source file, from 0.
        time: seconds since the first frame of the file.
        image: (H, W, 3) uint8 RGB, upright, C-contiguous.
    """

    index: int
    time: float
    image: np.ndarray


def read_frames(
    path: str | os.PathLike[str] | VideoInfo,
    start: int = 0,
    end: int | None = None,
    allow_partial: bool = False,
) -> Iterator[Frame]:
    """Yields the frames `start` to `end` (exclusive; None is the end of the video), holding one at a time.

    Args:
        path: the file, or what `probe` said of it (saves looking twice).
        allow_partial: of a cut-off video give what is there instead of refusing it.

    Raises:
        VideoNotFound, NotAVideo: see `probe`.
        BadTrim: no frame lies in the range.
        VideoTruncated: the range reaches into the part that is missing. Raised before the first frame where
            the file's bookkeeping tells, else where the data ends.
    """
    info = path if isinstance(path, VideoInfo) else probe(path)
    if info.frame_count <= start or (end is not None and end <= start):
        raise BadTrim(
            f"No frame is left between start {start} and end {info.frame_count if end is None else end}: "
            f"the video has {info.frame_count} frames."
        )
    wanted = info.frame_count if end is None else end
    if info.cut_off and not allow_partial and wanted > info.readable_frames:
        raise _truncated(info, info.readable_frames)
    return _decode(info, start, end, allow_partial)


def _decode(info: VideoInfo, start: int, end: int | None, allow_partial: bool) -> Iterator[Frame]:
    # A cut-off file ends in half a picture: stop before it.
    last = info.readable_frames if info.cut_off else None
    stop = min((n for n in (end, last) if n is not None), default=None)
    index = 0
    with open_video(Path(info.path)) as container:
        stream = video_stream(container, Path(info.path))
        sought = start > SEEK_FRAMES and not info.variable_rate
        if sought:
            target = float(info.start_time) + (start - 1) / float(info.fps)
            container.seek(int(target / float(clock(stream))), stream=stream, backward=True)
        try:
            for picture in container.decode(stream):
                time = _time(picture, info, index)
                if sought:
                    index, sought = round(time * float(info.fps)), False
                if stop is not None and index >= stop:
                    return
                if index >= start:
                    yield Frame(index, time, _upright(picture, info.rotation))
                index += 1
        except FFmpegError as error:
            if not allow_partial:
                raise _truncated(info, index) from error


def _time(picture: av.VideoFrame, info: VideoInfo, index: int) -> float:
    if picture.pts is None or picture.time_base is None:
        return float(index / info.fps)
    return float(picture.pts * picture.time_base - info.start_time)


def _upright(picture: av.VideoFrame, rotation: int) -> np.ndarray:
    """(H, W, 3) RGB, turned counter-clockwise by the display matrix's angle.

    The copy matters even without a turn: FFmpeg pads rows, and readers of the raw pointer ignore strides.
    """
    image = picture.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(image, rotation // 90) if rotation else image)


def _truncated(info: VideoInfo, readable: int) -> VideoTruncated:
    return VideoTruncated(
        f"{Path(info.path).name} is cut off: {readable} of its frames can be read. Copy it again, or use "
        "those with --allow-partial.",
        readable,
    )
