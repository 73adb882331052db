"""A worker with a fake pipeline, run as a script: `python fake_worker.py BEHAVIOUR [IDLE]`.

What the fake capture does is chosen by the settings: `{"steps": 20, "pause": 0.05, "do": "..."}`.
"""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

from reel2rig.bridge.protocol import PROTOCOL_VERSION, Hello
from reel2rig.bridge.version import VERSION
from reel2rig.bridge.worker.main import serve
from reel2rig.core.errors import Cancelled, FileCorrupt


def describe():
    behaviour = sys.argv[1] if len(sys.argv) > 1 else "good"
    if behaviour == "broken":
        raise ImportError("libEGL.so.1: cannot open shared object file")
    version = "0.0.1" if behaviour == "old" else VERSION
    return Hello(PROTOCOL_VERSION, version, "3.11.0", "2.6.0", "cpu", os.getpid())


def capture(video: Path, settings: dict, folder: Path, progress):
    do = settings.get("do", "")
    if do == "corrupt":
        raise FileCorrupt(f"{video.name} does not hold what it must; download it again.")
    if do == "bug":
        raise ValueError("an unexpected\nthing")
    if do == "die":
        progress("people", 1, 10)
        os.kill(os.getpid(), 9)
    if do == "silent":
        time.sleep(settings["pause"])
    if do == "children":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "child.txt").write_text(str(child.pid))
    (folder / "half.npz.part").write_bytes(b"half")
    for step in range(settings.get("steps", 3)):
        if do == "noise":
            print("a library prints to stdout")
            os.write(1, b'and so does C, without a newline: {"type":')
            ctypes.CDLL(None).puts(b"and the C library")
            subprocess.run([sys.executable, "-c", "print('and a child')"], check=True)
        time.sleep(settings.get("pause", 0.0))
        try:
            progress("people", step + 1, settings.get("steps", 3))
        except Cancelled:
            if do != "stubborn":
                raise
            while True:
                time.sleep(1)
    (folder / "result.json").write_text('{"schema": 1, "clips": []}')


if __name__ == "__main__":
    idle = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    code = serve(capture, capture, describe=describe, idle_seconds=idle)
    os._exit(code)
