"""How fast the trunk is on a device, and what a narrower number format costs: for the benchmark (method
section 3.1).
"""

from __future__ import annotations

import time

import numpy as np
import torch

from .extract import BATCH, FeatureExtractor
from .resnet import CROP_SIZE, ResNet50Trunk


def trunk_frames_per_second(
    trunk: ResNet50Trunk, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32, n: int = 64
) -> float:
    """Crops per second from uint8 pixels in memory to features in memory, batches of 32, after a warm-up."""
    extractor = FeatureExtractor(trunk, device, dtype=dtype)
    crops = _crops(min(n, BATCH))
    extractor.of_crops(crops)
    rounds = max(n // len(crops), 1)
    begin = time.perf_counter()
    for _ in range(rounds):
        extractor.of_crops(crops)  # ends with a copy to the CPU, which waits for the device
    return rounds * len(crops) / (time.perf_counter() - begin)


def feature_error(
    trunk: ResNet50Trunk, device: str | torch.device = "cpu", dtype: torch.dtype = torch.bfloat16, n: int = 16
) -> float:
    """Relative difference |f - f32| / |f32| of features in `dtype` on `device` to float32 on the CPU."""
    crops = _crops(n)
    exact = FeatureExtractor(trunk, "cpu").of_crops(crops)
    found = FeatureExtractor(trunk, device, dtype=dtype).of_crops(crops)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def _crops(n: int) -> np.ndarray:
    """Smooth random pictures (n, 224, 224, 3): noise alone would say little about photographs."""
    random = torch.Generator().manual_seed(0)
    coarse = torch.rand(n, 3, 14, 14, generator=random) * 255
    smooth = torch.nn.functional.interpolate(coarse, size=(CROP_SIZE, CROP_SIZE), mode="bicubic")
    return smooth.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
