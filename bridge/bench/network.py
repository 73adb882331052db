"""`reel2rig bench network`: exact cached inference over the plain path, memory of long runs, accelerators.

Runs in the worker's Python. Weights are random: speed, equality and memory do not depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ...core.evaluate import network_accelerator, network_memory, network_speed
from ...core.evaluate.machine import describe_machine, describe_versions
from ...core.network.presets import NetworkConfig, preset


@dataclass(frozen=True)
class Plan:
    """How much is measured; the defaults stay below twenty minutes on two cores."""

    presets: tuple[str, ...] = ("base", "fast", "default")
    memory_preset: str = "fast"
    frames: int = 450
    runs: int = 5
    short: int = 10_000
    long: int = 100_000
    accelerator_frames: int = 16_384
    crops: int = 1024


def run(plan: Plan = Plan()) -> dict[str, Any]:
    """Measure; {"ratios": {name: {min, median, max, runs}}, "speed", "memory", "accelerator", ...}."""
    configs = {name: preset(name) for name in plan.presets}
    speed = {name: network_speed.measure(config, plan.frames, plan.runs) for name, config in configs.items()}
    ratios = {f"cached_over_plain_{name}": found.pop("ratio") for name, found in speed.items()}
    memory: dict[str, Any] = {"skipped": "needs RssAnon of /proc, which Linux has"}
    if network_memory.STATUS.exists():
        memory = network_memory.measure(plan.memory_preset, plan.short, plan.long)
        ratios["memory_100k_over_10k"] = memory.pop("ratio")
    return {
        "ratios": ratios,
        "speed": speed,
        "memory": memory,
        "accelerator": measure_accelerator(configs, plan),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "inputs": {
            "speed": f"a clip of {plan.frames} frames of random features, random weights, 1 thread; plain is "
            "every window by itself in batches, stride 1 (mid) or 4 (sequence)",
            "memory": f"preset {plan.memory_preset}, {plan.short} and {plan.long} frames generated in "
            "chunks, theta written to disk, a fresh process each",
            "runs": plan.runs,
        },
    }


def measure_accelerator(configs: dict[str, NetworkConfig], plan: Plan) -> dict[str, Any] | None:
    """The same networks on the GPU, where torch sees one."""
    if not torch.cuda.is_available():
        return None
    return network_accelerator.measure(
        configs, "cuda", frames=plan.accelerator_frames, crops=plan.crops, runs=plan.runs
    )
