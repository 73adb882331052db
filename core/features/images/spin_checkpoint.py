"""A SPIN checkpoint, or a bare ResNet-50 state dict, as our trunk and body regressor (method section 3.1)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...network.presets import RegressorConfig
from ...network.regressor import CAMERA, POSE, SHAPE, IterativeRegressor
from .resnet import FEATURE_WIDTH, ResNet50Trunk
from .weights_file import BackboneCorrupt, read_state

# Our name of every layer of the regressor -> SPIN's. Both concatenate [feature | pose | shape | camera], and
# both read six numbers of pose as a row-major (3, 2) block, so that weights move without any reordering.
LAYERS = {
    "first": "fc1",
    "second": "fc2",
    "decode.0": "decpose",
    "decode.1": "decshape",
    "decode.2": "deccam",
}
INITIAL = (("init_pose", POSE), ("init_shape", SHAPE), ("init_cam", CAMERA))
CLASSIFIER = {"fc.weight", "fc.bias"}  # of ImageNet; a bare ResNet-50 file ends with it
COUNTER = ".num_batches_tracked"  # only training reads it, and older files lack it
# Where the pelvis joint of the mean neutral SMPL body lies in the body's own axes, metres. SPIN's camera sees
# the body from its origin, ours from its pelvis; that it moves by some millimetres with shape is left out.
PELVIS_AT_REST = (-0.0018, -0.2233)


@dataclass(frozen=True)
class LoadReport:
    """What became of a backbone file.

    Attributes:
        path: the file. matched: names that were taken over. ignored: weights known to be of no use here.
        beside: what lay beside the weights (optimizer, counters), not read.
    """

    path: Path
    matched: tuple[str, ...]
    ignored: tuple[str, ...]
    beside: tuple[str, ...]

    def __str__(self) -> str:
        left = ", ".join((*self.ignored, *self.beside)) or "nothing"
        return f"{self.path.name}: {len(self.matched)} tensors taken over; left aside: {left}."


@dataclass(frozen=True, eq=False)
class SpinModel:
    """A backbone ready for use, in inference mode; `regressor` is None where the file has only the trunk."""

    trunk: ResNet50Trunk
    regressor: IterativeRegressor | None
    report: LoadReport


def load_spin(path: str | os.PathLike[str]) -> SpinModel:
    """Load a SPIN checkpoint, or a ResNet-50 state dict as torchvision publishes it, strictly.

    Every expected key must be there with its shape and finite; the only further keys allowed are the ImageNet
    classifier and the counters of batch normalisation.

    Raises:
        BackboneMissing, BackboneUnsafe: see `read_state`.
        BackboneCorrupt: names the file, the key, and the shape that was expected.

    **Convention**: the regressor answers as `BodyState` says: root in camera axes x right, y down, z forward,
    crop camera (s, tx, ty) about the pelvis joint, which SPIN's own is not.
    """
    path = Path(path)
    state, beside = read_state(path)
    trunk = ResNet50Trunk()
    trunk_state, taken = _take(path, state, _shapes(trunk.state_dict()))
    trunk.load_state_dict(trunk_state, strict=False)  # `_take` was strict; only counters may be absent
    regressor = None
    if any(name.partition(".")[0] in LAYERS.values() for name in state):
        regressor, more = _regressor(path, state)
        taken |= more
    ignored = sorted(set(state) - taken)
    for name in ignored:
        if name not in CLASSIFIER:
            raise BackboneCorrupt(
                f"{path.name} has the unexpected key '{name}': expected a ResNet-50, alone or with the body "
                "regressor of SPIN."
            )
    report = LoadReport(path, tuple(sorted(taken)), tuple(ignored), beside)
    return SpinModel(trunk, regressor, report)


def _regressor(path: Path, state: Mapping[str, Tensor]) -> tuple[IterativeRegressor, set[str]]:
    regressor = IterativeRegressor(FEATURE_WIDTH, RegressorConfig())
    shapes = _shapes(regressor.state_dict())
    renamed = {
        f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in LAYERS.items() for kind in ("weight", "bias")
    }
    wanted = {theirs: shapes[ours] for ours, theirs in renamed.items()}
    wanted |= {name: (1, size) for name, size in INITIAL}
    found, taken = _take(path, state, wanted)
    ours = {name: found[theirs] for name, theirs in renamed.items()}
    ours["initial"] = torch.cat([found[name][0] for name, _ in INITIAL])
    _see_from_pelvis(ours)
    regressor.load_state_dict(ours)
    return regressor.eval().requires_grad_(False), taken


def _see_from_pelvis(weights: dict[str, Tensor]) -> None:
    """Rewrites a regressor whose camera is about the body's origin into one about the pelvis, exactly.

    **Convention**: s (x + tx) sees a point x metres from the origin; from the pelvis at p the same point is
    x - p, and tx + p sees it in the same place. Global orientation turns about the pelvis, so that p does not
    turn. The loop that feeds the state back to the first layer is told by that layer's bias.
    """
    moved = torch.zeros(POSE + SHAPE + CAMERA)
    moved[-2:] = torch.tensor(PELVIS_AT_REST)
    weights["first.bias"] = weights["first.bias"] - weights["first.weight"][:, FEATURE_WIDTH:] @ moved
    weights["initial"] = weights["initial"] + moved


def _take(
    path: Path, state: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, Tensor], set[str]]:
    """The `wanted` tensors in float32, each checked, and the names that were found."""
    found: dict[str, Tensor] = {}
    for name, shape in wanted.items():
        value = state.get(name)
        if name.endswith(COUNTER):
            if value is not None:
                found[name] = value
            continue
        if value is None:
            raise BackboneCorrupt(f"{path.name} lacks the key '{name}': expected a tensor of shape {shape}.")
        if tuple(value.shape) != shape or not value.is_floating_point():
            raise BackboneCorrupt(
                f"{path.name}: '{name}' is {_describe(value)}; expected real numbers of shape {shape}."
            )
        if not bool(value.isfinite().all()):
            raise BackboneCorrupt(
                f"{path.name}: '{name}' holds values that are not finite; get the file again."
            )
        found[name] = value.float()
    return found, set(found)


def _shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items()}


def _describe(value: Tensor) -> str:
    return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"
