"""A network over databases in the layout of each set: what counts, what does not, and against which truth."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.body.spin_joints import SPIN_JOINT_NAMES, SpinJoints
from reel2rig.core.data.databases.database import open_database
from reel2rig.core.data.databases.errors import MissingKey, NotFinite
from reel2rig.core.data.databases.synthetic import write_synthetic_database
from reel2rig.core.evaluate.paper.protocols import PROTOCOLS, MissingCamera, protocol_for
from reel2rig.core.evaluate.paper.scores import NothingToScore, evaluate_database
from reel2rig.core.evaluate.paper.truth import MissingGender
from reel2rig.core.network.inputs import WrongFeatures
from reel2rig.core.network.rotations import matrix_from_rotvec
from small_networks import SMALL, WIDTH, small_network

EXACT = 0.01  # mm; what single precision and rotation vectors leave of a perfect prediction
MPII3D = [38, 37, 33, 32, 31, 34, 35, 36, 27, 26, 25, 28, 29, 30, 39, 41, 43]
R_WRIST = 31


def as_set(name, arrays, frames):
    """The keys as a database of that set has them."""
    if name == "3dpw":
        return {**arrays, "valid": np.ones(frames)}
    if name == "mpii3d":
        return {**without(arrays, "pose", "shape"), "valid_i": np.ones((frames, 1))}
    return arrays


def without(arrays, *keys):
    return {key: value for key, value in arrays.items() if key not in keys}


def on_h36m(arrays, body):
    """The same with joints where Human3.6M's regressor puts them, as its annotations would."""
    rotations = torch.from_numpy(arrays["pose"]).reshape(-1, 24, 3)
    joints = SpinJoints(body).common14_h36m(matrix_from_rotvec(rotations), torch.from_numpy(arrays["shape"]))
    spin = np.zeros((len(joints), 49, 3), np.float32)
    spin[:, 25:39] = joints.numpy()
    return {**arrays, "joints3D": spin}


@pytest.mark.parametrize("name", ["3dpw", "mpii3d", "h36m", "my own"])
def test_a_perfect_prediction_has_no_error_under_any_protocol(
    name, model, body, features, answered, database
):
    tracks = []
    for seed, frames in enumerate((40, 7, 1)):
        arrays = answered(features(frames, seed))
        arrays = on_h36m(arrays, body) if name == "h36m" else arrays
        tracks.append(as_set(name, arrays, frames))
    scores = evaluate_database(model, database(tracks), protocol_for(name), body)
    assert (scores.frames, scores.tracks) == (48, 3)
    assert max(scores.mpjpe, scores.pa_mpjpe, scores.accel) < EXACT
    if name in ("mpii3d", "h36m"):
        assert scores.mpvpe is None
        assert scores.truth == "annotated joints"
    else:
        assert scores.mpvpe is not None
        assert scores.mpvpe < EXACT
        assert scores.truth == "neutral body"
    assert scores.per_track[2].accel is None


def test_scores_agree_with_the_definitions_written_out(
    model, body, features, answered, database, plain_answers
):
    ours, true = answered(features(20, 1)), answered(features(20, 2))
    made = database([{**true, "features": ours["features"]}])
    scores = evaluate_database(model, made, PROTOCOLS["3dpw"], body)
    spin = SpinJoints(body)

    def bodies(arrays):
        state = plain_answers(arrays["features"], "static")
        mesh = body(state.rotations, state.betas).vertices
        return mesh.numpy(), spin.h36m17(mesh)[:, :14].numpy()

    (mesh, joints), (true_mesh, true_joints) = bodies(ours), bodies(true)
    joints, true_joints = (x - (x[:, [2]] + x[:, [3]]) / 2 for x in (joints, true_joints))
    assert scores.mpjpe == pytest.approx(1e3 * np.linalg.norm(joints - true_joints, axis=-1).mean(), rel=1e-4)
    assert scores.mpvpe == pytest.approx(1e3 * np.linalg.norm(mesh - true_mesh, axis=-1).mean(), rel=1e-4)
    bend = [x[:-2] - 2 * x[1:-1] + x[2:] for x in (joints, true_joints)]
    assert scores.accel == pytest.approx(1e3 * np.linalg.norm(bend[0] - bend[1], axis=-1).mean(), rel=1e-3)
    assert scores.accel_mps2 == pytest.approx(0.9 * scores.accel)
    assert scores.mpjpe > 10  # the two motions do differ


