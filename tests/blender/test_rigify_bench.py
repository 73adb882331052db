"""The benchmark of retargeting at a size that takes seconds: it times, it checks, and it is JSON."""

from __future__ import annotations

import pytest

pytest.importorskip("bpy")

from reel2rig.bridge.bench._blender import measure_in_blender

pytestmark = pytest.mark.blender


def test_the_benchmark_times_a_retarget_onto_a_generated_rig_and_finds_it_right():
    measured = measure_in_blender("bench_retarget", "--runs", "2", "--frames", "300")
    spread = measured["ratios"]["retarget_10k_seconds"]
    assert 0.0 < spread["min"] <= spread["median"] <= spread["max"]
    assert (spread["runs"], measured["inputs"]["frames"]) == (2, 300)
    check = measured["check"]
    assert check["frames"] == 200
    assert check["arms_direction_degrees"] < 2.0
    assert check["arms_twist_degrees"] < 5.0
    assert check["legs_twist_degrees"] < 5.0
    assert check["standing_foot_mm_a_frame"] < 2.0
    free = measured["check_feet_free"]
    assert free["legs_direction_degrees"] < 2.0
    assert free["standing_foot_mm_a_frame"] > 2.0  # what is held in the other one does glide
