"""Something on the disk that a panel shows: read in a thread, so that drawing never waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ...bridge.home import Home

T = TypeVar("T")


class Lookout(Generic[T]):
    """The last value read from a home folder.

    Args:
        read: reads it; called in a thread of its own, except by `now`.

    Attributes:
        changed: a reading has changed the value; whoever draws it takes the flag away.
    """

    def __init__(self, read: Callable[[Home], T]) -> None:
        self.changed = False
        self._read = read
        self._value: T | None = None
        self._home: Home | None = None
        self._when = float("-inf")
        self._lock = threading.Lock()
        self._busy = self._again = False

    @property
    def looking(self) -> bool:
        """Whether a reading is under way."""
        return self._busy

    def age(self, home: Home) -> float:
        """Seconds since the last reading of this home; infinite before the first."""
        return time.monotonic() - self._when if home == self._home else float("inf")

    def last(self, home: Home) -> T | None:
        """What was last read of this home."""
        return self._value if home == self._home else None

    def now(self, home: Home) -> T:
        """Read at once, in the caller's thread."""
        value = self._read(home)
        with self._lock:
            self._value, self._home, self._when = value, home, time.monotonic()
        return value

    def look(self, home: Home) -> None:
        """Read again, beside the caller."""
        with self._lock:
            if home != self._home:
                self._value, self._home = None, home
            self._again, self._when = True, time.monotonic()
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, daemon=True).start()

    def again(self) -> None:
        """Read the same home again, beside the caller; nothing when none was read yet."""
        if self._home is not None:
            self.look(self._home)

    def forget(self) -> None:
        """Know nothing any more."""
        with self._lock:
            self._value, self._home = None, None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._again or self._home is None:
                    self._busy = False
                    return
                self._again, home = False, self._home
            value = self._read(home)
            with self._lock:
                if home == self._home and value != self._value:
                    self._value, self.changed = value, True
