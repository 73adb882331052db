"""A worker with a fake pipeline, run as a script: `python fake_worker.py [KIND [IDLE]]`.

What a job does is chosen by the settings' "do" or, where those are real, by the stem of the video's name.
"""

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from reel2rig.bridge.files import write_json
from reel2rig.bridge.protocol import PROTOCOL_VERSION, Hello
from reel2rig.bridge.version import VERSION
from reel2rig.bridge.worker.main import serve
from reel2rig.core.errors import Cancelled, FileCorrupt

KIND = sys.argv[1] if len(sys.argv) > 1 else "good"
IDLE = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0


def describe():
    if KIND == "broken":
        raise ImportError("libEGL.so.1: cannot open shared object file")
    if KIND == "mute":
        time.sleep(60)
    version = "0.0.1" if KIND == "old" else VERSION
    return Hello(PROTOCOL_VERSION, version, "3.11.0", "2.6.0", "cpu", os.getpid())


def run(video: Path, settings: dict, folder: Path, progress):
    do = settings.get("do") or video.stem
    steps = settings.get("steps", 40 if do == "slow" else 3)
    pause = settings.get("pause", 0.1 if do == "slow" else 0.0)
    if do == "corrupt":
        raise FileCorrupt(f"{video.name} does not hold what it must; download it again.")
    if do == "bug":
        raise ValueError("an unexpected\nthing")
    if do == "full":
        raise OSError(errno.ENOSPC, "No space left on device")
    if do == "die":
        progress("people", 1, 10)
        os.kill(os.getpid(), 9)
    if do == "leave":
        os._exit(7)
    if do == "babble":
        os.write(3, b"\n".join([b"not json"] * 3))
    if do == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if do == "silent":
        time.sleep(pause)
    if do == "family":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "child.txt").write_text(str(child.pid))
    for step in range(steps):
        if do == "noise":
            make_noise()
        time.sleep(pause)
        try:
            progress("people", step + 1, steps)
        except Cancelled:
            if do not in ("stubborn", "deaf"):
                raise
            time.sleep(60)
    if do == "nothing":
        return
    people = 2 if do.startswith("two") else 1
    write_result(folder, video, people)


def make_noise():
    print("a library prints")
    os.write(1, b'a C library without a newline: {"type":')
    ctypes.CDLL(None).puts(b"and another")
    subprocess.run([sys.executable, "-c", "print('and a child')"], check=True)


def write_result(folder: Path, video: Path, people: int):
    from fractions import Fraction

    import numpy as np
    from reel2rig.core.motion.clip import MotionClip
    from reel2rig.core.motion.files.npz import write_clip

    names = []
    for track in range(1, people + 1):
        rotations = np.zeros((3, 24, 4), np.float32)
        rotations[..., 0] = 1
        joints = np.random.default_rng(1).normal(size=(24, 3)).astype(np.float32)
        clip = MotionClip(
            rotations=rotations,
            root=np.zeros((3, 3), np.float32),
            betas=np.zeros(10, np.float32),
            rest_joints=joints,
            fps=Fraction(30),
            frames=np.arange(3),
            valid=np.ones(3, bool),
            contacts=np.zeros((3, 4), np.float32),
            camera=None,
            space="world_yup",
            track=str(track),
            source=video.name,
        )
        names.append(f"result-{track}.npz")
        write_clip(folder / names[-1], clip)
    tracks = [
        {"id": t, "frames": 3, "first_frame": 0, "last_frame": 2, "confidence": 0.9, "thumbnail": "t.png"}
        for t in range(1, people + 1)
    ]
    result = {"schema": 1, "video": {"path": str(video)}, "tracks": tracks, "notes": ["The camera moves."]}
    write_json(folder / "scan.json", result)
    write_json(folder / "result.json", result | {"clips": names, "proxy": None})


if __name__ == "__main__":
    os._exit(serve(run, run, describe=describe, idle_seconds=IDLE))
