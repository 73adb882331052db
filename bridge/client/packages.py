"""What the worker's environment must hold, how big that is, and where the project itself comes from.

Standard library only.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from ..errors import SetupFailed

# Importable names; an environment in which one is missing is broken.
MODULES = (
    "numpy",
    "scipy",
    "cv2",
    "mediapipe",
    "av",
    "safetensors",
    "torch",
    "smplx",
    "reel2rig",
    "reel2rig.core",
)

GIGABYTE = 1e9
# Linux, torch 2.13: 1.5 GB (CPU) or about 6 GB (CUDA) in the environment, and the downloads beside it.
DISK_CPU = 3.0 * GIGABYTE
DISK_CUDA = 9.0 * GIGABYTE

TORCH = "torch>=2.6,<2.14"  # as in pyproject.toml
# The index that has the wanted torch build (CPU, CUDA, ROCm), as pytorch.org's install page names it.
TORCH_INDEX_VARIABLE = "REEL2RIG_TORCH_INDEX"


def missing_modules() -> list[str]:
    """The names in `MODULES` that the running Python cannot import (nothing is imported to find out)."""
    return [name for name in MODULES if not _findable(name)]


def module_files() -> dict[str, str]:
    """Where the running Python has each of `MODULES`; a missing one is left out."""
    found = {}
    for name in MODULES:
        spec = importlib.util.find_spec(name) if _findable(name) else None
        if spec and spec.origin:
            found[name] = spec.origin
    return found


def torch_index(chosen: str | None = None) -> str | None:
    """The package index for torch: the chosen one, else the variable's; None: pip's own."""
    return chosen or os.environ.get(TORCH_INDEX_VARIABLE) or None


def needed_disk(index: str | None = None) -> float:
    """Bytes that the environment and its downloads take. pip's own torch for Linux carries CUDA."""
    brings_cuda = sys.platform.startswith("linux") and torch_index(index) is None
    return DISK_CUDA if brings_cuda else DISK_CPU


def project_requirement(source: Path | None) -> list[str]:
    """pip arguments that install this project with its worker packages, from a wheel or a checkout.

    Never a bare name: an index may hold something else under it.

    Raises:
        SetupFailed: the given file is neither, or none was given and this copy came from nowhere known.
    """
    source = source or _origin()
    if source is None:
        raise SetupFailed(
            "It is not known where this copy of Reel2Rig was installed from; name its wheel with --wheel."
        )
    if source.suffix == ".whl" and source.is_file():
        return [f"{source}[worker]"]
    if (source / "pyproject.toml").is_file():
        return ["--editable", f"{source}[worker]"]
    raise SetupFailed(f"{source} is neither a wheel nor a checkout of Reel2Rig; name its wheel with --wheel.")


def _origin() -> Path | None:
    """Where this copy came from: its checkout, the wheel that an add-on carries, or what pip noted."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():
        return root
    for wheel in sorted(root.glob("*/reel2rig-*.whl")):
        return wheel
    try:
        noted = metadata.distribution("reel2rig").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    address = urlsplit(str(json.loads(noted).get("url", ""))) if noted else None
    return Path(url2pathname(unquote(address.path))) if address and address.scheme == "file" else None


def _findable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