def test_the_first_eight_and_last_seven_frames_see_only_themselves_at_a_static_edge(
    model, body, features, answered, database
):
    made = {edge: database([answered(features(40), edge)]) for edge in ("static", "replicate")}
    for edge, other in (("static", "replicate"), ("replicate", "static")):
        same = evaluate_database(model, made[edge], protocol_for("x"), body, edge=edge)
        crossed = evaluate_database(model, made[edge], protocol_for("x"), body, edge=other)
        assert same.mpjpe < EXACT
        assert same.edge == edge
        assert crossed.mpjpe > 100 * EXACT


def test_a_network_that_answers_whole_windows_knows_no_static_edge(body, features, answered, database):
    network = small_network(replace(SMALL, output="sequence"))
    scores = evaluate_database(network, database([answered(features(30))]), protocol_for("x"), body)
    assert scores.edge == "blended windows"


def test_3dpw_removes_frames_without_camera_or_with_six_keypoints_before_making_windows(
    model, body, features, answered, database
):
    F = 50
    gone = np.zeros(F, bool)
    gone[[3, 20, 21, 44]] = True
    shown = features(F)
    arrays = answered(shown[~gone])  # windows jump over what is gone
    full = {key: np.zeros((F, *value.shape[1:]), np.float32) for key, value in arrays.items()}
    for key, value in arrays.items():
        full[key][~gone] = value
    full["features"] = shown
    full["valid"] = np.ones(F)
    full["valid"][[3, 44]] = 0
    full["joints2D"][[20, 21], :6, 2] = 1  # six are visible, and eight are below the threshold
    full["joints2D"][[20, 21], 6:, 2] = 0.3
    full["joints2D"][30, 7:, 2] = 0  # seven are enough
    scores = evaluate_database(model, database([full]), PROTOCOLS["3dpw"], body)
    assert scores.frames == F - 4
    assert max(scores.mpjpe, scores.mpvpe, scores.accel) < EXACT
    everything = evaluate_database(model, database([full]), protocol_for("x"), body)
    assert everything.frames == F
    assert everything.mpjpe > 1


def test_3dpw_falls_back_on_its_fourteen_joints_and_then_has_no_mesh_error(
    model, body, features, answered, database
):
    arrays = on_h36m(answered(features(20)), body)
    arrays["joints3D"] = arrays["joints3D"][:, 25:39]
    made = database([without(arrays, "pose", "shape")])
    scores = evaluate_database(model, made, PROTOCOLS["3dpw"], body)
    assert scores.mpjpe < EXACT
    assert scores.mpvpe is None
    assert scores.truth == "annotated joints"


def test_mpi_inf_3dhp_scores_valid_frames_only_but_shows_the_network_all(
    model, body, features, answered, database
):
    F = 30
    arrays = as_set("mpii3d", answered(features(F)), F)
    arrays["valid_i"][[0, 11, 12, 29]] = 0
    arrays["joints3D"][[0, 29]] += np.random.default_rng(0).normal(0, 1, (2, 49, 3)).astype(np.float32)
    arrays["joints3D"][11:13] *= 1.5
    scores = evaluate_database(model, database([arrays]), PROTOCOLS["mpii3d"], body)
    assert scores.frames == F - 4
    assert scores.mpjpe < EXACT
    # Frames 1, 10, 13 and 28 count, and their second differences reach into the others.
    assert scores.accel > EXACT
    arrays["valid_i"][[1, 10, 13, 28]] = 0
    assert evaluate_database(model, database([arrays]), PROTOCOLS["mpii3d"], body).accel < EXACT


def test_mpi_inf_3dhp_compares_its_seventeen_joints_about_the_pelvis(
    model, body, features, answered, database
):
    protocol = PROTOCOLS["mpii3d"]
    assert list(protocol.joints) == MPII3D
    assert protocol.root == (14,)
    assert SPIN_JOINT_NAMES[protocol.joints[14]] == "pelvis_mpii"
    arrays = as_set("mpii3d", answered(features(20)), 20)
    moved = {**arrays, "joints3D": arrays["joints3D"] + 0}
    moved["joints3D"][:, 44:] += 1  # joints outside the seventeen
    moved["joints3D"][:, 39, 0] += 0.017  # the root itself: every other joint is 17 mm off
    scores = evaluate_database(model, database([moved]), protocol, body)
    assert scores.mpjpe == pytest.approx(16, abs=EXACT)


