"""How windows are answered: the plain way, and what every way must offer (method section 9)."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from .model import BodyNetwork
from .presets import Output
from .regressor import BodyState

Rows = dict[str, list[Tensor]]  # per-frame tensors (n, ...) under the names of those who read them


class WindowEngine(Protocol):
    """First once per frame, then once per window."""

    def project(self, features: Tensor) -> Rows:
        """Features (n, C) -> what windows need of each frame."""
        ...

    def bodies(self, rows: Rows, index: Tensor) -> BodyState:
        """Windows whose k-th frame is row `index[:, k]`, (N, T) -> bodies (N, ...) in ``mid``, (N, T, ...) in
        ``sequence``.
        """
        ...


class PlainEngine:
    """Every window on its own through the network as it was trained: the reference of the cached engine."""

    def __init__(self, model: BodyNetwork, output: Output) -> None:
        self.model = model
        self.output: Output = output

    def project(self, features: Tensor) -> Rows:
        """Features (n, C), as they are."""
        return {"features": [features]}

    def bodies(self, rows: Rows, index: Tensor) -> BodyState:
        """As `WindowEngine.bodies`, through the step-by-step regressor."""
        x = self.model.temporal(rows["features"][0][index], self.output)
        return self.model.answer(x)
