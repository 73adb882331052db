"""Refinement meets the landmarks and comes nearer to the truth, without inventing what was not seen."""

import numpy as np
import pytest
import torch
from reel2rig.core.errors import Cancelled
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.world import refine as refine_module
from reel2rig.core.world.body_points import BodyPoints
from reel2rig.core.world.refine import RefineSettings, refine, rotation_matrices
from reel2rig.core.world.translation import LANDMARK_TRUST, place_frames
from scipy.spatial.transform import Rotation

WIDTH, HEIGHT = 1920, 1080
QUICK = RefineSettings(steps=60)


@pytest.fixture(scope="module")
def template():
    return load_body()


@pytest.fixture(scope="module")
def points(template):
    return BodyPoints.of(template)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def filmed(points, filmed_walk):
    return filmed_walk(points)


def trembling(prediction, spread=0.12, seed=0):
    """The prediction with every joint off by an angle of its own that wanders slowly."""
    count = len(prediction)
    rng = np.random.default_rng(seed)
    knots = rng.normal(0, spread, (3, 24, 3))
    at = np.linspace(0, 2, count)
    low = np.minimum(at.astype(int), 1)
    off = knots[low] + (at - low)[:, None, None] * (knots[low + 1] - knots[low])
    return prediction.replace(
        rotations=prediction.rotations @ quaternion_to_matrix(quaternion_from_rotvec(off))
    )


def misses(points, prediction, focal):
    """Mean miss of the used landmarks in pixels, at the best place for the pelvis."""
    landmarks = points.posed(prediction.rotations, prediction.betas[0]).landmarks
    root = place_frames(landmarks, prediction.image, prediction.visibility, focal, WIDTH, HEIGHT).root
    seen = landmarks + root[:, None]
    pixels = focal * seen[..., :2] / seen[..., 2:] + np.array([WIDTH, HEIGHT]) / 2
    return np.linalg.norm(pixels - prediction.image, axis=-1)[:, LANDMARK_TRUST > 0].mean()


def joint_error(points, first, second):
    a, b = (points.posed(p.rotations, p.betas[0]).joints for p in (first, second))
    return np.linalg.norm(a - b, axis=-1).mean()


def refined(template, scene, prediction, **options):
    options.setdefault("settings", QUICK)
    return refine(prediction, template, scene.camera.focal_px, WIDTH, HEIGHT, **options)


def test_a_pose_that_misses_the_picture_is_brought_onto_it_and_nearer_to_the_truth(template, points, filmed):
    start = trembling(filmed.prediction)
    found = refined(template, filmed, start)
    focal = filmed.camera.focal_px
    assert misses(points, found, focal) < 0.35 * misses(points, start, focal)
    assert joint_error(points, found, filmed.prediction) < 0.8 * joint_error(points, start, filmed.prediction)


def test_a_pose_that_is_right_stays(template, points, filmed):
    found = refined(template, filmed, filmed.prediction)
    assert joint_error(points, found, filmed.prediction) < 0.01


def test_no_steps_change_nothing(template, filmed):
    found = refined(template, filmed, filmed.prediction, settings=RefineSettings(steps=0))
    assert np.abs(found.rotations - filmed.prediction.rotations).max() < 1e-5


def test_results_are_rotations_of_one_shape(template, filmed):
    found = refined(template, filmed, trembling(filmed.prediction))
    product = found.rotations @ np.swapaxes(found.rotations, -1, -2)
    assert np.abs(product - np.eye(3)).max() < 1e-4
    assert np.ptp(found.betas, axis=0).max() == 0


def test_a_wrong_landmark_does_not_drag_the_body_along(template, points, filmed):
    image = filmed.prediction.image.copy()
    image[:, 15] += 500  # the left wrist, far off in every frame
    found = refined(template, filmed, filmed.prediction.replace(image=image))
    others = [j for j in range(24) if j not in (18, 20, 22)]
    a, b = (points.posed(p.rotations, p.betas[0]).joints for p in (found, filmed.prediction))
    assert np.linalg.norm(a - b, axis=-1)[:, others].mean() < 0.03


def test_frames_that_were_not_seen_follow_their_neighbours(template, points, filmed):
    given = filmed.prediction
    valid = np.ones(len(given), dtype=bool)
    valid[10:14] = False
    image, rotations = given.image.copy(), given.rotations.copy()
    image[10:14] = np.nan
    rotations[10:14] = np.eye(3)
    found = refined(template, filmed, given.replace(image=image, rotations=rotations, valid=valid))
    assert np.isfinite(found.rotations).all()
    assert np.array_equal(found.valid, valid)
    assert joint_error(points, found, given) < 0.03


def test_a_person_nobody_saw_is_returned_as_predicted(template, filmed):
    unseen = filmed.prediction.replace(visibility=np.zeros((len(filmed.prediction), 33)))
    found = refined(template, filmed, unseen)
    assert np.isfinite(found.rotations).all()
    assert np.abs(found.rotations - unseen.rotations).max() < 0.2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_clips_can_be_refined(template, filmed, count):
    given = filmed.prediction
    names = ("rotations", "betas", "image", "visibility", "frames", "valid")
    short = given.replace(**{name: getattr(given, name)[:count] for name in names})
    assert refined(template, filmed, short).rotations.shape == (count, 24, 3, 3)


def test_a_long_clip_solved_in_chunks_has_no_seams(template, points, filmed, monkeypatch):
    start = trembling(filmed.prediction, spread=0.06)
    whole = refined(template, filmed, start)
    monkeypatch.setattr(refine_module, "CHUNK", 20)
    monkeypatch.setattr(refine_module, "OVERLAP", 8)
    parts = refined(template, filmed, start)
    assert joint_error(points, whole, parts) < 0.01
    joints = points.posed(parts.rotations, parts.betas[0]).joints
    truth = points.posed(filmed.prediction.rotations, filmed.prediction.betas[0]).joints
    assert np.abs(np.diff(joints - truth, axis=0)).max() < 0.03


def test_progress_counts_up_to_its_end_and_cancel_is_heard(template, filmed):
    heard = []
    refined(template, filmed, filmed.prediction, progress=lambda *words: heard.append(words))
    assert [done for _, done, _ in heard] == list(range(1, QUICK.steps + 1))
    assert set(heard[0][::2]) == {"refine", QUICK.steps}

    def stop(stage, done, total):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        refined(template, filmed, filmed.prediction, progress=stop)


@pytest.mark.parametrize("size", [0.0, 1e-7, 0.3, 3.0])
def test_rotation_matrices_are_rodrigues_and_differentiable_at_zero(size):
    vectors = np.random.default_rng(0).normal(size=(7, 3))
    vectors *= size / np.linalg.norm(vectors, axis=-1, keepdims=True)
    tensor = torch.tensor(vectors, requires_grad=True)
    matrices = rotation_matrices(tensor)
    assert np.abs(matrices.detach().numpy() - Rotation.from_rotvec(vectors).as_matrix()).max() < 1e-6
    matrices.square().sum().backward()
    matrices = rotation_matrices(tensor)
    matrices[:, 0, 1].sum().backward()
    assert torch.isfinite(tensor.grad).all()
