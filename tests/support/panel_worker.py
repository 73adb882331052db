"""A worker for tests of the panel: answers as the real one does and "captures" by copying a prepared job.

What a job does is chosen by the name of the video: `nobody` finds no person, `dies` takes the worker with it,
`slow` never ends, `deaf` never ends and cannot be told to. A number at the end is ignored ("slow 2").
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from reel2rig.bridge.client.environment import SCHEMA, own_environment
from reel2rig.bridge.home import Home
from reel2rig.bridge.protocol import PROTOCOL_VERSION
from reel2rig.bridge.version import VERSION

_SCRIPT = """
import json, os, pathlib, shutil, signal, sys, time

def say(**message):
    print(json.dumps(message), flush=True)

def tell(job, done, total):
    say(type="progress", job=job, stage="landmarks", done=done, total=total, fraction=done / total,
        elapsed=1.0, eta=5.0, device="cpu")

say(type="hello", protocol={protocol}, version={version!r}, python="3", torch="2", device="cpu", pid=1,
    advice="")
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "bye":
        say(type="bye", reason="asked")
        break
    if message["type"] not in ("capture", "scan", "convert"):
        continue
    job = message["job"]
    with open({seen!r}, "a") as file:
        file.write(json.dumps(message) + "\\n")
    does = pathlib.Path(message["video"]).stem.split()[0]
    if does == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if does in ("slow", "deaf"):
        tell(job, 1, 1000)
        time.sleep(60)
    for done in range(3):
        tell(job, done, 2)
    if does == "nobody":
        say(type="error", job=job, code="people.none_found", message="No person was found.", exit_code=2)
    elif does == "dies":
        os._exit(137)
    else:
        shutil.copytree({job!r}, message["folder"], dirs_exist_ok=True)
        say(type="result", job=job)
"""


class PanelWorker:
    """An environment that looks ready, whose worker is the script above.

    Attributes:
        command: starts it.
    """

    def __init__(self, folder: Path, job: Path) -> None:
        self._seen = folder / "seen.jsonl"
        script = folder / "worker.py"
        facts = {"protocol": PROTOCOL_VERSION, "version": VERSION, "job": str(job), "seen": str(self._seen)}
        script.write_text(_SCRIPT.format(**facts), encoding="utf-8")
        self.command = [sys.executable, str(script)]
        environment = own_environment(Home.find())
        environment.python.parent.mkdir(parents=True)
        os.symlink(sys.executable, environment.python)
        marker = {"schema": SCHEMA, "version": VERSION, "python": str(environment.python), "device": "cpu"}
        environment.marker.write_text(json.dumps(marker | {"modules": {}}), encoding="utf-8")

    def requests(self) -> list[dict]:
        """What it was asked to do, in order."""
        if not self._seen.exists():
            return []
        return [json.loads(line) for line in self._seen.read_text(encoding="utf-8").splitlines()]
