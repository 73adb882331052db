"""The second process of the training ends with the first, however that one ends."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
from reel2rig.bridge.processes import pid_alive

TRAINER = """
import sys, multiprocessing
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.motion.body import free_body_path
from reel2rig.core.train.batches import BatchPlan, batches

if __name__ == "__main__":
    plan = BatchPlan(motion=sys.argv[1], body=str(free_body_path()), seed=1, batch=2, T=16)
    with batches(plan, 0) as stream:
        next(stream)
        print(multiprocessing.active_children()[0].pid, flush=True)
        sys.stdin.read()
"""


def test_a_killed_trainer_leaves_no_batch_maker(tmp_path):
    motion, script = tmp_path / "motion.npz", tmp_path / "trainer.py"
    np.savez(
        motion,
        poses=np.zeros((60, 72), np.float32),
        trans=np.zeros((60, 3), np.float32),
        clip_start=[0, 40],
        clip_len=[40, 20],
        clip_name=["a", "b"],
        validation=[False, True],
    )
    script.write_text(TRAINER)
    with subprocess.Popen(
        [sys.executable, script, motion], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as trainer:
        maker = int(trainer.stdout.readline())
        os.kill(trainer.pid, signal.SIGKILL)
    end = time.monotonic() + 60
    while pid_alive(maker) and time.monotonic() < end:
        time.sleep(0.1)
    assert not pid_alive(maker)
