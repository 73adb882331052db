"""`reel2rig bench retarget`: how long 10,000 frames onto a rig of Rigify take, and whether they are right."""

from __future__ import annotations

from typing import Any

from ...core.evaluate.machine import describe_machine
from ._blender import measure_in_blender

RUNS = 5


def run(runs: int = RUNS) -> dict[str, Any]:
    """Measure; {"ratios": {"retarget_10k_seconds": {min, median, max, runs}}, "check", "machine", ...}."""
    return {**measure_in_blender("bench_retarget", "--runs", str(runs)), "machine": describe_machine()}
