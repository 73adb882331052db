"""What the network can be fed, checked before it is (method section 8b)."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from ..errors import InputError
from .presets import NetworkConfig


class WrongFeatures(InputError):
    code = "model.wrong_features"


class FeaturesNotFinite(InputError):
    code = "model.features_not_finite"


def check_inputs(
    inputs: Tensor, config: NetworkConfig, *, source: str | Path | None = None, first: int = 0
) -> None:
    """Raises unless `inputs` are (F, n) finite numbers, n what `config` expects of one frame.

    Args:
        source: the file they came from, to be named.
        first: the number of their first frame in the clip.

    Raises:
        WrongFeatures: another shape.
        FeaturesNotFinite: names the first frame that holds NaN or infinity.
    """
    kind = "encoder inputs" if config.encoder.hidden else "features"
    width = config.encoder.inputs if config.encoder.hidden else config.C
    place = f" in {source}" if source else ""
    if inputs.dim() != 2 or inputs.shape[1] != width:
        raise WrongFeatures(
            f"Give {kind} of shape (frames, {width}), which this network was made for; "
            f"the array{place} has the shape {tuple(inputs.shape)}."
        )
    if not bool(inputs.isfinite().all()):
        bad = int(inputs.isfinite().all(1).logical_not().nonzero()[0, 0]) + first
        raise FeaturesNotFinite(
            f"Extract the {kind}{place} again: frame {bad} (counted from 0) holds values that are not finite."
        )
