"""How far pip is, from the lines it prints (the wording of pip 22 to 26)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {"bytes": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}
_FETCH = re.compile(r"^\s*(Downloading|Using cached|Processing)\s+(\S+)(?:\s+\(([\d.]+) (bytes|kB|MB|GB)\))?")
_BYTES = re.compile(r"^\s*Progress (\d+) of (\d+)$")
_COLLECT = re.compile(r"^\s*Collecting ([A-Za-z0-9_.\-]+)")
_INSTALL = re.compile(r"^\s*Installing collected packages: (.+)$")

_FETCHED = 0.8  # share of the time that goes into downloads; unpacking, which tells nothing, has the rest
_WHEELS = 45  # what the worker's packages come to, for a folder of wheels, where no bytes are told


def is_noise(line: str) -> bool:
    """Whether a line is for programs only (a byte count several times a second)."""
    return _BYTES.match(line) is not None


@dataclass
class PipProgress:
    """Feed it lines; read `fraction` and `text`.

    Attributes:
        expected: bytes that will be downloaded, as estimated; 0 when nothing is (a folder of wheels).
        fraction: of all packages, in [0, 1]; never falls.
        text: what pip does now, in an animator's words.
    """

    expected: float
    fraction: float = 0.0
    text: str = "Asking which packages are needed"
    _finished: float = 0.0
    _current: float = 0.0
    _name: str = ""
    _size: float = 0.0
    _wheels: int = 0

    def hear(self, line: str) -> None:
        """Take in one line of pip's."""
        if found := _BYTES.match(line):
            self._current, self._size = float(found[1]), float(found[2])
            self.text = f"Downloading {self._name} ({_megabytes(self._current, self._size)})"
        elif found := _INSTALL.match(line):
            self._done()
            count = found[1].count(",") + 1
            self.text = f"Unpacking {count} packages" if count > 1 else f"Unpacking {found[1].strip()}"
            self._raise_to(_FETCHED if count > 5 else self.fraction)
        elif found := _FETCH.match(line):
            if found[2].endswith(".metadata"):
                return
            self._done()
            self._name = _package(found[2])
            self._size = float(found[3]) * _UNITS[found[4]] if found[3] else 0.0
            self._wheels += 1
            size = f" ({_megabytes(None, self._size)})" if self._size >= 1e6 else ""
            verb = "Downloading" if found[1] == "Downloading" else "Taking"
            self.text = f"{verb} {self._name}{size}"
        elif found := _COLLECT.match(line):
            self.text = f"Asking which packages are needed: {found[1]}"
        if self.expected:
            self._raise_to(_FETCHED * (self._finished + self._current) / self.expected)
        else:
            self._raise_to(_FETCHED * self._wheels / _WHEELS)

    def _done(self) -> None:
        """The file before this line has come, whether or not its bytes were told."""
        self._finished += self._size
        self._size = self._current = 0.0

    def _raise_to(self, value: float) -> None:
        self.fraction = max(self.fraction, min(value, _FETCHED))


def _package(file: str) -> str:
    """A wheel's file name or address as the package's name."""
    name = re.split(r"[/\\]", file)[-1]
    return name.partition("-")[0].replace("_", "-")


def _megabytes(done: float | None, total: float) -> str:
    if done is None:
        return f"{total / 1e6:.0f} MB"
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total >= 1e6 else f"{total / 1e3:.0f} kB"
