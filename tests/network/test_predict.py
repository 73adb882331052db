"""From landmarks to bodies: any frame rate, any length, anywhere in the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from reel2rig.core.errors import Cancelled
from reel2rig.core.features.evidence import BadEvidence, LandmarkEvidence, encoder_inputs
from reel2rig.core.network.checkpoint import load_default
from reel2rig.core.network.clip import run_clip
from reel2rig.core.network.predict import predict_bodies
from reel2rig.core.network.resampling import plan_retiming
from reel2rig.core.network.rotations import matrix_from_rotvec, quaternion_from_matrix, slerp
from reel2rig.core.network.stream import CHUNK

Track = Callable[[float, float], tuple[LandmarkEvidence, np.ndarray, torch.Tensor]]


def degrees_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 3, 3) twice -> angle (...) in degrees."""
    trace = np.einsum("...ij,...ij->...", a.astype(float), b.astype(float))
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def joints(body, prediction, rows) -> np.ndarray:
    """(F, 24, 3) of chosen frames, about the pelvis, one shape."""
    rotations = torch.from_numpy(prediction.rotations[rows])
    J, _ = body.forward_landmarks(rotations, torch.zeros(len(rotations), 10))
    return (J - J[:, :1]).numpy()


@pytest.mark.parametrize("fps", [24, 60, 120, 10])
def test_one_motion_at_another_frame_rate_gives_the_same_pose_by_time(
    body, clean_track: Track, fps: float
) -> None:
    model = load_default()
    (reference, reference_times, _), (other, other_times, _) = clean_track(30, 2.0), clean_track(fps, 2.0)
    rows, columns = np.nonzero(np.abs(reference_times[:, None] - other_times) < 1e-6)
    assert len(rows) >= 10
    a = joints(body, predict_bodies(model, reference, reference_times), rows)
    b = joints(body, predict_bodies(model, other, other_times), columns)
    difference = np.linalg.norm(a - b, axis=-1)
    # Ten frames a second leave out what happens in between; the others see the same motion.
    assert difference.mean() < (0.035 if fps == 10 else 0.012)


@pytest.mark.parametrize("frames", [1, 2, 5, 10, 16, 17])
def test_clips_of_any_length_get_one_body_per_frame(clean_track: Track, frames: int) -> None:
    evidence, times, _ = clean_track(30, 1.0)
    short = LandmarkEvidence(
        evidence.image[:frames],
        evidence.visibility[:frames],
        evidence.world[:frames],
        evidence.focal_px,
        evidence.width,
        evidence.height,
    )
    for output in ("sequence", "mid"):
        prediction = predict_bodies(load_default(), short, times[:frames], output=output)
        assert prediction.rotations.shape == (frames, 24, 3, 3)
        assert prediction.cam.shape == prediction.boxes.shape == prediction.translation.shape == (frames, 3)
        assert np.isfinite(prediction.rotations).all()
        assert (prediction.translation[:, 2] > 0).all()


def test_uneven_times_are_resampled_by_time(body, clean_track: Track) -> None:
    evidence, times, _ = clean_track(60, 2.0)
    kept = np.sort(np.random.default_rng(0).choice(len(times), 70, replace=False))
    uneven = LandmarkEvidence(
        evidence.image[kept],
        evidence.visibility[kept],
        evidence.world[kept],
        evidence.focal_px,
        evidence.width,
        evidence.height,
    )
    model = load_default()
    everything = joints(body, predict_bodies(model, evidence, times), kept)
    some = joints(body, predict_bodies(model, uneven, times[kept]), np.arange(70))
    assert np.linalg.norm(everything - some, axis=-1).mean() < 0.012


def test_rates_from_25_to_30_are_kept_and_others_become_30() -> None:
    for fps in (25, Fraction(30000, 1001), 30, 27.5):
        assert plan_retiming(np.arange(40) / float(fps)).identity, fps
    for fps in (24, 24000 / 1001, 10, 50, 60, 120):
        plan = plan_retiming(np.arange(80) / fps)
        assert not plan.identity
        assert np.allclose(np.diff(plan.network), 1 / 30)
        assert plan.network[-1] >= plan.source[-1] - 0.5 / 30


