"""A mirrored motion is what a mirror shows, with its floor and its start where they were."""

from __future__ import annotations

import numpy as np
import pytest
from reel2rig.core.motion.body import free_body_path, load_body
from reel2rig.core.motion.mirror import mirror_clip
from reel2rig.core.motion.rotations import rotation_angle
from reel2rig.core.motion.skeletons import JOINT_INDEX, mirrored_joints
from reel2rig.core.motion.spaces import to_space
from reel2rig.core.motion.travel import headings

PARTNER = list(mirrored_joints())


@pytest.mark.parametrize("space", ["world_yup", "blender", "camera_cv"])
def test_mirrored_twice_is_the_original(make_clip, space):
    clip = to_space(make_clip(60).replace(camera=None), space)
    twice = mirror_clip(mirror_clip(clip))
    assert twice.space == space
    assert rotation_angle(twice.rotations, clip.rotations).max() < 1e-3
    assert np.allclose(twice.root, clip.root, atol=1e-5)
    assert np.array_equal(twice.rest_joints, clip.rest_joints)
    assert np.array_equal(twice.contacts, clip.contacts)


def test_every_joint_is_where_the_mirror_shows_its_partner(make_clip):
    clip = to_space(make_clip(30), "blender")
    mirrored = mirror_clip(clip)
    angle = headings(clip)[0]
    left = np.array([np.cos(angle), np.sin(angle), 0.0])  # of the person, at the start
    away = clip.joints[:, PARTNER] - clip.root[0]
    expected = clip.root[0] + away - 2 * (away @ left)[..., None] * left
    assert np.allclose(mirrored.joints, expected, atol=1e-4)


def test_start_heading_and_heights_stay(make_clip):
    clip = to_space(make_clip(30), "blender")
    mirrored = mirror_clip(clip)
    assert np.allclose(mirrored.root[0], clip.root[0], atol=1e-6)
    assert np.allclose(mirrored.root[:, 2], clip.root[:, 2], atol=1e-6)
    assert headings(mirrored)[0] == pytest.approx(headings(clip)[0], abs=1e-4)
    turned = headings(clip) - headings(clip)[0]
    assert np.allclose(headings(mirrored) - headings(mirrored)[0], -turned, atol=1e-3)


def test_a_raised_left_arm_becomes_a_raised_right_arm(make_clip):
    body = load_body(free_body_path())
    rotations = np.tile([1.0, 0, 0, 0], (5, 24, 1))
    rotations[:, JOINT_INDEX["L_Shoulder"]] = [np.cos(0.5), 0, 0, np.sin(0.5)]
    clip = make_clip(5, rotations=rotations, betas=np.zeros(10), rest_joints=body.joints(np.zeros(10)))
    mirrored = mirror_clip(clip)
    wrists = [JOINT_INDEX["L_Wrist"], JOINT_INDEX["R_Wrist"]]
    assert np.allclose(mirrored.joints[:, wrists, 1], clip.joints[:, wrists[::-1], 1], atol=1e-3)
    assert mirrored.joints[0, wrists[1], 1] > mirrored.joints[0, wrists[0], 1] + 0.1
    assert mirrored.notes == clip.notes


def test_contacts_change_feet(make_clip):
    contacts = np.tile([1.0, 0.5, 0.0, 0.25], (5, 1))
    assert mirror_clip(make_clip(5, contacts=contacts)).contacts[0].tolist() == [0.0, 0.25, 1.0, 0.5]


def test_an_uneven_body_is_said_once(make_clip):
    mirrored = mirror_clip(make_clip(5))  # rest joints at random
    assert any("both sides" in note for note in mirrored.notes)
    assert mirror_clip(mirrored).notes == mirrored.notes
