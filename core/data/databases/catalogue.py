"""Which file or folder holds which split of which dataset (method section 7.1)."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError

SPLITS = ("train", "val", "test")

# Names of the published databases, the plain one first: the first that is there is taken. "occ" are features
# of crops with pasted occluders, "tight" of smaller crops, "front" the frontal camera only. MPI-INF-3DHP and
# Human3.6M validate on their test subjects.
_MPII3D_TEST = ("mpii3d_val_scale12_db.pt", "mpii3d_val_scale12_new_occ_db.pt")
_H36M_TEST = (
    "h36m_test_25fps_db.pt", "h36m_test_front_25fps_db.pt", "h36m_test_25fps_tight_db.pt",
    "h36m_test_front_25fps_tight_db.pt", "h36m_test_25fps_occ_db.pt", "h36m_test_25fps_nosmpl_db.pt",
)  # fmt: skip
LEGACY: dict[str, dict[str, tuple[str, ...]]] = {
    "3dpw": {split: (f"3dpw_{split}_db.pt", f"3dpw_{split}_occ_db.pt") for split in SPLITS},
    "mpii3d": {
        "train": ("mpii3d_train_scale12_db.pt", "mpii3d_train_scale12_new_occ_db.pt"),
        "val": _MPII3D_TEST,
        "test": _MPII3D_TEST,
    },
    "h36m": {
        "train": tuple(
            f"h36m_train{view}_25fps{form}_db.pt"
            for view in ("", "_front")
            for form in ("", "_tight", "_occ", "_nosmpl")
        ),
        "val": _H36M_TEST,
        "test": _H36M_TEST,
    },
    "insta": {"train": ("insta_train_db.h5",)},
    "posetrack": {"train": ("posetrack_train_db.pt", "posetrack_train_occ_db.pt")},
    "penn": {"train": ("pennaction_train_scale12_db.pt",)},
}
_VALIDATED_ON_TEST = ("mpii3d", "h36m")


class DatasetMissing(InputError):
    """No database of that dataset and split lies where it must."""

    code = "data.dataset_missing"


def find_database(root: str | Path, dataset: str, split: str) -> Path:
    """The database of one split under `root`: our folder ``<dataset>_<split>``, else a published file.

    `dataset` is "3dpw", "mpii3d", "h36m", "insta", "posetrack" or "penn"; any other name stands for a folder
    of the user's own.

    Raises DatasetMissing, which says what is expected where and which command makes it.
    """
    root = Path(root)
    folder = root / f"{dataset}_{split}"
    published = LEGACY.get(dataset, {}).get(split, ())
    names = [folder.name, *published]
    if dataset in _VALIDATED_ON_TEST and split != "train":
        names[1:1] = [f"{dataset}_{'test' if split == 'val' else 'val'}"]
    for name in names:
        if (root / name).exists():
            return root / name
    if dataset not in LEGACY:
        raise DatasetMissing(
            f"The database '{dataset}' ({split}) is missing: expected the folder {folder} with an "
            f"index.json; the datasets known by name are {', '.join(LEGACY)}."
        )
    if not published:
        raise DatasetMissing(
            f"The dataset {dataset} has no split '{split}', only {', '.join(LEGACY[dataset])}: choose one of "
            f"those, or put a database of your own at {folder}."
        )
    prepared = "test" if dataset in _VALIDATED_ON_TEST and split == "val" else split
    raise DatasetMissing(
        f"The dataset {dataset} ({split}) is missing: expected the folder {folder}, or in {root} one of the "
        f"published files {', '.join(published)}; make the folder from the raw dataset with "
        f"'reel2rig data prepare {dataset} --raw FOLDER --out {root} --split {prepared}'."
    )
