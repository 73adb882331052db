"""The benchmark of the network at a size that takes seconds: what it reports and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from reel2rig.bridge.bench.network import Plan, run
from reel2rig.core.evaluate import network_accelerator, network_memory, network_speed
from reel2rig.core.network.clip import run_clip
from reel2rig.core.network.presets import DisConfig, GruConfig, RegressorConfig, preset
from small_networks import SMALL, SWITCHES, small_network


def test_the_whole_benchmark_runs_and_is_json() -> None:
    plan = Plan(
        ("default",), "default", frames=40, runs=2, short=500, long=1000, accelerator_frames=64, crops=2
    )
    found = json.loads(json.dumps(run(plan)))
    assert set(found["ratios"]) == {"cached_over_plain_default", "memory_100k_over_10k"}
    for spread in found["ratios"].values():
        assert set(spread) == {"min", "median", "max", "runs"}
        assert spread["min"] > 0
    assert 0 <= found["speed"]["default"]["largest_difference"] < 1e-5
    assert found["speed"]["default"]["bodies_spread"] > 1e-3
    assert [r["frames"] for r in (*found["memory"]["short"], *found["memory"]["long"])] == [500, 1000]


def test_the_paired_presets_are_those_that_the_targets_name() -> None:
    assert {"base", "fast"} <= set(Plan().presets)
    assert (Plan().frames, Plan().short, Plan().long, Plan().memory_preset) == (450, 10_000, 100_000, "fast")
    assert preset("fast").C == 2048


def test_no_speed_is_reported_for_outputs_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(model, inputs, plain=False):
        body = run_clip(model, inputs, plain=plain)
        return replace(body, cam=body.cam + 1e-3 * plain)

    monkeypatch.setattr(network_speed, "run_clip", wrong)
    with pytest.raises(network_speed.OutputsDiffer):
        network_speed.measure(SMALL, 20, 1)


def test_theta_on_disk_is_the_theta_of_the_clip(tmp_path: Path) -> None:
    model = small_network(SWITCHES["preset default"])
    network_memory.write_theta(model, 1000, tmp_path / "theta.npy")
    theta = np.load(tmp_path / "theta.npy")
    assert theta.shape == (1000, 85)
    assert theta.dtype == np.float32
    inputs = torch.cat(list(network_memory.features_in_chunks(model, 1000)))
    assert np.allclose(theta, run_clip(model, inputs).theta().numpy(), atol=1e-4)


# In a process of its own: in this one, what other tests leave behind may be freed at any moment.
ALLOCATE = """
import sys, numpy as np
from reel2rig.core.evaluate.network_memory import PeakMemory
size = 64 << 20
with PeakMemory() as before:
    pass
with PeakMemory() as mapped:
    held = np.lib.format.open_memmap(sys.argv[1], "w+", np.uint8, (size,))
    held[:] = 1
with PeakMemory() as allocated:
    more = np.ones(size, np.uint8)
print((mapped.peak - before.peak) / size, (allocated.peak - before.peak) / size)
"""


def test_anonymous_memory_counts_what_is_allocated_and_not_what_is_mapped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALLOCATE, str(tmp_path / "big.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    mapped, allocated = map(float, done.stdout.split())
    assert mapped < 0.1
    assert 0.9 < allocated < 1.1


def test_a_child_that_fails_is_told() -> None:
    with pytest.raises(network_memory.MemoryRunFailed, match="10 frames"):
        network_memory.run_alone("no such preset", 10)


def test_the_accelerator_report_holds_every_rate_and_its_error() -> None:
    """On the CPU, where torch always is; a GPU takes the same road."""
    config = replace(
        SMALL,
        C=2048,
        dis=DisConfig(hidden=8),
        gru=GruConfig(hidden=8),
        regressor=RegressorConfig(hidden=8),
    )
    found = network_accelerator.measure({"narrow": config}, "cpu", frames=24, crops=1, runs=1)
    for kind in ("float32", "bfloat16"):
        assert found["trunk"][kind]["fps"] > 0
        assert found["narrow"][kind]["fps"]["median"] > 0
        assert found["narrow"][kind]["fps_with_trunk"]["median"] > 0
    exact, rough = (found["narrow"][kind]["largest_difference_to_cpu"] for kind in ("float32", "bfloat16"))
    assert exact == 0
    assert 0 < rough < 0.1
    assert found["trunk"]["float32"]["relative_feature_error"] < 1e-5
    assert 1e-5 < found["trunk"]["bfloat16"]["relative_feature_error"] < 0.05
    assert json.loads(json.dumps(found)) == found
