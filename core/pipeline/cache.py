"""Finished stages of a capture, kept in the job folder under the hash of everything that shaped them.

A stage is found again only when its inputs and settings are the same; that a file exists says nothing.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DiskFull

# Raised whenever a stage's meaning changes, so that results of an older version are made anew.
CACHE_VERSION = 1


def content_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stage_key(stage: str, inputs: Mapping[str, Any]) -> str:
    """Hash naming one run of `stage` from its JSON-able `inputs`."""
    text = json.dumps({"stage": stage, "version": CACHE_VERSION, **inputs}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class StageCache:
    """Arrays of finished stages, one ``stages/<hash>.npz`` each."""

    def __init__(self, job_folder: Path) -> None:
        self.folder = job_folder / "stages"
        self._digests: dict[Path, str] = {}

    def digest(self, path: Path) -> str:
        """`content_digest`, computed once for each file: several stages of a job ask about one video."""
        if path not in self._digests:
            self._digests[path] = content_digest(path)
        return self._digests[path]

    def load(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays saved under `key`; None when there are none or the file is damaged."""
        path = self.folder / f"{key}.npz"
        try:
            with np.load(path, allow_pickle=False) as data:
                return {name: data[name] for name in data.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def save(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep `arrays` under `key`; written whole or not at all.

        Raises:
            DiskFull: the job folder's disk has no room.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.folder, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
            os.replace(temporary, self.folder / f"{key}.npz")
        except OSError as error:
            Path(temporary).unlink(missing_ok=True)
            if error.errno == errno.ENOSPC:
                raise DiskFull(
                    f"The disk of the job folder {self.folder.parent} is full; free some space and try again."
                ) from error
            raise
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
