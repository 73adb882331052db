"""The wire between the two processes: one JSON object a line, over the worker's stdin and stdout.

A line is UTF-8 (in fact ASCII: everything else is escaped), ends with a newline and is at most `MAX_LINE`
bytes. The worker speaks first and says `hello` with the protocol's version; both sides refuse a stranger.
Arrays never travel here: they are `.npz` files in the job folder named by the request.
Standard library only.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import IO, Any, ClassVar

from .errors import WorkerProtocolError

PROTOCOL_VERSION = 2
MAX_LINE = 1 << 20  # bytes, the newline included; a request is a few kilobytes


@dataclass(frozen=True)
class Hello:
    """Worker: who I am.

    Attributes:
        device: a sentence part such as "cpu" or "cuda (NVIDIA RTX 4070)".
        advice: a sentence when a GPU is there and torch cannot see it.
    """

    type: ClassVar[str] = "hello"
    protocol: int
    version: str
    python: str
    torch: str
    device: str
    pid: int
    advice: str = ""


@dataclass(frozen=True)
class Capture:
    """Client: capture this video into the job folder. `settings` is `CaptureSettings.to_json()`."""

    type: ClassVar[str] = "capture"
    job: str
    folder: str
    video: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Scan:
    """Client: only list the people of this video, into the job folder."""

    type: ClassVar[str] = "scan"
    job: str
    folder: str
    video: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Convert:
    """Client: read this motion file of another system into the job folder, as a finished capture.

    `video` is the file; `settings` are those of `core.results.job.convert_motion`.
    """

    type: ClassVar[str] = "convert"
    job: str
    folder: str
    video: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Cancel:
    """Client: stop that job; other jobs are untouched."""

    type: ClassVar[str] = "cancel"
    job: str


@dataclass(frozen=True)
class Progress:
    """Worker: how far a job is.

    Attributes:
        stage, done, total: the running stage and its frames; `done` never falls within a stage.
        fraction: of the whole job, in [0, 1]; never falls.
        elapsed: seconds since the job began.
        eta: seconds left, estimated; negative while unknown.
        device: where the network runs.
    """

    type: ClassVar[str] = "progress"
    job: str
    stage: str
    done: int
    total: int
    fraction: float
    elapsed: float
    eta: float
    device: str


@dataclass(frozen=True)
class Result:
    """Worker: the job is finished and its files are complete."""

    type: ClassVar[str] = "result"
    job: str


@dataclass(frozen=True)
class Failure:
    """Worker: the job (or, with an empty `job`, the worker itself) failed; one sentence for the user."""

    type: ClassVar[str] = "error"
    job: str
    code: str
    message: str
    exit_code: int


@dataclass(frozen=True)
class Bye:
    """Either side: I leave. `reason` is "asked" or "idle"."""

    type: ClassVar[str] = "bye"
    reason: str


Message = Hello | Capture | Scan | Convert | Cancel | Progress | Result | Failure | Bye
_CLASSES: dict[str, type[Message]] = {
    kind.type: kind for kind in (Hello, Capture, Scan, Convert, Cancel, Progress, Result, Failure, Bye)
}
_CHECKS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "dict[str, Any]": (dict,),
}


def encode(message: Message) -> bytes:
    """One line for the wire, newline included.

    Raises:
        WorkerProtocolError: the message holds what JSON cannot (NaN, an object) or is longer than `MAX_LINE`.
    """
    try:
        text = json.dumps({"type": message.type, **dataclasses.asdict(message)}, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise WorkerProtocolError(
            f"A '{message.type}' message cannot be written as JSON ({error})."
        ) from error
    line = text.encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise WorkerProtocolError(f"A '{message.type}' message of {len(line)} bytes exceeds the line limit.")
    return line


def decode(line: bytes) -> Message:
    """The message of one line. Fields this version does not know are ignored; missing or wrong ones are not.

    Raises:
        WorkerProtocolError: not UTF-8, not JSON, not an object, an unknown type, a wrong field.
    """
    try:
        data = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # decode errors of both kinds are ValueErrors
        raise WorkerProtocolError(f"A line on the wire is not JSON: {_short(line)}.") from error
    kind = _CLASSES.get(data.get("type", "")) if isinstance(data, dict) and _has_type(data) else None
    if kind is None:
        raise WorkerProtocolError(f"A line on the wire is no known message: {_short(line)}.")
    # One with a default may be missing: a `hello` of another version is understood and then refused.
    fields: dict[str, Any] = {
        field.name: data.get(field.name, None if field.default is dataclasses.MISSING else field.default)
        for field in dataclasses.fields(kind)
    }
    for field in dataclasses.fields(kind):
        value = fields[field.name]
        allowed = _CHECKS[str(field.type)]
        wrong = not isinstance(value, allowed) or isinstance(value, bool)  # True is an int to Python
        if wrong or (isinstance(value, float) and not math.isfinite(value)):
            raise WorkerProtocolError(
                f"The field '{field.name}' of a '{kind.type}' message is missing or of the wrong type."
            )
    return kind(**fields)


def read_message(stream: IO[bytes]) -> Message | None:
    """The next message of a binary stream, or None at its end.

    After a refused line the stream stands at the start of the next one, so the caller may go on reading.

    Raises:
        WorkerProtocolError: the line is no message, or longer than `MAX_LINE`.
    """
    line = stream.readline(MAX_LINE)
    if not line:
        return None
    if not line.endswith(b"\n") and len(line) >= MAX_LINE:
        while rest := stream.readline(MAX_LINE):
            if rest.endswith(b"\n"):
                break
        raise WorkerProtocolError(f"A line on the wire exceeds {MAX_LINE} bytes.")
    return decode(line)


def _has_type(data: dict[str, Any]) -> bool:
    return isinstance(data.get("type"), str)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _short(line: bytes) -> str:
    return repr(line[:80])
