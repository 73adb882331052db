"""What can be wrong with a video the user gave."""

from __future__ import annotations

from ..errors import InputError


class VideoNotFound(InputError):
    code = "video.not_found"


class NotAVideo(InputError):
    code = "video.not_a_video"


class VideoTruncated(InputError):
    """The file ends in mid-stream.

    Attributes:
        readable: how many frames from the start of the file can be read.
    """

    code = "video.truncated"

    def __init__(self, message: str, readable: int = 0) -> None:
        super().__init__(message)
        self.readable = readable


class BadTrim(InputError):
    code = "video.bad_trim"
