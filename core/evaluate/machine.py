"""On what a figure was measured: machine and versions, printed beside every benchmark."""

from __future__ import annotations

import os
import platform
from importlib import metadata

PACKAGES = ("reel2rig", "torch", "mediapipe", "opencv-python", "numpy", "scipy", "smplx", "bpy", "av")


def describe_machine() -> dict[str, str | int]:
    """Processor, usable cores, memory and system. Holds no user name, host name or path."""
    return {
        "processor": _processor_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
    }


def describe_versions() -> dict[str, str]:
    """Installed versions of the packages that matter; 'absent' where one is not installed."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
