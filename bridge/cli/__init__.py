"""The command line. `main` is what the console command `reel2rig` calls."""

import io
import os
import sys


def main() -> None:
    """Run the command line and exit."""
    from .app import app

    # A file name may hold what the terminal's encoding cannot; printing it must not fail a finished capture.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape" if os.name == "posix" else "backslashreplace")
    app()
