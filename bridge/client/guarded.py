"""Python modules as child processes that cannot outlive us: pip must not go on writing when Blender died."""

from __future__ import annotations

import os
from pathlib import Path

# The child waits for the end of its stdin beside its work; the system closes that pipe whenever we end. The
# real stdin is replaced: on Windows a grandchild that inherits a pipe in the middle of a read would hang.
_GUARD = """
import os, runpy, signal, sys, threading
pipe = os.dup(0)
null = os.open(os.devnull, os.O_RDONLY)
os.dup2(null, 0)
def watch():
    while os.read(pipe, 4096):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(130)
threading.Thread(target=watch, daemon=True).start()
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def guarded(python: str | Path, module: str, *arguments: str | Path) -> list[str]:
    """The command line of `python -m module arguments`, ended when its stdin is (spawn it with a pipe)."""
    return [os.fspath(python), "-c", _GUARD, module, *(os.fspath(each) for each in arguments)]
