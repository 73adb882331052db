"""`python -m reel2rig.bridge.worker --home HOME [--idle SECONDS] [--probe]`."""

from __future__ import annotations

import argparse
import json
import os
import sys

from ..client.packages import module_files
from ..home import Home
from . import machine
from .main import IDLE_SECONDS, serve
from .pipeline import Pipeline


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="reel2rig worker", description="Runs captures for a client process."
    )
    parser.add_argument("--home", required=True, help="the Reel2Rig home folder (models, logs, jobs)")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="leave after so many idle seconds")
    parser.add_argument("--probe", action="store_true", help="print who this worker is as JSON, and leave")
    arguments = parser.parse_args()
    if arguments.probe:
        hello = machine.describe()
        facts = {"version": hello.version, "device": hello.device, "modules": module_files()}
        facts |= {"python_version": hello.python, "torch_version": hello.torch, "advice": hello.advice}
        print(json.dumps(facts))
        return 0
    pipeline = Pipeline(Home.find(arguments.home).models)
    return serve(
        pipeline.capture,
        pipeline.scan,
        pipeline.convert,
        describe=machine.describe,
        idle_seconds=arguments.idle,
        stages=pipeline.stages,
    )


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the video and landmark libraries can hang at interpreter exit; there is nothing left to save.
    os._exit(code)
