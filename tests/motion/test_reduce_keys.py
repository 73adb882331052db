"""Key reduction on made-up motion: bounds, frames that stay, and how few keys are left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.keys.euler import unwrapped_euler
from reel2rig.core.motion.keys.reduce import reduce_keys
from reel2rig.core.motion.keys.rig_curves import RigCurves
from reel2rig.core.motion.keys.spline import evaluate, spans_between
from reel2rig.core.motion.kinematics import forward_kinematics
from reel2rig.core.motion.rotations import quaternion_from_rotvec, rotation_angle, sign_continuous
from reel2rig.core.motion.skeletons import JOINT_INDEX, SMPL_PARENTS

ENDS = tuple(JOINT_INDEX[joint] for joint in ("L_Wrist", "R_Wrist", "L_Foot", "R_Foot"))


def moving(count: int, mode: str = "QUATERNION", seed: int = 0, noise: float = 0.0, step: float = 1.0):
    """A person of sticks whose joints all swing, for `count` frames."""
    rng = np.random.default_rng(seed)
    rest = np.cumsum(rng.uniform(-0.2, 0.2, (24, 3)), axis=0)
    times = np.arange(count)[:, None, None] / 30.0
    swing = rng.uniform(0.1, 0.7, (24, 3)) * np.sin(rng.uniform(1, 9, (24, 3)) * times)
    rotations = sign_continuous(quaternion_from_rotvec(swing + rng.normal(0, noise, swing.shape)))
    locations = np.zeros((count, 24, 3))
    locations[:, 0] = 0.5 * np.sin(times[:, 0] * [1.0, 2.0, 7.0])
    parents = np.array(SMPL_PARENTS)
    curves = RigCurves(
        times=1.0 + step * np.arange(count),
        rotations=rotations if mode == "QUATERNION" else unwrapped_euler(rotations, mode),
        locations=locations,
        mode=mode,
        metre=1.0,
        parents=SMPL_PARENTS,
        rest_turns=np.repeat(np.eye(3)[None], 24, axis=0),
        rest_offsets=np.where(parents[:, None] < 0, 0.0, rest - rest[parents]),
        ends=ENDS,
    )
    return curves, rest


def errors(curves: RigCurves, reduced) -> tuple[np.ndarray, np.ndarray]:
    """Degrees (T, B) and millimetres at the ends (T, 4) between the keys."""
    spans = spans_between(reduced.kept, curves.times)
    turns, locations = curves.split(evaluate(curves.values, reduced.slopes, spans))
    true_turns, true_locations = curves.split(curves.values)
    heads, _ = curves.pose(turns, locations)
    true_heads, _ = curves.pose(true_turns, true_locations)
    off = np.linalg.norm(heads - true_heads, axis=-1)[:, list(curves.ends)]
    return np.degrees(rotation_angle(turns, true_turns)), 1000.0 * off


def nothing_to_keep(count: int) -> np.ndarray:
    return np.zeros(count, bool)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZXY"])
@pytest.mark.parametrize(("degrees", "millimetres"), [(1.0, 10.0), (3.0, 4.0), (0.2, 50.0)])
def test_both_bounds_hold_at_every_frame(mode, degrees, millimetres):
    curves, _ = moving(120, mode, noise=0.01)
    reduced = reduce_keys(curves, degrees=degrees, millimetres=millimetres, keep=nothing_to_keep(120))
    angles, distances = errors(curves, reduced)
    assert angles.max() <= degrees
    assert distances.max() <= millimetres
    assert reduced.kept.mean() < 0.9


@given(count=st.integers(1, 40), seed=st.integers(0, 1000), noise=st.sampled_from([0.0, 0.02, 0.3]))
@settings(max_examples=25, deadline=None)
def test_any_motion_keeps_its_bounds_however_short_or_rough(count, seed, noise):
    curves, _ = moving(count, seed=seed, noise=noise, step=0.8)
    reduced = reduce_keys(curves, degrees=1.0, millimetres=10.0, keep=nothing_to_keep(count))
    angles, distances = errors(curves, reduced)
    assert angles.max() <= 1.0
    assert distances.max() <= 10.0
    assert reduced.kept[[0, -1]].all()


def test_a_smooth_motion_needs_few_keys():
    curves, _ = moving(300)
    assert reduce_keys(curves, degrees=1.0, millimetres=10.0, keep=nothing_to_keep(300)).kept.mean() < 0.16


def test_the_bound_at_the_ends_is_what_it_is_for():
    curves, _ = moving(200, noise=0.005)
    loose = reduce_keys(curves, degrees=2.0, millimetres=500.0, keep=nothing_to_keep(200))
    tight = reduce_keys(curves, degrees=2.0, millimetres=5.0, keep=nothing_to_keep(200))
    assert errors(curves, loose)[1].max() > 5.0
    assert tight.kept.sum() > loose.kept.sum()
    # The head's own turn moves no wrist and no toe.
    assert tight.kept[:, JOINT_INDEX["Head"]].sum() == loose.kept[:, JOINT_INDEX["Head"]].sum()


def test_frames_to_keep_are_keys_of_every_bone():
    curves, _ = moving(100)
    keep = nothing_to_keep(100)
    keep[[13, 14, 57]] = True
    kept = reduce_keys(curves, degrees=5.0, millimetres=100.0, keep=keep).kept
    assert kept[[0, 13, 14, 57, 99]].all()


def test_the_edges_of_a_gap_are_keys_and_nothing_in_it_counts():
    curves, _ = moving(100)
    held = nothing_to_keep(100)
    held[40:60] = True
    wild = curves.rotations.copy()
    wild[held] = np.array([0.0, 1.0, 0.0, 0.0])
    curves = RigCurves(**{**vars(curves), "rotations": wild})
    kept = reduce_keys(curves, degrees=1.0, millimetres=10.0, keep=nothing_to_keep(100), held=held).kept
    assert kept[[39, 60]].all()
    assert not kept[40:60].any()


def test_a_bone_at_rest_has_only_the_keys_it_must():
    curves, _ = moving(80)
    still = curves.rotations.copy()
    still[:, JOINT_INDEX["Head"]] = [1.0, 0.0, 0.0, 0.0]
    curves = RigCurves(**{**vars(curves), "rotations": still})
    kept = reduce_keys(curves, degrees=1.0, millimetres=10.0, keep=nothing_to_keep(80)).kept
    assert kept[:, JOINT_INDEX["Head"]].sum() == 2


def test_the_bound_is_in_metres_whatever_the_scene_unit_is():
    curves, _ = moving(80, noise=0.01)
    hundred = RigCurves(**{**vars(curves), "metre": 100.0, "locations": curves.locations * 100.0,
                           "rest_offsets": curves.rest_offsets * 100.0})  # fmt: skip
    choices = [
        reduce_keys(c, degrees=1.0, millimetres=6.0, keep=nothing_to_keep(80)).kept for c in (curves, hundred)
    ]
    assert np.array_equal(*choices)


def test_the_rig_stands_where_forward_kinematics_puts_it():
    curves, rest = moving(9)
    positions, _ = forward_kinematics(curves.rotations, curves.locations[:, 0], rest)
    assert np.abs(curves.pose(*curves.split(curves.values))[0] - positions).max() < 1e-9
