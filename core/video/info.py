"""What is known of a video before its frames are decoded: size, rate, length, rotation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from .completeness import is_cut_off, lacks_index
from .errors import BadTrim, NotAVideo, VideoNotFound, VideoTruncated

# Rates that cameras and editors use; variable-rate footage gets one of them as its nominal rate when near.
COMMON_RATES = (
    *(Fraction(n) for n in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(n, 1001) for n in (24000, 30000, 60000, 120000)),
)
SNAP = 0.03  # relative distance to a common rate that variable-rate footage may have
STEADY = 0.25  # frames that a time may stray from a constant rate before the rate counts as variable
ENTRY_DISCARDED = 2  # libavformat's AVINDEX_DISCARD_FRAME: in the file, but cut away by its edit list


@dataclass(frozen=True)
class VideoInfo:
    """A video as its frames will come out of `read_frames`.

    Attributes:
        width, height: pixels of the upright image.
        rotation: degrees counter-clockwise that the stored image is turned by to stand upright.
        fps: exact rate. For variable-rate footage the constant rate that results use: the mean rate, moved
            to a common rate (24, 25, 30000/1001, ...) within 3 %, else to a whole number.
        frame_count: frames that the file states; for a cut-off file those that it should have had.
        duration: seconds from the first frame to the end of the last.
        start_time: presentation time of the first frame in the file's own clock, seconds.
        readable_frames: frames whose data is really there; less than `frame_count` only in a cut-off file.
        cut_off: the file ends before the end that its container states.
    """

    path: str
    width: int
    height: int
    rotation: int
    fps: Fraction
    frame_count: int
    duration: float
    variable_rate: bool
    codec: str
    start_time: Fraction = Fraction(0)
    readable_frames: int = 0
    cut_off: bool = False


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Looks at a video file: decodes its first frame and reads its index, never the whole video.

    Raises:
        VideoNotFound: no file there. NotAVideo: nothing in it can be decoded as video.
        VideoTruncated: the file was cut off before any frame could be read.
    """
    path = Path(path)
    if not path.is_file():
        raise VideoNotFound(f"There is no video file at {path}: check the name and the folder.")
    with open_video(path) as container:
        stream = video_stream(container, path)
        first = _first_frame(container, stream, path)
        time_base = clock(stream)
        ticks, ends = _samples(container, stream)
        readable = int((ends <= path.stat().st_size).sum())
        fps, variable = nominal_rate(ticks * float(time_base), _stated_rates(stream), float(time_base))
        width, height, rotation = first.width, first.height, round(first.rotation) % 360
        if variable and len(ticks) > 1:
            duration = float(Fraction(int(ticks[-1] - ticks[0])) * time_base) + float(1 / fps)
        else:
            duration = float(len(ticks) / fps)
        frame_count, cut_off = len(ticks), is_cut_off(path)
        if cut_off and readable == frame_count and not _has_full_index(container, stream):
            # Without an index only the stated length tells how many frames are missing; at least one is.
            stated = (container.duration or 0) / av.time_base * float(fps)
            frame_count = max(frame_count + 1, round(stated))
    return VideoInfo(
        path=str(path),
        width=height if rotation in (90, 270) else width,
        height=width if rotation in (90, 270) else height,
        rotation=rotation,
        fps=fps,
        frame_count=frame_count,
        duration=duration,
        variable_rate=variable,
        codec=stream.codec_context.name,
        start_time=(first.pts or 0) * time_base,
        readable_frames=readable,
        cut_off=cut_off,
    )


def parse_trim(text: str, info: VideoInfo) -> int:
    """A trim point as a source frame: "120" is a frame number, "4.5s" a time from the first frame.

    A point past the end means the end.

    Raises:
        BadTrim: neither of the two.
    """
    word = text.strip().lower()
    try:
        frame = round(Fraction(word[:-1]) * info.fps) if word.endswith("s") else int(word)
    except (ValueError, ZeroDivisionError):
        frame = -1
    if frame < 0:
        raise BadTrim(
            f'The trim point "{text}" is not understood: give a frame such as 120 or a time such as 4.5s.'
        )
    return min(frame, info.frame_count)


