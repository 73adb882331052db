"""What a MotionClip promises, and what it refuses."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.clip import Camera
from reel2rig.core.motion.kinematics import forward_kinematics
from reel2rig.core.motion.rotations import quaternion_from_rotvec
from reel2rig.core.motion.skeletons import LEFT_RIGHT_PAIRS, SMPL_JOINTS, SMPL_PARENTS, mirrored_joints


def test_parents_come_before_their_children_and_sides_are_paired():
    assert len(SMPL_JOINTS) == len(SMPL_PARENTS) == 24
    assert all(parent < child for child, parent in enumerate(SMPL_PARENTS))
    assert len(LEFT_RIGHT_PAIRS) == 9
    partner = mirrored_joints()
    assert all(partner[partner[joint]] == joint for joint in range(24))
    for left, right in LEFT_RIGHT_PAIRS:
        assert partner[SMPL_PARENTS[left]] == SMPL_PARENTS[right]


def test_the_first_joint_is_the_root_exactly(make_clip):
    clip = make_clip()
    assert np.array_equal(clip.joints[:, 0], clip.root)


def test_bones_keep_their_length_in_every_pose(make_clip):
    clip = make_clip()
    for joint in range(1, 24):
        parent = SMPL_PARENTS[joint]
        length = np.linalg.norm(clip.joints[:, joint] - clip.joints[:, parent], axis=-1)
        rest = np.linalg.norm(clip.rest_joints[joint] - clip.rest_joints[parent])
        assert np.allclose(length, rest, atol=1e-5)


def test_turning_one_joint_moves_only_what_hangs_from_it(make_clip):
    clip = make_clip()
    elbow, wrist = SMPL_JOINTS.index("L_Elbow"), SMPL_JOINTS.index("L_Wrist")
    rotations = clip.rotations.copy()
    rotations[:, elbow] = quaternion_from_rotvec([0.0, 1.0, 0.0])
    moved = clip.replace(rotations=rotations).joints
    still = [j for j in range(24) if j not in (wrist, SMPL_JOINTS.index("L_Hand"))]
    assert np.allclose(moved[:, still], clip.joints[:, still], atol=1e-6)
    assert np.abs(moved[:, wrist] - clip.joints[:, wrist]).max() > 0.01


def test_matrices_and_quaternions_give_the_same_joints(make_clip):
    from reel2rig.core.motion.rotations import quaternion_to_matrix

    clip = make_clip()
    by_matrix, _ = forward_kinematics(quaternion_to_matrix(clip.rotations), clip.root, clip.rest_joints)
    assert np.allclose(by_matrix, clip.joints, atol=1e-5)


def test_signs_are_made_continuous(make_clip):
    clip = make_clip()
    flipped = clip.rotations * np.where(np.arange(len(clip)) % 2, -1, 1)[:, None, None]
    assert np.array_equal(clip.replace(rotations=flipped).rotations, clip.rotations)


def test_the_arrays_cannot_be_changed_behind_the_clip(make_clip):
    root = np.zeros((40, 3))
    clip = make_clip(root=root)
    root[:] = 7
    assert clip.root.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        clip.root[0] = 1


def test_two_seconds_last_two_seconds_at_any_rate(make_clip):
    assert make_clip(120, fps=Fraction(60)).duration == 2.0
    clip = make_clip(30, fps=Fraction(30000, 1001), frames=np.arange(100, 130))
    assert clip.times[0] == 0.0
    assert clip.times[29] == 29 * 1001 / 30000
    assert clip.duration == 30 * 1001 / 30000


def test_the_camera_projects_its_own_axis_onto_the_middle_of_the_image():
    camera = Camera(900.0, 1280, 720, np.diag([1.0, -1.0, -1.0]), np.array([0.0, 1.5, 4.0]))
    ahead = camera.position + camera.rotation.T @ np.array([0.0, 0.0, 3.0])
    assert np.allclose(camera.project(ahead), [640, 360])
    above = ahead + np.array([0.0, 0.1, 0.0])
    assert np.allclose(camera.project(above), [640, 360 - 900 * 0.1 / 3])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rotations", np.zeros((40, 23, 4))),
        ("rotations", np.zeros((40, 24, 4))),
        ("rotations", np.full((40, 24, 4), np.nan)),
        ("root", np.zeros((39, 3))),
        ("root", np.full((40, 3), np.inf)),
        ("betas", np.zeros((40, 10))),
        ("rest_joints", np.zeros(24)),
        ("frames", np.zeros(40, dtype=int)),
        ("frames", np.arange(40) + 0.5),
        ("frames", np.array([], dtype=int)),
        ("valid", np.ones(39, dtype=bool)),
        ("contacts", np.full((40, 4), 1.5)),
        ("space", "z_up"),
        ("fps", Fraction(0)),
        ("body_scale", 0.0),
        ("rotations", np.array([["x"]])),
    ],
)
def test_a_wrong_field_is_refused_by_name(make_clip, field, value):
    with pytest.raises(ValueError, match=f"^{field} "):
        make_clip(**{field: value})


def test_a_camera_that_mirrors_or_has_no_focal_length_is_refused():
    with pytest.raises(ValueError, match="rotation"):
        Camera(500.0, 64, 48, np.diag([1.0, 1.0, -1.0]), np.zeros(3))
    with pytest.raises(ValueError, match="focal_px"):
        Camera(0.0, 64, 48, np.eye(3), np.zeros(3))
