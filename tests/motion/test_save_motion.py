"""One function writes every format that needs no Blender."""

import numpy as np
import pytest
from reel2rig.core.errors import UnknownFormat
from reel2rig.core.motion.files.open import open_motion
from reel2rig.core.motion.files.save import save_motion
from walking import walking_person


@pytest.mark.parametrize(("name", "format"), [("a.npz", None), ("a.npz", "amass"), ("a.smpl", None)])
def test_a_saved_motion_is_the_same_when_opened(tmp_path, name, format):
    clip = walking_person(1.0, seed=2)
    save_motion(tmp_path / name, clip, format)
    (read,) = open_motion(tmp_path / name)
    assert read.fps == clip.fps
    assert np.abs(read.joints - clip.joints).max() < 1e-3


def test_a_table_has_a_row_for_every_frame(tmp_path):
    clip = walking_person(1.0, seed=2)
    save_motion(tmp_path / "a.csv", clip)
    assert len((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()) == len(clip) + 1


@pytest.mark.parametrize("name", ["a.fbx", "a"])
def test_a_format_that_is_no_motion_is_refused_and_the_others_are_named(tmp_path, name):
    with pytest.raises(UnknownFormat, match="npz, amass, smpl, csv"):
        save_motion(tmp_path / name, walking_person(1.0, seed=2))
    assert not list(tmp_path.iterdir())
