"""A capture is moved as one, people and camera together."""

import numpy as np
import pytest
from reel2rig.core.motion.cleanup.settings import Placement
from reel2rig.core.motion.placement import place_clips, rigid_move
from reel2rig.core.motion.spaces import to_space

MOVED = Placement(height=0.3, tilt=(0.05, -0.12), heading=2.1, start=(1.5, -0.7))


@pytest.fixture
def clips(make_clip):
    """Two people of one capture in Blender's axes."""
    return [to_space(make_clip(seed=seed, track=str(seed)), "blender") for seed in (1, 2)]


def pixels(clip):
    return clip.camera.project(clip.joints.astype(float))


def test_people_and_camera_move_together_so_that_every_joint_keeps_its_pixel(clips):
    placed = place_clips(clips, MOVED)
    for before, after in zip(clips, placed, strict=True):
        # float32 positions of a few metres are worth some ten-thousandths of a pixel
        assert np.abs(pixels(after) - pixels(before)).max() < 1e-3
        assert np.abs(after.root - before.root).max() > 0.5
        assert np.array_equal(after.camera.rotation, placed[0].camera.rotation)


def test_without_a_choice_the_capture_stays_where_it_is(clips):
    assert all(after is before for after, before in zip(place_clips(clips, Placement()), clips, strict=True))


def test_each_setting_moves_what_it_names(clips):
    def origin(**settings):
        turn, shift = rigid_move(Placement(**settings))
        return turn, shift

    turn, shift = origin(height=0.4)
    assert np.array_equal(turn, np.eye(3))
    assert np.array_equal(shift, [0, 0, 0.4])
    turn, shift = origin(start=(2.0, -3.0))
    assert np.array_equal(shift, [2, -3, 0])
    # Counter-clockwise seen from above: what lay along X then lies along Y.
    assert np.allclose(origin(heading=np.pi / 2)[0] @ [1, 0, 0], [0, 1, 0])
    # About X, what was up leans towards -Y; about Y, towards +X.
    assert np.allclose(origin(tilt=(0.1, 0.0))[0] @ [0, 0, 1], [0, -np.sin(0.1), np.cos(0.1)])
    assert np.allclose(origin(tilt=(0.0, 0.1))[0] @ [0, 0, 1], [np.sin(0.1), 0, np.cos(0.1)])


def test_the_heading_turns_a_tilted_capture_as_it_stands(clips):
    tilted, _ = rigid_move(Placement(tilt=(0.2, 0.0)))
    both, _ = rigid_move(Placement(tilt=(0.2, 0.0), heading=1.0))
    assert (both @ [0, 0, 1])[2] == pytest.approx((tilted @ [0, 0, 1])[2])


def test_a_clip_in_another_space_is_refused(make_clip):
    with pytest.raises(ValueError, match="blender"):
        place_clips([make_clip()], MOVED)
