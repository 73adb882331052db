"""What a clip's results depend on, as hashes: equal ones mean that the work would be the same.

The input counts by its content and not by its name, so do all files that the settings name.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..version import VERSION
from .inputs import digest, is_motion, stamp
from .task import ClipTask

_NOT_OF_THE_CAPTURE = ("device",)  # where it is computed


def capture_key(task: ClipTask) -> str:
    """Of the capture: the input and the capture's settings. Raises OSError when the input is not readable."""
    settings = {name: value for name, value in task.settings.items() if name not in _NOT_OF_THE_CAPTURE}
    if is_motion(task.input):
        settings = {name: settings.get(name) for name in ("person", "body")}
    return _hash({"version": VERSION, "input": _digest_of(task.input), "settings": _content(settings)})


def settings_key(task: ClipTask) -> str:
    """Of everything but the input: settings, clean-up, rig, formats and names."""
    data = task.to_json()
    data["settings"] = {
        name: value for name, value in task.settings.items() if name not in _NOT_OF_THE_CAPTURE
    }
    for name in ("input", "state", "folder"):
        del data[name]
    return _hash({"version": VERSION, **_content(data)})


def input_digest(task: ClipTask) -> str:
    """SHA-256 of the input's content. Raises OSError."""
    return _digest_of(task.input)


def _content(data: Any) -> Any:
    """JSON values in which each file is replaced by its digest."""
    if isinstance(data, dict):
        return {key: _content(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_content(value) for value in data]
    if isinstance(data, str) and (path := Path(data)).is_absolute() and path.is_file():
        return _digest_of(data)
    return data


def _digest_of(path: str) -> str:
    return _digest_at(path, *stamp(path))


@lru_cache(maxsize=4096)
def _digest_at(path: str, _size: int, _changed: int) -> str:
    return digest(path)


def _hash(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
