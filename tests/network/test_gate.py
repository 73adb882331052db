"""The gate repairs what a detector breaks and leaves alone what it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reel2rig.core.features.evidence import BadEvidence, LandmarkEvidence
from reel2rig.core.features.gate import ORDERS, fill_gaps, gate_evidence


def walk(frames: int = 60, fps: float = 30.0) -> tuple[LandmarkEvidence, np.ndarray]:
    """A stick figure 1.7 m tall that swings its limbs and turns about, seen 400 px tall."""
    rng = np.random.default_rng(2)
    times = np.arange(frames) / fps
    rest = rng.uniform(-0.15, 0.15, (33, 3))
    rest[:, 1] = np.linspace(-0.8, 0.9, 33)
    rest[1::2, 0] += 0.25  # odd landmarks are on the left
    rest[2::2, 0] -= 0.25
    phase = rng.uniform(0, 6, (33, 3))
    swing = 0.08 * np.sin(2 * np.pi * times[:, None, None] + phase)
    angle = 0.8 * times
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    p = rest + swing
    world = np.stack([c * p[..., 0] + s * p[..., 2], p[..., 1], -s * p[..., 0] + c * p[..., 2]], -1)
    image = world[..., :2] * 235 + [320, 240]
    return LandmarkEvidence(image, np.full((frames, 33), 0.9), world, 600.0, 640, 480), times


def test_a_good_track_is_not_touched() -> None:
    for fps in (24, 30, 120):
        evidence, times = walk(fps=fps)
        gated = gate_evidence(evidence, times)
        assert gated.evidence is evidence
        assert not gated.repaired.any()
        assert not gated.replaced.any()


@pytest.mark.parametrize("reading", [1, 2, 3])
@pytest.mark.parametrize("run", [1, 8])
def test_exchanged_sides_are_exchanged_back(reading: int, run: int) -> None:
    evidence, times = walk()
    image, world = evidence.image.copy(), evidence.world.copy()
    broken = slice(20, 20 + run)
    image[broken], world[broken] = image[broken][:, ORDERS[reading]], world[broken][:, ORDERS[reading]]
    gated = gate_evidence(replace(evidence, image=image, world=world), times)
    assert np.allclose(gated.evidence.image, evidence.image, atol=1e-3)
    assert np.allclose(gated.evidence.world, evidence.world, atol=1e-5)
    assert gated.repaired[broken].all()
    assert gated.repaired.sum() == run


def test_a_depth_inversion_of_the_whole_body_is_turned_back() -> None:
    evidence, times = walk()
    world = evidence.world.copy()
    world[30:36, :, 2] *= -1
    gated = gate_evidence(replace(evidence, world=world), times)
    assert np.allclose(gated.evidence.world, evidence.world, atol=1e-5)


def test_a_limb_that_jumps_for_one_frame_is_put_back_and_counts_less() -> None:
    evidence, times = walk()
    image, world = evidence.image.copy(), evidence.world.copy()
    arm = [13, 15, 17, 19, 21]
    image[25, arm] += [0, 250]
    world[25, arm] += [0, 1.0, 0]
    gated = gate_evidence(replace(evidence, image=image, world=world), times)
    assert gated.replaced[25, 15]
    assert not gated.replaced[:, 16].any()
    assert np.abs(gated.evidence.world[25] - evidence.world[25]).max() < 0.02
    assert gated.evidence.visibility[25, 15] < evidence.visibility[25, 15]


def test_a_jump_that_stays_is_believed() -> None:
    evidence, times = walk()
    world = evidence.world.copy()
    world[30:, [13, 15, 17, 19, 21]] += [0, -0.8, 0]
    assert not gate_evidence(replace(evidence, world=world), times).replaced.any()


def test_gaps_are_bridged_in_a_straight_line_with_less_visibility() -> None:
    evidence, times = walk(12)
    frames = np.array([0, 1, 2, 6, 7, 8, 9, 10, 11])
    arrays = (evidence.image[frames], evidence.visibility[frames], evidence.world[frames])
    filled = fill_gaps(frames, *arrays, times, 600.0, 640, 480)
    assert np.allclose(filled.image[frames], evidence.image[frames], atol=1e-3)
    assert np.allclose(filled.image[4], (evidence.image[2] + evidence.image[6]) / 2, atol=1e-3)
    assert filled.visibility[4, 0] == pytest.approx(0.45)
    assert len(filled) == 12


def test_evidence_with_holes_or_wrong_shapes_is_refused() -> None:
    evidence, _ = walk(4)
    holes = evidence.image.copy()
    holes[2, 5] = np.nan
    with pytest.raises(BadEvidence, match="missing frames"):
        replace(evidence, image=holes)
    with pytest.raises(BadEvidence, match="image"):
        replace(evidence, image=evidence.image[:, :20])
    with pytest.raises(BadEvidence, match="focal"):
        replace(evidence, focal_px=0.0)
