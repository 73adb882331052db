"""Who this worker is: versions, the device the network will run on, and the GPU it may be missing."""

from __future__ import annotations

import os
import platform

from ..client.gpu import find_gpu, gpu_advice
from ..protocol import PROTOCOL_VERSION, Hello
from ..version import VERSION


def describe() -> Hello:
    """Import the heavy packages and name the device; an ImportError here means a broken environment."""
    import cv2  # noqa: F401  the import itself is the check: a missing system library shows here
    import mediapipe  # noqa: F401
    import scipy  # noqa: F401
    import torch

    device = _device(torch)
    gpu = find_gpu() if device == "cpu" else None
    return Hello(
        protocol=PROTOCOL_VERSION,
        version=VERSION,
        python=platform.python_version(),
        torch=torch.__version__,
        device=device,
        pid=os.getpid(),
        advice=gpu_advice(gpu, device, cuda=torch.version.cuda, hip=torch.version.hip),
    )


def _device(torch) -> str:  # type: ignore[no-untyped-def]  (a module has no useful type)
    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name(0)})"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"
