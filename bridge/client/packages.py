"""What the worker's environment must hold, and where the project itself comes from.

Standard library only.
"""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
import zipfile
from contextlib import suppress
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

_WORKER_EXTRA = re.compile(r""";\s*extra == ['"]worker['"]$""")
# Importable name -> what pip calls it, where they differ.
DISTRIBUTIONS = {"cv2": "opencv-python"}


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


def requirements(source: Path | None) -> list[str]:
    """The worker packages that a wheel or checkout asks for, sorted; equal lists need no new packages.

    Empty when the source does not tell: then everything has to be installed.
    """
    source = source or _origin()
    with suppress(OSError, KeyError, ValueError, zipfile.BadZipFile):
        if source and source.suffix == ".whl":
            with zipfile.ZipFile(source) as wheel:
                name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
                text = wheel.read(name).decode("utf-8")
            asked = re.findall(r"^Requires-Dist: (.+)$", text, re.MULTILINE)
            ours = [line for line in asked if "extra ==" not in line or _WORKER_EXTRA.search(line)]
            return sorted(_WORKER_EXTRA.sub("", line).replace(" ", "") for line in ours)
        if source:
            project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            asked = [*project["dependencies"], *project["optional-dependencies"]["worker"]]
            return sorted(line.replace(" ", "") for line in asked)
    return []


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
