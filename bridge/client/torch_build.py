"""Which build of PyTorch is installed, where it comes from and how much room it takes.

Standard library only. No address of an index stands here: pytorch.org shows the one of each build.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from ..errors import SetupFailed

TORCH = "torch>=2.6,<2.14"  # as in pyproject.toml
# The index that has the wanted build (CPU, CUDA, ROCm), as pytorch.org's install page names it.
TORCH_INDEX_VARIABLE = "REEL2RIG_TORCH_INDEX"
BUILDS = ("auto", "cpu", "cuda", "rocm", "custom")
NAMES = {"cpu": "CPU", "cuda": "CUDA", "rocm": "ROCm", "mps": "Apple GPU", "": "chosen"}

GIGABYTE = 1e9


class TorchAddressMissing(SetupFailed):
    code = "setup.torch_address"


@dataclass(frozen=True)
class Room:
    """Bytes of one build with all worker packages: downloaded, and in the finished environment."""

    download: float
    installed: float

    @property
    def disk(self) -> float:
        """Free disk to ask for: the packages lie twice on it while they are unpacked."""
        return self.installed + 2 * self.download


# Measured on Linux with torch 2.13 and rounded up; ROCm's is the size of its published wheels.
_ROOM = {
    "cpu": Room(0.6 * GIGABYTE, 1.8 * GIGABYTE),
    "mps": Room(0.5 * GIGABYTE, 1.6 * GIGABYTE),
    "cuda": Room(3.0 * GIGABYTE, 7.0 * GIGABYTE),
    "rocm": Room(5.0 * GIGABYTE, 18.0 * GIGABYTE),
}


def torch_index(build: str = "auto", address: str | None = None) -> str | None:
    """The package index for torch; None is pip's own.

    Args:
        build: one of `BUILDS`. "auto" takes the given address, the variable's, or pip's own index.
        address: an address, or the whole command that pytorch.org shows.

    Raises:
        TorchAddressMissing: this build is not on pip's own index, and no address is given.
    """
    if address and (found := re.search(r"[a-z]+://\S+", address)):
        return found[0]
    if address:
        raise TorchAddressMissing(
            f"'{address}' is no address of a package index; copy the one that pytorch.org shows."
        )
    if build == "auto":
        return os.environ.get(TORCH_INDEX_VARIABLE) or None
    if needs_address(build):
        name = {"custom": "a custom"}.get(build, f"the {NAMES.get(build, build)}")
        raise TorchAddressMissing(
            f"For {name} build of PyTorch, paste the address or the command that pytorch.org shows for it."
        )
    return None


def needs_address(build: str) -> bool:
    """Whether pip's own index lacks this build on this system."""
    return build not in ("auto", default_build()) and not (build == "cpu" and sys.platform != "linux")


def default_build() -> str:
    """What pip's own index has for this system: its torch for Linux carries CUDA, for a Mac its GPU."""
    return {"linux": "cuda", "darwin": "mps"}.get(sys.platform, "cpu")


def resulting_build(build: str, index: str | None) -> str:
    """The build that will be there: "cpu", "cuda", "rocm" or "mps"; "" when an address does not tell."""
    if index is None:
        return "mps" if sys.platform == "darwin" else default_build() if build == "auto" else build
    if build in ("cpu", "cuda", "rocm"):
        return build
    last = index.rstrip("/").rpartition("/")[2]
    for start, name in (("cpu", "cpu"), ("cu", "cuda"), ("rocm", "rocm")):
        if last.startswith(start):
            return name
    return ""


def room(build: str) -> Room:
    """How much room a resulting build takes; one that is not known counts as the usual large one."""
    return _ROOM.get(build, _ROOM["cuda"])
