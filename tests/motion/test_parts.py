"""Smoothing chosen parts of the body."""

import numpy as np
import pytest
from reel2rig.core.motion.cleanup.parts import PART_JOINTS, smooth_parts
from reel2rig.core.motion.cleanup.settings import BODY_PARTS
from reel2rig.core.motion.smoothing import smooth_clip


def test_every_joint_belongs_to_one_part():
    assert set(PART_JOINTS) == set(BODY_PARTS)
    assert sorted(joint for joints in PART_JOINTS.values() for joint in joints) == list(range(24))


def test_all_parts_are_smoothed_as_the_whole(make_clip):
    clip = make_clip(80)
    parts, whole = smooth_parts(clip, 2.5, BODY_PARTS), smooth_clip(clip, 2.5)
    assert np.array_equal(parts.rotations, whole.rotations)
    assert np.array_equal(parts.root, whole.root)


@pytest.mark.parametrize("part", BODY_PARTS)
def test_one_part_is_smoothed_and_the_others_stay(make_clip, part):
    clip = make_clip(80)
    result, whole = smooth_parts(clip, 3.0, (part,)), smooth_clip(clip, 3.0)
    chosen = list(PART_JOINTS[part])
    others = [joint for joint in range(24) if joint not in chosen]
    assert np.array_equal(result.rotations[:, chosen], whole.rotations[:, chosen])
    assert np.array_equal(result.rotations[:, others], clip.rotations[:, others])
    assert np.array_equal(result.root, whole.root if part == "path" else clip.root)
    assert not np.array_equal(result.rotations, clip.rotations) or part == "path"


def test_no_smoothing_and_no_parts_give_the_clip_back(make_clip):
    clip = make_clip()
    assert smooth_parts(clip, 0.0, BODY_PARTS) is clip
    assert smooth_parts(clip, 2.0, ()) is clip
