"""What an accelerator makes of the trunk, of the temporal network and of both, in float32 and bfloat16."""

from __future__ import annotations

import copy
from typing import Any

import torch

from ..features.images.extract import FeatureExtractor
from ..features.images.resnet import ResNet50Trunk
from ..features.images.speed import feature_error, trunk_frames_per_second
from ..network.clip import run_clip
from ..network.model import BodyNetwork
from ..network.presets import NetworkConfig
from .network_speed import OutputsDiffer, largest_difference, random_inputs, random_network
from .ratios import Ratio, seconds

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
EQUAL = 1e-3  # between devices, in float32


def measure(
    configs: dict[str, NetworkConfig],
    device: str | torch.device,
    *,
    frames: int,
    crops: int,
    runs: int,
) -> dict[str, Any]:
    """Frames per second on `device` per preset and number format, and the largest differences to the CPU.

    Args:
        configs: presets by name; those that take image features are also measured behind the trunk.
        frames: length of the clip for the temporal networks alone.
        crops: how many crops the trunk, and both together, are given.

    Raises:
        OutputsDiffer: float32 on `device` is more than 1e-3 from the CPU.
    """
    trunk = ResNet50Trunk()
    result: dict[str, Any] = {"device": device_name(device), "frames": frames, "crops": crops}
    result["trunk"] = {
        name: {
            "fps": trunk_frames_per_second(trunk, device, dtype, crops),
            "relative_feature_error": feature_error(trunk, device, dtype, min(crops, 16)),
        }
        for name, dtype in TYPES.items()
    }
    for preset, config in configs.items():
        model = random_network(config)
        result[preset] = {
            name: _temporal(model, device, dtype, frames, runs) for name, dtype in TYPES.items()
        }
        if not config.encoder.hidden:
            for name, dtype in TYPES.items():
                result[preset][name]["fps_with_trunk"] = _together(trunk, model, device, dtype, crops, runs)
        difference = result[preset]["float32"]["largest_difference_to_cpu"]
        if difference > EQUAL:
            raise OutputsDiffer(
                f"Report this: {preset} on {device} differs from the CPU by {difference:.1e}, "
                f"more than {EQUAL:.0e}."
            )
    return result


def on_device(model: BodyNetwork, device: str | torch.device, dtype: torch.dtype) -> BodyNetwork:
    """A copy of `model` on `device` with its temporal network in `dtype`; encoder and regressor stay in
    float32.
    """
    copied = copy.deepcopy(model).to(device)
    copied.temporal.to(dtype)
    return copied


def device_name(device: str | torch.device) -> str:
    """The accelerator's name, or the kind of device where it has none."""
    device = torch.device(device)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _temporal(
    model: BodyNetwork, device: str | torch.device, dtype: torch.dtype, frames: int, runs: int
) -> dict[str, Any]:
    there, inputs = on_device(model, device, dtype), random_inputs(model.config, frames)
    compared = inputs[:450]
    difference = largest_difference(run_clip(model, compared), run_clip(there, compared))
    run_clip(there, inputs)  # warm-up; every run ends with a copy to the CPU, which waits for the device
    times = [seconds(lambda: run_clip(there, inputs)) for _ in range(runs)]
    return {
        "fps": Ratio.of([frames / t for t in times]).to_json(),
        "largest_difference_to_cpu": difference,
    }


def _together(
    trunk: ResNet50Trunk,
    model: BodyNetwork,
    device: str | torch.device,
    dtype: torch.dtype,
    crops: int,
    runs: int,
) -> dict[str, float | int]:
    """From uint8 crops in memory to bodies in memory."""
    there, extractor = on_device(model, device, dtype), FeatureExtractor(trunk, device, dtype=dtype)
    pixels = torch.randint(0, 256, (min(crops, 32), 224, 224, 3), dtype=torch.uint8).numpy()
    batches = max(crops // len(pixels), 1)

    def run() -> None:
        features = torch.cat([torch.from_numpy(extractor.of_crops(pixels)) for _ in range(batches)])
        run_clip(there, features)

    run()
    times = [seconds(run) for _ in range(runs)]
    return Ratio.of([batches * len(pixels) / t for t in times]).to_json()
