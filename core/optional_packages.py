"""Packages that only researchers need: datasets and training ask for them here, a capture never does."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .errors import Reel2RigError


class PackageMissing(Reel2RigError):
    code = "research.package_missing"
    exit_code = 4


def need(module: str) -> ModuleType:
    """The imported `module`.

    Raises:
        PackageMissing: it is not installed; the sentence says how to get it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise  # a broken installation of it, not a missing one
        raise PackageMissing(
            f"Install the research packages with pip install 'reel2rig[research]': {module} is missing."
        ) from None