def test_translation_and_crop_camera_say_the_same(clean_track: Track) -> None:
    evidence, times, _ = clean_track(30, 1.0)
    p = predict_bodies(load_default(), evidence, times)
    s, (tx, ty) = p.cam[:, 0], p.cam[:, 1:].T
    cx, cy = p.boxes[:, 0] - evidence.width / 2, p.boxes[:, 1] - evidence.height / 2
    z = 2 * evidence.focal_px / (p.boxes[:, 2] * s)
    rebuilt = np.stack([tx + 2 * cx / (p.boxes[:, 2] * s), ty + 2 * cy / (p.boxes[:, 2] * s), z], -1)
    assert np.allclose(rebuilt, p.translation, atol=1e-3)


def test_the_pelvis_projects_into_the_persons_box(clean_track: Track) -> None:
    evidence, times, _ = clean_track(30, 1.0)
    p = predict_bodies(load_default(), evidence, times)
    pixel = evidence.focal_px * p.translation[:, :2] / p.translation[:, 2:]
    pixel += np.array([evidence.width, evidence.height]) / 2
    hips = evidence.image[:, 23:25].mean(1)
    assert (np.linalg.norm(pixel - hips, axis=1) < 0.12 * p.boxes[:, 2]).all()


def test_turning_the_camera_turns_the_root_and_nothing_else(clean_track: Track) -> None:
    """Rotating the view about the lens moves the person in the picture; the pose must not notice."""
    evidence, times, _ = clean_track(30, 1.0)
    f, centre = evidence.focal_px, np.array([evidence.width, evidence.height]) / 2
    rays = np.concatenate([(evidence.image - centre) / f, np.ones((*evidence.image.shape[:2], 1))], -1)
    _, camera = encoder_inputs(evidence)
    # Turn so that the first crop's centre comes to the middle of the picture.
    turn = camera.rotation[0].numpy()
    turned = rays @ turn.T
    moved = replace(evidence, image=turned[..., :2] / turned[..., 2:] * f + centre)
    a, b = (predict_bodies(load_default(), e, times) for e in (evidence, moved))
    assert degrees_between(a.rotations[:, 1:], b.rotations[:, 1:]).mean() < 1.5
    assert degrees_between(turn @ a.rotations[:, 0], b.rotations[:, 0]).mean() < 3


def test_long_clips_are_answered_in_chunks_without_seams(clean_track: Track, monkeypatch) -> None:
    evidence, _, _ = clean_track(30, 2.9)
    inputs, _ = encoder_inputs(evidence)
    model = load_default()
    whole = run_clip(model, inputs)
    monkeypatch.setitem(CHUNK, "cpu", 40)
    seen: list[tuple[str, int, int]] = []
    parts = run_clip(model, inputs, progress=lambda *args: seen.append(args))
    assert torch.allclose(whole.rotations, parts.rotations, atol=1e-5)
    assert seen[-1] == ("network", len(inputs), len(inputs))
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})

    def cancel(*_: object) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        run_clip(model, inputs, progress=cancel)


def test_times_must_fit_the_evidence(clean_track: Track) -> None:
    evidence, times, _ = clean_track(30, 0.5)
    for wrong in (times[:-1], times[::-1], np.zeros_like(times)):
        with pytest.raises(BadEvidence) as refused:
            predict_bodies(load_default(), evidence, wrong)
        assert refused.value.code == "features.bad_evidence"


def test_slerp_meets_its_ends_and_takes_the_short_way() -> None:
    v = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    a, b = quaternion_from_matrix(matrix_from_rotvec(v)), quaternion_from_matrix(matrix_from_rotvec(-0.5 * v))
    assert torch.allclose(slerp(a, b, torch.zeros(50, 1)), a, atol=1e-6)
    end = slerp(a, -b, torch.ones(50, 1))
    assert torch.allclose((end * b).sum(-1).abs(), torch.ones(50), atol=1e-5)
    half = slerp(a, b, torch.full((50, 1), 0.5))
    assert torch.allclose((half * a).sum(-1), (half * b).sum(-1).abs(), atol=1e-5)
