"""The real command line over the fake worker: `python fake_cli.py capture VIDEO -o OUT ...`."""

import sys
from functools import partial
from pathlib import Path

from reel2rig.bridge import capture
from reel2rig.bridge.cli import prepare
from reel2rig.bridge.client.environment import Environment
from reel2rig.bridge.client.session import Session

FAKE_WORKER = Path(__file__).parents[1] / "bridge" / "fake_worker.py"


def environment(home, *_, **__):
    return Environment(home, Path(sys.executable), owned=False)


capture.Session = partial(Session, command=[sys.executable, FAKE_WORKER])
prepare.ensure_ready = environment

if __name__ == "__main__":
    from reel2rig.bridge.cli import main

    main()
