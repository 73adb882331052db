from __future__ import annotations

from pathlib import Path

import pytest
from published_databases import LAYOUTS
from reel2rig.core.data.databases.catalogue import LEGACY, DatasetMissing, find_database


def test_our_folder_is_preferred_to_a_published_file_and_a_plain_one_to_its_variants(tmp_path: Path) -> None:
    for name in ("3dpw_train_occ_db.pt", "3dpw_train_db.pt", "3dpw_train"):
        (tmp_path / name).touch()
        assert find_database(tmp_path, "3dpw", "train").name == name


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_published_name_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    found = {
        (dataset, split)
        for dataset, splits in LEGACY.items()
        for split in splits
        if _found(tmp_path, dataset, split) == tmp_path / name
    }
    prefix = {"pennaction": "penn"}.get(name.split("_")[0], name.split("_")[0])
    assert {dataset for dataset, _ in found} == {prefix}
    assert ("train" in name) == any(split == "train" for _, split in found)


def _found(root: Path, dataset: str, split: str) -> Path | None:
    try:
        return find_database(root, dataset, split)
    except DatasetMissing:
        return None


def test_datasets_that_validate_on_their_test_subjects_need_one_folder_for_both(tmp_path: Path) -> None:
    (tmp_path / "h36m_test").mkdir()
    (tmp_path / "mpii3d_val").mkdir()
    for split in ("val", "test"):
        assert find_database(tmp_path, "h36m", split) == tmp_path / "h36m_test"
        assert find_database(tmp_path, "mpii3d", split) == tmp_path / "mpii3d_val"
    (tmp_path / "3dpw_val").mkdir()
    with pytest.raises(DatasetMissing):
        find_database(tmp_path, "3dpw", "test")


def test_a_missing_dataset_says_what_is_expected_where_and_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing) as caught:
        find_database(tmp_path, "mpii3d", "train")
    said = str(caught.value)
    assert caught.value.code == "data.dataset_missing"
    assert str(tmp_path / "mpii3d_train") in said
    assert "mpii3d_train_scale12_db.pt" in said
    assert f"reel2rig data prepare mpii3d --raw FOLDER --out {tmp_path} --split train" in said
    with pytest.raises(DatasetMissing, match="--split test"):
        find_database(tmp_path, "mpii3d", "val")
    with pytest.raises(DatasetMissing, match="no split 'val', only train"):
        find_database(tmp_path, "insta", "val")


def test_any_other_name_is_a_folder_of_the_user_s_own(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=str(tmp_path / "mine_val")):
        find_database(tmp_path, "mine", "val")
    (tmp_path / "mine_val").mkdir()
    assert find_database(tmp_path, "mine", "val") == tmp_path / "mine_val"