def test_human36m_reads_the_mesh_with_its_own_regressor(model, body, features, answered, database):
    arrays = answered(features(20))
    of_skeleton = evaluate_database(model, database([arrays]), PROTOCOLS["h36m"], body)
    of_regressor = evaluate_database(model, database([on_h36m(arrays, body)]), PROTOCOLS["h36m"], body)
    assert of_regressor.mpjpe < EXACT < of_skeleton.mpjpe


def test_the_frontal_camera_is_found_by_name_and_missed_when_there_is_none(
    model, body, features, answered, database
):
    right = on_h36m(answered(features(20, 0)), body)
    wrong = {**right, "features": features(20, 1)}
    names = [f"s_09_act_02_subact_01_ca_0{camera}" for camera in (1, 2, 3, 4)]
    made = database([wrong, wrong, wrong, right], names)
    frontal = evaluate_database(model, made, PROTOCOLS["h36m_frontal"], body)
    assert [track.name for track in frontal.per_track] == names[3:]
    assert frontal.mpjpe < EXACT
    assert evaluate_database(model, made, PROTOCOLS["h36m"], body).tracks == 4
    with pytest.raises(MissingCamera, match="ca_04"):
        evaluate_database(model, database([right], names[:1]), PROTOCOLS["h36m_frontal"], body)


def test_accel_is_taken_per_track_and_sees_no_seam(model, body, features, answered, database):
    """A joint that is off by a constant has no acceleration error, unless tracks are glued together."""
    tracks = [without(answered(features(20, seed)), "pose", "shape") for seed in (0, 1)]
    for offset, arrays in zip((0.3, -0.3), tracks, strict=True):
        arrays["joints3D"][:, R_WRIST, 0] += offset
    apart = evaluate_database(model, database(tracks), protocol_for("x"), body)
    assert apart.mpjpe == pytest.approx(300 / 14, abs=EXACT)
    assert apart.accel < EXACT
    glued = {key: np.concatenate([arrays[key] for arrays in tracks]) for key in tracks[0]}
    assert evaluate_database(model, database([glued]), protocol_for("x"), body).accel > 1


def test_every_frame_has_the_same_weight_whatever_its_tracks_length(
    model, body, features, answered, database
):
    tracks = [without(answered(features(frames, 0)), "pose", "shape") for frames in (30, 10)]
    for offset, arrays in zip((0.014, 0.056), tracks, strict=True):
        arrays["joints3D"][:, R_WRIST, 1] += offset
    scores = evaluate_database(model, database(tracks), protocol_for("x"), body)
    assert [round(track.mpjpe, 2) for track in scores.per_track] == [1, 4]
    assert scores.mpjpe == pytest.approx((30 * 1 + 10 * 4) / 40, abs=EXACT)


def test_vibes_set_of_frames_drops_what_fills_no_chunk_of_sixteen(model, body, features, answered, database):
    tracks = [answered(features(frames)) for frames in (35, 16, 15)]
    scores = evaluate_database(model, database(tracks), protocol_for("x"), body, match_vibe=True)
    assert [track.frames for track in scores.per_track] == [32, 16]
    assert scores.mpjpe < EXACT


def grown(body, factor):
    """Another person: the same body, larger."""
    template = body.template
    return BodyLayer(
        replace(
            template,
            v_template=template.v_template * np.float32(factor),
            J_template=template.J_template * np.float32(factor),
        )
    )


def test_a_gendered_truth_is_built_with_each_persons_own_body(model, body, features, answered, database):
    gendered = {"male": grown(body, 1.1), "female": body}
    arrays = answered(features(20))
    made = database([arrays, arrays], genders=["male", "female"])
    neutral = evaluate_database(model, made, PROTOCOLS["3dpw"], body)
    scores = evaluate_database(model, made, PROTOCOLS["3dpw"], body, gt_body="gendered", gendered=gendered)
    assert neutral.mpjpe < EXACT
    assert scores.truth == "gendered body"
    assert scores.per_track[0].mpjpe > 10
    assert scores.per_track[0].mpvpe > 10
    assert scores.per_track[1].mpjpe < EXACT


