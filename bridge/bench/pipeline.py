"""`reel2rig bench pipeline`: what the pipeline costs and gains against MediaPipe alone, and keying speed.

Runs in the worker's Python, which has the pipeline's packages; Blender's part is a child process.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ...core.evaluate.machine import describe_machine, describe_versions
from ...core.evaluate.pipeline_accuracy import measure as measure_accuracy
from ...core.evaluate.pipeline_speed import film_one_person
from ...core.evaluate.pipeline_speed import measure as measure_speed
from ..demo_clip import REQUIREMENT, fetch_demo_clip
from ..home import Home
from ._blender import measure_in_blender

RUNS = 5


def run(runs: int = RUNS) -> dict[str, Any]:
    """Measure; {"ratios": {name: {min, median, max, runs}}, "machine", "versions", "inputs", ...}."""
    home = Home.find()
    demo = fetch_demo_clip(home.root / "clips")
    with tempfile.TemporaryDirectory() as folder:
        single = film_one_person(Path(folder) / "one person.mp4")
        speed = measure_speed(single, home.models, runs)
    # MediaPipe alone follows one of the demo's two people, the pipeline both.
    two_people = measure_speed(demo, home.models, runs)
    accuracy = measure_accuracy(home.models)
    keying = measure_in_blender("bench_keying", "--runs", str(runs))
    return {
        "ratios": {
            "pipeline_over_mediapipe_fps": speed.pop("ratio"),
            "two_people_over_mediapipe_one_fps": two_people.pop("ratio"),
            **keying.pop("ratios"),
            **accuracy.pop("ratios"),
        },
        "speed": speed,
        "speed_two_people": two_people,
        "keying": keying,
        "accuracy": accuracy,
        "machine": describe_machine(),
        "versions": describe_versions(),
        "inputs": {
            "speed": "one rendered person, 1280 x 720, 300 frames at 30 fps; refinement off",
            "speed_two_people": f"the demo clip of {REQUIREMENT}, 1768 x 994, 230 frames; refinement off",
            "accuracy": "rendered people, 720 x 720, 90 frames each, procedural motion; shipped defaults",
            "runs": runs,
        },
    }
