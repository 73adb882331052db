"""The simulated pairs: exact where they must be, noisy as a detector is, varied as footage is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.data.cameras import draw_rotation, draw_shot
from reel2rig.core.data.draw import Draw
from reel2rig.core.data.landmark_noise import corrupt
from reel2rig.core.data.motion import BadMotionFile, load_motion
from reel2rig.core.data.procedural import LEFT_OF, LIMITS, procedural_motion
from reel2rig.core.data.synthetic import training_pairs
from reel2rig.core.data.windows import MotionSampler, mirror
from reel2rig.core.features.crop_camera import crop_camera, smooth_in_time
from reel2rig.core.motion.body import free_body_path
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def body() -> BodyLayer:
    return BodyLayer(free_body_path())


@pytest.fixture(scope="module")
def sampler() -> MotionSampler:
    return MotionSampler([procedural_motion(300, 1)], [procedural_motion(300, 2)])


def test_the_same_seed_gives_the_same_batch_and_another_seed_another(
    body: BodyLayer, sampler: MotionSampler
) -> None:
    first, again, other = (training_pairs(sampler, body, seed, 4, 16) for seed in (5, 5, 6))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.rotations, again.rotations)
    assert not torch.equal(first.inputs, other.inputs)


def test_pairs_are_finite_and_consistent(body: BodyLayer, sampler: MotionSampler) -> None:
    pairs = training_pairs(sampler, body, 1, 24, 16)
    for name, array in pairs.to_numpy().items():
        assert np.isfinite(array).all(), name
    joints, landmarks = body.forward_landmarks(
        pairs.rotations.reshape(-1, 24, 3, 3), pairs.betas.repeat_interleave(16, 0)
    )
    points = (torch.cat([joints, landmarks], 1) - joints[:, :1]).reshape(24, 16, 57, 3)
    # The rotations are the ones that make the points: the turn into the virtual camera included.
    assert torch.allclose(points, pairs.points, atol=1e-4)
    assert (pairs.inputs[..., 66:99] >= 0).all()
    assert (pairs.inputs[..., 66:99] <= 1).all()


def test_the_noise_looks_like_a_detectors() -> None:
    """Depth errs several times more than the picture plane, and errors last: they are not white."""
    draw = Draw(0)
    clean = torch.zeros(256, 16, 33, 3)
    clean[..., 1] = torch.linspace(-0.8, 0.8, 33)
    world, image, visibility = corrupt(
        draw, clean, clean[..., :2] / 1.1, torch.ones(256, 16, 33).bool(), torch.zeros(256)
    )
    error = (world - (clean - (clean[:, :, 23:24] + clean[:, :, 24:25]) / 2))[:, :, 11:29]
    rms = error.square().mean((0, 1, 2)).sqrt()
    assert rms[2] > 1.5 * rms[0]
    assert 0.03 < error.norm(dim=-1).mean() < 0.2
    step = (error[:, 1:] - error[:, :-1]).square().mean()
    assert step < 0.2 * error.square().mean()
    assert 0 <= visibility.min() < 0.5 < visibility.mean() < 1
    assert image.isfinite().all()


def test_landmarks_outside_the_picture_are_reported_as_hardly_visible() -> None:
    clean = torch.rand(64, 16, 33, 3)
    inside = torch.ones(64, 16, 33).bool()
    inside[..., 25:] = False
    _, _, visibility = corrupt(Draw(1), clean, clean[..., :2], inside, torch.zeros(64))
    assert visibility[..., 25:].mean() < 0.4 * visibility[..., :23].mean()


def test_cameras_are_tilted_and_people_are_off_centre() -> None:
    draw = Draw(2)
    R = draw_rotation(draw, 4000)
    up = R[:, :, 1]
    roll = torch.rad2deg(torch.atan2(up[:, 0], -up[:, 1]))
    assert 8 < roll.std() < 13
    shot = draw_shot(draw, torch.zeros(4000, 16, 3))
    x = shot.focal * shot.path[:, 8, 0] / shot.path[:, 8, 2] / shot.size[:, 0]
    assert x.std() > 0.12
    assert shot.focal.min() < 0.65
    assert shot.focal.max() > 2.3
    assert shot.path[..., 2].min() > 1.19


def test_a_virtual_camera_removes_the_place_in_the_picture() -> None:
    """The same view of a person, moved to the corner by turning the camera, gives the same crop
    coordinates.
    """
    focal = 900.0
    person = torch.randn(1, 33, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.3, 0.6, 0.2])
    person[..., 2] += 4
    person -= person.mean(1, keepdim=True) * torch.tensor([1.0, 1.0, 0.0])
    turn = torch.from_numpy(Rotation.from_rotvec([0.15, -0.4, 0.0]).as_matrix()).float()
    views = []
    for seen in (person, person @ turn.T):
        pixels = focal * seen[..., :2] / seen[..., 2:]
        camera = crop_camera(pixels, focal)
        views.append((camera.see(pixels, focal), camera))
    # The crop's square is not the same figure in the corner: compare directions, which must differ by one
    # turn only.
    a, b = (v * c.spread[:, None, None] for v, c in views)
    assert (a - b).abs().max() < 0.03
    back = views[1][1].rotation[0] @ turn @ views[0][1].rotation[0].T
    angle = torch.rad2deg(torch.arccos((back.trace() - 1) / 2))
    assert angle < 3.5


def test_smoothing_keeps_constants_and_short_and_long_series_agree() -> None:
    x = torch.randn(200, 3)
    long = smooth_in_time(x, 2.0)
    short = smooth_in_time(x[60:120], 2.0)
    assert torch.allclose(long[70:110], short[10:50], atol=1e-5)
    assert torch.allclose(smooth_in_time(torch.ones(30, 2), 2.0), torch.ones(30, 2), atol=1e-6)


def test_mirroring_twice_is_nothing_and_once_exchanges_sides() -> None:
    motion = procedural_motion(20, 3)
    R, trans = torch.from_numpy(motion.rotations), torch.from_numpy(motion.trans)
    once, moved = mirror(R, trans)
    twice, back = mirror(once, moved)
    assert torch.allclose(twice, R, atol=1e-6)
    assert torch.allclose(back, trans)
    assert not torch.allclose(once, R, atol=0.1)


def test_procedural_motion_respects_joint_limits_and_its_seed() -> None:
    motion = procedural_motion(200, 7)
    assert np.array_equal(motion.rotations, procedural_motion(200, 7).rotations)
    for joint, limits in LIMITS.items():
        angles = Rotation.from_matrix(motion.rotations[:, joint]).as_euler("YZX", degrees=True)[:, [2, 0, 1]]
        if abs(limits[2][0]) < 80:  # near the pole of the Euler angles there is nothing to compare
            assert (angles >= np.array(limits)[:, 0] - 5.5).all(), joint
            assert (angles <= np.array(limits)[:, 1] + 5.5).all(), joint
    assert set(LEFT_OF.values()) <= set(LIMITS)


def test_a_window_plays_motion_at_speeds_within_bounds() -> None:
    sampler = MotionSampler([procedural_motion(400, 5)])
    times = sampler.times(Draw(3), 500, 16)
    assert times.min() >= 0
    assert times.max() <= 399
    steps = (times[:, 1:] - times[:, :-1]).abs()
    assert steps.max() <= 1.2501
    assert (times[:, -1] > times[:, 0]).float().mean() == pytest.approx(0.5, abs=0.1)


def test_a_bad_motion_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadMotionFile, match="does not exist"):
        load_motion(tmp_path / "none.npz")
    np.savez(tmp_path / "part.npz", poses=np.zeros((4, 72)))
    with pytest.raises(BadMotionFile) as refused:
        load_motion(tmp_path / "part.npz")
    assert refused.value.code == "train.bad_motion"
    (tmp_path / "junk.npz").write_bytes(b"junk")
    with pytest.raises(BadMotionFile):
        load_motion(tmp_path / "junk.npz")