def test_a_gendered_truth_needs_both_bodies_and_everybodys_gender(model, body, features, answered, database):
    made = database([answered(features(20))])
    with pytest.raises(MissingGender, match="male and a female"):
        evaluate_database(model, made, PROTOCOLS["3dpw"], body, gt_body="gendered")
    both = {"male": body, "female": body}
    with pytest.raises(MissingGender, match="track 0"):
        evaluate_database(model, made, PROTOCOLS["3dpw"], body, gt_body="gendered", gendered=both)


def test_the_slerp_filter_is_applied_to_the_prediction_alone(model, body, features, answered, database):
    made = database([answered(features(30))])
    plain = evaluate_database(model, made, protocol_for("x"), body)
    filtered = evaluate_database(model, made, protocol_for("x"), body, filter="slerp0.3")
    assert (plain.filter, filtered.filter) == ("none", "slerp0.3")
    assert plain.mpjpe < EXACT < filtered.mpjpe


def test_a_synthetic_database_is_measured_on_the_fourteen_common_joints(model, body, tmp_path):
    folder = write_synthetic_database(tmp_path / "made", tracks=2, frames=20, C=WIDTH)
    seen = []
    scores = evaluate_database(
        model, open_database(folder), protocol_for("made"), body, progress=lambda *step: seen.append(step)
    )
    assert scores.set == "common14"
    assert scores.frames == 40
    assert scores.mpjpe > scores.pa_mpjpe > 1
    assert seen == [("evaluate", 20, 40), ("evaluate", 40, 40)]


def test_the_two_forms_of_the_truth_agree_where_a_database_has_both(model, body, tmp_path):
    folder = write_synthetic_database(tmp_path / "made", tracks=1, frames=20, C=WIDTH)
    made = open_database(folder)
    of_mesh = evaluate_database(model, made, protocol_for("made"), body)
    of_joints = evaluate_database(model, made, replace(protocol_for("made"), truth="joints3D"), body)
    assert of_mesh.mpjpe == pytest.approx(of_joints.mpjpe, abs=0.02)


def test_features_of_another_width_are_refused_with_the_file_and_both_widths(model, body, tmp_path):
    folder = write_synthetic_database(tmp_path / "made", tracks=1, frames=20, C=WIDTH + 8)
    with pytest.raises(WrongFeatures) as refused:
        evaluate_database(model, open_database(folder), protocol_for("made"), body)
    assert all(part in str(refused.value) for part in ("made", str(WIDTH), str(WIDTH + 8)))


def test_features_that_are_not_finite_are_refused_with_file_key_and_frame(
    model, body, features, answered, database
):
    made = database([answered(features(20))])
    array = np.load(made.path / "features.npy", mmap_mode="r+")
    array[13, 5] = np.nan
    array.flush()
    with pytest.raises(NotFinite, match=r"made0.*features.*frame 13"):
        evaluate_database(model, open_database(made.path), protocol_for("x"), body)


@pytest.mark.parametrize("key", ["features", "joints3D"])
def test_a_missing_key_is_named(key, model, body, features, answered, database):
    made = database([as_set("mpii3d", answered(features(20)), 20)], drop=[key])
    with pytest.raises(MissingKey, match=key):
        evaluate_database(model, made, PROTOCOLS["mpii3d"], body)


def test_a_database_in_which_nothing_counts_is_an_error(model, body, features, answered, database):
    made = database([{**answered(features(20)), "valid": np.zeros(20)}])
    with pytest.raises(NothingToScore, match="20 frames"):
        evaluate_database(model, made, PROTOCOLS["3dpw"], body)


def test_what_is_not_a_number_is_null_in_json(model, body, features, answered, database):
    scores = evaluate_database(model, database([answered(features(2))], fps=None), protocol_for("x"), body)
    assert math.isnan(scores.accel)
    values = scores.to_json()
    assert values["accel"] is None
    assert values["accel_mps2"] is None
    assert values["frames"] == 2


def test_the_frame_rate_of_the_published_files_is_that_of_their_set(
    model, body, features, answered, database
):
    made = database([on_h36m(answered(features(20)), body)], fps=None)
    assert evaluate_database(model, made, PROTOCOLS["h36m"], body).fps == 25
