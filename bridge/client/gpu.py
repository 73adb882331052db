"""The computer's GPU as the system shows it, found without PyTorch, and why PyTorch may not see it.

Standard library only.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..processes import spawn, stop_tree

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/gpus")
_PCI_DEVICES = Path("/sys/bus/pci/devices")
_AMD_NODES = Path("/sys/class/kfd/kfd/topology/nodes")
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Gpu:
    """A GPU that PyTorch could use.

    Attributes:
        maker: "nvidia", "amd" or "apple".
        name: what the system calls it; the maker's name where it tells no more.
        driver: whether its driver is there.
    """

    maker: str
    name: str
    driver: bool = True


def find_gpu() -> Gpu | None:
    """The GPU of this computer, or None; starts `nvidia-smi` only where no file tells."""
    if sys.platform == "darwin":
        return Gpu("apple", "Apple GPU") if platform.machine() == "arm64" else None
    return _nvidia() or _amd()


def gpu_advice(gpu: Gpu | None, device: str, *, cuda: str | None, hip: str | None) -> str:
    """One sentence when a GPU is there and PyTorch computes on the CPU; else "".

    Args:
        device: where PyTorch computes, as in `Hello.device`.
        cuda, hip: the versions PyTorch was built for (`torch.version.cuda`, `torch.version.hip`), or None.
    """
    if gpu is None or device != "cpu":
        return ""
    unused = f"{gpu.name} is here, but PyTorch cannot use it"
    if gpu.maker == "apple":
        return f"{unused}: update macOS, then press Repair."
    if gpu.maker == "nvidia":
        if not gpu.driver:
            return f"{gpu.name} is here without its driver: install NVIDIA's driver and restart."
        if cuda is None:
            return f"{unused} (its build has no CUDA): choose the CUDA build and press Repair."
        return f"{unused} (built for CUDA {cuda}): update NVIDIA's driver, or choose another CUDA build."
    if hip is None:
        return f"{unused} (its build has no ROCm): choose the ROCm build and press Repair."
    return f"{unused} (built for ROCm {hip}): check the driver, and that you may open /dev/kfd."


def _nvidia() -> Gpu | None:
    for facts in sorted(_NVIDIA_DRIVER.glob("*/information")):
        with suppress(OSError):
            model = re.search(r"^Model:\s*(.+)$", facts.read_text(errors="replace"), re.MULTILINE)
            return Gpu("nvidia", model[1].strip() if model else "An NVIDIA GPU")
    if program := nvidia_smi():
        name = re.search(r"^GPU \d+: (.+?)(?: \(UUID|$)", _output([program, "-L"]), re.MULTILINE)
        if name:
            return Gpu("nvidia", name[1].strip())
    for device in _PCI_DEVICES.glob("*"):
        with suppress(OSError):
            is_display = (device / "class").read_text().startswith("0x03")
            if is_display and (device / "vendor").read_text().strip() == "0x10de":
                return Gpu("nvidia", "An NVIDIA GPU", driver=False)
    return None


def nvidia_gpus() -> list[str]:
    """NVIDIA's GPUs as CUDA_VISIBLE_DEVICES names them: those it already names, else all."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    program = nvidia_smi()
    return re.findall(r"\(UUID: (GPU-[^)]+)\)", _output([program, "-L"])) if program else []


def nvidia_smi() -> str | None:
    """NVIDIA's own tool, which its Windows driver puts into System32 and older ones beside the program."""
    if found := shutil.which("nvidia-smi"):
        return found
    if sys.platform != "win32":
        return None
    roots = (os.environ.get("SYSTEMROOT", ""), os.environ.get("PROGRAMFILES", ""))
    places = ("System32/nvidia-smi.exe", "NVIDIA Corporation/NVSMI/nvidia-smi.exe")
    for root, place in zip(roots, places, strict=True):
        if root and Path(root, place).is_file():
            return str(Path(root, place))
    return None


def _amd() -> Gpu | None:
    """From the kernel's compute driver, which lists processors too: those have no SIMD units."""
    for node in sorted(_AMD_NODES.glob("*")):
        with suppress(OSError):
            properties = (node / "properties").read_text()
            if re.search(r"^simd_count [1-9]", properties, re.MULTILINE):
                name = (node / "name").read_text().strip()
                return Gpu("amd", f"AMD GPU {name}" if name else "An AMD GPU")
    return None


def _output(command: list[str]) -> str:
    try:
        process = spawn(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return ""
    try:
        return process.communicate(timeout=_ANSWER_SECONDS)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        stop_tree(process, kill=True)
        process.communicate()
        return ""