def open_video(path: Path) -> InputContainer:
    """Opens a container, turning FFmpeg's refusals into the user's errors."""
    try:
        return av.open(str(path))
    except (FFmpegError, OSError) as error:
        if lacks_index(path):
            raise VideoTruncated(
                f"{path.name} was cut off before its index was written, so none of its frames can be read: "
                "copy or record it again."
            ) from error
        raise _not_a_video(path) from error


def video_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The first true video stream (a song's cover picture is none)."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            stream.thread_type = "AUTO"
            return stream
    raise _not_a_video(path)


def nominal_rate(times: np.ndarray, stated: Sequence[Fraction], tick: float) -> tuple[Fraction, bool]:
    """The exact constant rate that `times` keep to, or the nominal rate of footage that keeps to none.

    Args:
        times: (n,) s, rising. stated: rates that the file claims, the most trustworthy first.
        tick: the file's clock step in s; times are rounded to it.

    Returns:
        (rate, whether the rate is variable).
    """
    if len(times) < 2:
        return (stated[0] if stated else Fraction(30)), False
    offsets = times - times[0]
    mean = (len(times) - 1) / float(offsets[-1])
    near = [rate for rate in COMMON_RATES if abs(float(rate) / mean - 1) < SNAP]
    near.sort(key=lambda rate: abs(float(rate) / mean - 1))
    for rate in (*stated, *near, Fraction(mean).limit_denominator(1001)):
        stray = np.abs(offsets - np.arange(len(times)) / float(rate)).max()
        if stray * float(rate) < STEADY or stray <= 1.01 * tick < 1 / float(rate):
            return rate, False
    return (near[0] if near else Fraction(max(1, round(mean)))), True


def _samples(container: InputContainer, stream: av.VideoStream) -> tuple[np.ndarray, np.ndarray]:
    """Times in ticks (n,) sorted, and ends in bytes (n,), of the stored frames that are shown."""
    entries = [entry for entry in stream.index_entries if not entry.flags & ENTRY_DISCARDED]
    if _has_full_index(container, stream):
        return (
            np.sort(np.array([entry.timestamp for entry in entries], dtype=np.int64)),
            np.array([entry.pos + entry.size for entry in entries], dtype=np.int64),
        )
    container.seek(0)
    ticks = []
    try:
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard and not packet.is_corrupt:
                ticks.append(packet.pts if packet.pts is not None else packet.dts)
    except FFmpegError:
        pass  # a damaged tail; what came before it counts
    if any(tick is None for tick in ticks):  # raw streams carry no times: count at the stated rate
        step = 1 / (Fraction(stream.average_rate or 30) * clock(stream))
        ticks = [round(i * step) for i in range(len(ticks))]
    return np.sort(np.array(ticks, dtype=np.int64)), np.zeros(len(ticks), dtype=np.int64)


def _has_full_index(container: InputContainer, stream: av.VideoStream) -> bool:
    """Only MP4's index holds every frame; a fragmented one states no count, other formats list keyframes."""
    return container.format.name.startswith("mov") and len(stream.index_entries) >= stream.frames > 0


def clock(stream: av.VideoStream) -> Fraction:
    """Seconds of one tick of the stream's times."""
    return stream.time_base or Fraction(1, 1000)


def _stated_rates(stream: av.VideoStream) -> list[Fraction]:
    rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return [Fraction(rate) for rate in rates if rate and 0.5 <= rate <= 1000]


def _first_frame(container: InputContainer, stream: av.VideoStream, path: Path) -> av.VideoFrame:
    try:
        for frame in container.decode(stream):
            return frame
    except FFmpegError as error:
        raise _no_frame(path) from error
    raise _no_frame(path)


def _no_frame(path: Path) -> NotAVideo | VideoTruncated:
    if is_cut_off(path):
        return VideoTruncated(f"{path.name} was cut off before its first whole frame: copy it again.")
    return _not_a_video(path)


def _not_a_video(path: Path) -> NotAVideo:
    return NotAVideo(f"{path.name} cannot be read as a video: choose an MP4, MOV, MKV, WebM or AVI file.")
