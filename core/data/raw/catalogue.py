"""The datasets that can be prepared, and the one call that prepares any of them (method section 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...body.spin_joints import SpinJoints
from ...errors import InputError
from .files import folder
from .h36m import prepare_h36m
from .insta import prepare_insta
from .mpii3d import prepare_mpii3d
from .penn import prepare_penn
from .posetrack import prepare_posetrack
from .threedpw import prepare_3dpw
from .tracks import Extractor, Say


class UnknownDataset(InputError):
    """A dataset or a split that cannot be prepared; the sentence lists those that can."""

    code = "data.unknown_dataset"


@dataclass(frozen=True)
class RawDataset:
    """A dataset with its splits and the function that prepares one.

    Attributes:
        bodied: whether the function also wants `bodies`, because its joints come from a body model.
    """

    splits: tuple[str, ...]
    prepare: Callable[..., Path]
    bodied: bool = False


DATASETS: Mapping[str, RawDataset] = {
    "3dpw": RawDataset(("train", "val", "test"), prepare_3dpw, bodied=True),
    "mpii3d": RawDataset(("train", "test"), prepare_mpii3d),
    "h36m": RawDataset(("train", "test"), prepare_h36m),
    "insta": RawDataset(("train",), prepare_insta),
    "penn": RawDataset(("train",), prepare_penn),
    "posetrack": RawDataset(("train", "val"), prepare_posetrack),
}


def raw_dataset(name: str, split: str) -> RawDataset:
    """The dataset `name`, if it has `split`. Raises UnknownDataset."""
    if name not in DATASETS:
        raise UnknownDataset(f"There is no dataset '{name}': choose one of {', '.join(DATASETS)}.")
    known = DATASETS[name]
    if split not in known.splits:
        raise UnknownDataset(f"{name} has no split '{split}': choose one of {', '.join(known.splits)}.")
    return known


def prepare_dataset(
    name: str,
    raw: Path,
    out: Path,
    split: str,
    *,
    features: Extractor | None,
    bodies: Mapping[str, SpinJoints] | None = None,
    say: Say = lambda line: None,
) -> Path:
    """Turns one split of a dataset, as its makers publish it, into the database OUT/NAME_SPLIT.

    Args:
        raw: the dataset's folder; each module of this package tells its layout.
        features: the backbone for the key `features`, or None to leave it out and only look at the rest.
        bodies: for 3DPW, see `prepare_3dpw`.

    Returns:
        The folder written.

    Raises:
        UnknownDataset, RawDataMissing, RawDataInvalid, and what writing a database raises.
    """
    dataset = raw_dataset(name, split)
    folder(raw, f"the dataset {name} as published")
    options = {"bodies": bodies or {}} if dataset.bodied else {}
    return dataset.prepare(raw, out, split, features=features, say=say, **options)
