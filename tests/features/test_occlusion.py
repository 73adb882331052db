"""Occluders out of a tiny folder in the layout of Pascal VOC."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from reel2rig.core.features.images.occlusion import Occluder, OccludersMissing, load_occluders

DOG, PERSON = 12, 15
GREY = np.full((224, 224, 3), 128, np.uint8)


def colour(number: int) -> list[int]:
    """BGR of an index in VOC's palette, written out from its published table."""
    table = {1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 12: (64, 0, 128), 15: (192, 128, 128)}
    return list(table[number][::-1])


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """One photograph of a whole dog, a whole person and a dog that the edge cuts off, with borders."""
    image = np.full((200, 300, 3), 30, np.uint8)
    things, kinds = np.zeros_like(image), np.zeros_like(image)
    for number, kind, (x, y), bgr in (
        (1, DOG, (60, 80), (10, 20, 240)),
        (2, PERSON, (150, 80), (10, 240, 20)),
        (3, DOG, (290, 80), (240, 20, 10)),
    ):
        for picture, value in ((image, bgr), (things, colour(number)), (kinds, colour(kind))):
            cv2.circle(picture, (x, y), 30, value, -1)
        for picture in (things, kinds):
            cv2.circle(picture, (x, y), 31, (192, 224, 224), 2)  # index 255, "not to be judged"
    for folder, ending, picture in (
        ("JPEGImages", "jpg", image),
        ("SegmentationObject", "png", things),
        ("SegmentationClass", "png", kinds),
    ):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / f"2007_000001.{ending}"), picture)
    return tmp_path


def test_whole_things_are_cut_out_and_people_and_parts_are_not(voc: Path) -> None:
    (dog,) = load_occluders(voc)
    assert dog.shape[2] == 4
    assert 26 <= dog.shape[0] <= 31
    middle = dog[dog.shape[0] // 2, dog.shape[1] // 2]
    assert middle[:3].tolist() == pytest.approx([240, 20, 10], abs=12)  # RGB, through a JPEG
    assert middle[3] == 255
    assert dog[0, 0, 3] == 0


def test_the_same_video_and_seed_give_the_same_pastes(voc: Path) -> None:
    things = load_occluders(voc)

    def pasted(video: str, seed: int) -> np.ndarray:
        occluder = Occluder(things, video, seed)
        return np.stack([occluder(GREY) for _ in range(6)])

    first = pasted("walk_01", 1)
    assert np.array_equal(first, pasted("walk_01", 1))
    assert not np.array_equal(first, pasted("walk_02", 1))
    assert not np.array_equal(first, pasted("walk_01", 2))
    assert not np.array_equal(first[0], first[1])  # every picture draws anew
    covered = (np.abs(first.astype(int) - 128).max(-1) > 20).mean((1, 2))
    assert (covered > 0).any()
    assert (covered < 0.5).all()
    assert (GREY == 128).all()


def test_a_folder_without_masks_or_photographs_is_refused(voc: Path, tmp_path: Path) -> None:
    with pytest.raises(OccludersMissing, match="SegmentationObject"):
        load_occluders(tmp_path / "elsewhere")
    (voc / "JPEGImages" / "2007_000001.jpg").unlink()
    with pytest.raises(OccludersMissing, match=r"2007_000001\.jpg is missing"):
        load_occluders(voc)
