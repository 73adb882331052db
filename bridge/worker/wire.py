"""The worker's end of the wire, taken out of reach of every library that prints."""

from __future__ import annotations

import os
import sys
import threading
from typing import IO

from ..protocol import Message, encode, read_message


class Wire:
    """Reads requests and writes messages; `send` may be called from any thread."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self._requests = requests
        self._replies = replies
        self._lock = threading.Lock()

    @classmethod
    def take_standard_streams(cls) -> Wire:
        """Move the wire to private descriptors; afterwards fd 0 is empty and fd 1 writes to the log.

        A `print` in Python, a `printf` in a C library and a child process all follow fd 1, so that none of
        them can put a byte between two messages.
        """
        sys.stdout.flush()
        requests = os.fdopen(os.dup(0), "rb")  # os.dup makes it private: children do not inherit it
        replies = os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(requests, replies)

    def receive(self) -> Message | None:
        """The next request, or None when the client is gone.

        Raises:
            WorkerProtocolError: that line was no message; the next one can still be read.
        """
        return read_message(self._requests)

    def send(self, message: Message) -> None:
        """Write one message at once.

        Raises:
            OSError: the client is gone.
        """
        line = encode(message)
        with self._lock:
            self._replies.write(line)
            self._replies.flush()
