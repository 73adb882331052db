"""Whether a network checkpoint fits the features that it will be given."""

from __future__ import annotations

from ..errors import InputError
from ..features.images.resnet import FEATURE_WIDTH
from ..network.presets import LANDMARK_INPUTS, NetworkConfig


class WrongFeatures(InputError):
    """The checkpoint was trained on other features than it is to be used with."""

    code = "model.wrong_features"
    exit_code = 5


def require_landmarks(config: NetworkConfig, name: str) -> None:
    """Refuse a network that does not take landmarks; `name` is its file.

    Raises WrongFeatures.
    """
    if config.encoder.hidden == 0:
        raise WrongFeatures(
            f"{name} expects image features of width {config.C}, not landmarks: give --features resnet50 and "
            "--backbone with the file of the backbone that it was trained on."
        )
    if config.encoder.inputs != LANDMARK_INPUTS:
        raise WrongFeatures(
            f"{name} expects {config.encoder.inputs} numbers a frame; the landmarks give {LANDMARK_INPUTS}: "
            "use a checkpoint trained on them."
        )


def require_images(config: NetworkConfig, name: str) -> None:
    """Refuse a network that does not take ResNet-50 features.

    Raises WrongFeatures.
    """
    if config.encoder.hidden:
        raise WrongFeatures(
            f"{name} expects landmarks ({config.encoder.inputs} numbers a frame), not image features: leave "
            f"out --features resnet50, or give a checkpoint trained on features of width {FEATURE_WIDTH}."
        )
    if config.C != FEATURE_WIDTH:
        raise WrongFeatures(
            f"{name} expects features of width {config.C}; ResNet-50 gives {FEATURE_WIDTH}: give a "
            f"checkpoint with C = {FEATURE_WIDTH}."
        )
