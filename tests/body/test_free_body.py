from __future__ import annotations

import numpy as np
import pytest
from reel2rig.core.body.landmarks import LANDMARKS, mirrored_landmarks
from reel2rig.core.motion.body import BodyTemplate, free_body_path
from reel2rig.core.motion.skeletons import JOINT_INDEX, SMPL_JOINTS, SMPL_PARENTS, mirrored_joints

FLIP = np.array([-1.0, 1.0, 1.0])
MILLIMETRE = 1e-3


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    with np.load(free_body_path(), allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


@pytest.fixture(scope="module")
def rest(stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rest position of every landmark by its name."""
    places = stored["J"][stored["lm_joint"]] + stored["lm_offset"]
    return dict(zip(LANDMARKS, places, strict=True))


def test_left_and_right_are_mirror_images_to_ten_micrometres(
    stored: dict[str, np.ndarray],
) -> None:
    vertices, joints = stored["mirror"], list(mirrored_joints())
    tolerance = 0.01 * MILLIMETRE
    for key, partner in (("v_template", vertices), ("J", joints)):
        assert np.abs(stored[key][partner] * FLIP - stored[key]).max() < tolerance
    for key, partner in (("shapedirs", vertices), ("J_shapedirs", joints)):
        assert np.abs(stored[key][partner] * FLIP[:, None] - stored[key]).max() < tolerance
    assert np.abs(stored["weights"][vertices][:, joints] - stored["weights"]).max() < 1e-6
    places = stored["J"][stored["lm_joint"]] + stored["lm_offset"]
    assert np.abs(places[list(mirrored_landmarks())] * FLIP - places).max() < tolerance


def test_every_row_of_the_arrays_is_what_its_name_says(stored: dict[str, np.ndarray]) -> None:
    assert stored["joint_names"].tolist() == list(SMPL_JOINTS)
    assert stored["kintree_table"][0, 1:].tolist() == list(SMPL_PARENTS[1:])
    assert np.abs(stored["weights"].sum(1) - 1).max() < 1e-5
    assert (stored["weights"] > 0).sum(1).max() <= 4
    for key in ("J_regressor", "J_regressor_extra", "J_regressor_h36m"):
        assert np.abs(stored[key].sum(1) - 1).max() < 1e-4
    J = stored["J_regressor"].astype(np.float64) @ stored["v_template"]
    assert np.abs(J - stored["J"]).max() < 1e-6


def test_beta_zero_is_an_average_adult_in_a_t_pose(free_body: BodyTemplate) -> None:
    J = dict(zip(SMPL_JOINTS, free_body.joints(np.zeros(10)), strict=True))
    assert 1.65 < np.ptp(free_body.v_template[:, 1]) < 1.75
    assert abs(J["L_Wrist"][1] - J["L_Shoulder"][1]) < MILLIMETRE
    assert J["L_Wrist"][0] > J["L_Elbow"][0] > J["L_Shoulder"][0] > 0
    assert J["Head"][1] > J["Neck"][1] > J["Pelvis"][1] > J["L_Knee"][1] > J["L_Ankle"][1]
    assert J["L_Foot"][2] > J["L_Ankle"][2] + 0.1  # toes point along +z
    assert 0.15 < J["L_Hip"][0] - J["R_Hip"][0] < 0.19  # centres of the femoral heads


def test_the_first_shape_direction_is_height(free_body: BodyTemplate) -> None:
    tall, short = (free_body.shaped_vertices(sign * np.eye(10)[0]) for sign in (1, -1))
    assert np.ptp(tall[:, 1]) - np.ptp(short[:, 1]) > 0.1


def test_faces_look_outwards_and_close(free_body: BodyTemplate) -> None:
    corners = free_body.v_template[free_body.faces].astype(np.float64)
    volume = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert 0.045 < volume < 0.09  # cubic metres of an adult; negative if the faces looked inwards
    edges = np.sort(free_body.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_named_vertices_are_where_their_names_say(free_body: BodyTemplate) -> None:
    v = {name: free_body.v_template[index] for name, index in free_body.vertex_ids.items()}
    assert v["nose"][2] == free_body.v_template[np.abs(free_body.v_template[:, 0]) < 0.01, 2].max()
    assert v["leye"][0] == -v["reye"][0] == pytest.approx(0.031, abs=0.01)
    assert v["lear"][0] > 0.06
    assert v["lmiddle"][0] > v["lindex"][0] > v["lthumb"][0] > 0.7
    assert v["lthumb"][2] > v["lindex"][2] > v["lmiddle"][2] > v["lring"][2] > v["lpinky"][2]
    assert 0 < v["LBigToe"][0] < v["LSmallToe"][0]
    assert v["LBigToe"][2] > v["LSmallToe"][2] > v["LHeel"][2]
    for left in ("leye", "lear", "lthumb", "lpinky", "LBigToe", "LSmallToe", "LHeel"):
        right = {"l": "r", "L": "R"}[left[0]] + left[1:]
        np.testing.assert_allclose(v[left] * FLIP, v[right], atol=1e-6)


def test_foot_points_touch_the_floor(free_body: BodyTemplate) -> None:
    assert free_body.foot_vertices is not None
    floor = free_body.v_template[:, 1].min()
    feet = free_body.v_template[free_body.foot_vertices]
    assert (feet[:, 1] - floor < 0.01).all()
    left_heel, left_toe, right_heel, right_toe = feet
    assert left_heel[0] > 0 > right_heel[0]
    assert left_toe[2] - left_heel[2] > 0.12
    assert right_toe[2] - right_heel[2] > 0.12


def test_landmarks_stand_where_the_detector_marks_them(rest: dict[str, np.ndarray]) -> None:
    def distance(one: str, other: str) -> float:
        return float(np.linalg.norm(rest[one] - rest[other]))

    assert 0.17 < distance("left_hip", "right_hip") < 0.22
    assert 0.30 < distance("left_shoulder", "right_shoulder") < 0.37
    assert 0.23 < distance("left_heel", "left_foot_index") + 0.02 < 0.29
    assert rest["nose"][2] > rest["left_eye"][2] > rest["left_ear"][2]
    assert rest["left_eye_outer"][0] > rest["left_eye"][0] > rest["left_eye_inner"][0] > 0
    assert rest["mouth_left"][1] < rest["nose"][1] < rest["left_eye"][1]
    assert rest["left_thumb"][2] > rest["left_index"][2] > rest["left_pinky"][2]
    assert rest["left_heel"][1] < rest["left_ankle"][1]


def test_dataset_regressors_find_their_points_on_a_posed_body(
    stored: dict[str, np.ndarray], free_body: BodyTemplate
) -> None:
    from reel2rig.core.motion.kinematics import forward_kinematics
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(6)
    rotations = Rotation.from_rotvec(rng.normal(0, 0.3, (5 * 24, 3))).as_matrix().reshape(5, 24, 3, 3)
    betas = rng.normal(0, 0.7, 10)
    vertices = free_body.posed_vertices(rotations, np.zeros((5, 3)), betas)
    joints, _ = forward_kinematics(rotations, np.zeros((5, 3)), free_body.joints(betas))
    h36m = np.einsum("kv,tvc->tkc", stored["J_regressor_h36m"], vertices)
    rows = {"L_Hip": 1, "L_Knee": 2, "L_Ankle": 3, "R_Hip": 4, "R_Knee": 5, "R_Ankle": 6}
    rows |= {"L_Shoulder": 11, "L_Elbow": 12, "L_Wrist": 13, "R_Shoulder": 14, "R_Elbow": 15, "R_Wrist": 16}
    for name, row in rows.items():
        away = np.linalg.norm(h36m[:, row] - joints[:, JOINT_INDEX[name]], axis=-1)
        assert away.mean() < 0.012, f"{name}: {away.mean() * 1e3:.1f} mm"
    extra = np.einsum("kv,tvc->tkc", stored["J_regressor_extra"], vertices)
    crown = vertices[:, free_body.vertex_ids["head_top"]]
    assert np.linalg.norm(extra[:, 3] - crown, axis=-1).mean() < 0.015
    hips = joints[:, [JOINT_INDEX["L_Hip"], JOINT_INDEX["R_Hip"]]].mean(1)
    assert np.linalg.norm(extra[:, 4] - hips, axis=-1).mean() < 0.012
