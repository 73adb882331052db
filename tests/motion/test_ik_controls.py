"""IK goals, poles and feet that stand still, checked by solving the limbs again from these alone."""

from __future__ import annotations

import numpy as np
import pytest
from reel2rig.core.motion.retarget.human import TargetMotion
from reel2rig.core.motion.retarget.ik_controls import control_bones, with_ik_controls
from reel2rig.core.motion.retarget.options import RetargetOptions
from reel2rig.core.motion.retarget.planted import planted_goal
from reel2rig.core.motion.retarget.posed import Posed
from reel2rig.core.motion.retarget.rig_map import IkLimb, RigMap
from reel2rig.core.motion.retarget.skeleton import Skeleton
from reel2rig.core.motion.rotations import (
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    rotation_angle,
)

# A body that faces -y, its legs a little bent, its arms straight: name, parent, head, tail.
_BONES = [
    ("hips", "", (0, 0, 1.0), (0, 0, 1.2)),
    *(
        (name + side, parent and parent + side if parent != "hips" else parent, at(x), to(x))
        for side, x in (("L", 1.0), ("R", -1.0))
        for name, parent, at, to in (
            ("thigh", "hips", lambda x: (0.1 * x, 0, 1.0), lambda x: (0.1 * x, -0.04, 0.55)),
            ("shin", "thigh", lambda x: (0.1 * x, -0.04, 0.55), lambda x: (0.1 * x, 0, 0.1)),
            ("foot", "shin", lambda x: (0.1 * x, 0, 0.1), lambda x: (0.1 * x, -0.15, 0.02)),
            ("toes", "foot", lambda x: (0.1 * x, -0.15, 0.02), lambda x: (0.1 * x, -0.2, 0.02)),
            ("arm", "hips", lambda x: (0.2 * x, 0, 1.5), lambda x: (0.5 * x, 0, 1.5)),
            ("elbow", "arm", lambda x: (0.5 * x, 0, 1.5), lambda x: (0.75 * x, 0, 1.5)),
            ("hand", "elbow", lambda x: (0.75 * x, 0, 1.5), lambda x: (0.9 * x, 0, 1.5)),
            ("foot_goal", "", lambda x: (0.1 * x, 0, 0.1), lambda x: (0.1 * x, -0.2, 0.1)),
            ("roll", "foot_goal", lambda x: (0.1 * x, -0.15, 0.02), lambda x: (0.1 * x, -0.15, 0.1)),
            ("toes_ik", "roll", lambda x: (0.1 * x, -0.15, 0.02), lambda x: (0.1 * x, -0.2, 0.02)),
            # Beside the plane of the bend at rest, as poles of real rigs may be.
            ("knee_pole", "hips", lambda x: (0.15 * x, -0.6, 0.55), lambda x: (0.15 * x, -0.7, 0.55)),
            ("hand_goal", "", lambda x: (0.75 * x, 0, 1.5), lambda x: (0.9 * x, 0, 1.5)),
            ("elbow_pole", "hips", lambda x: (0.5 * x, 0.5, 1.5), lambda x: (0.5 * x, 0.6, 1.5)),
        )
    ),
]
_PARTS = {"UpperLeg": "thigh", "LowerLeg": "shin", "Foot": "foot", "Toes": "toes"} | {
    "UpperArm": "arm", "LowerArm": "elbow", "Hand": "hand",
}  # fmt: skip
_SIDES = {"left": "L", "right": "R"}
RIG_MAP = RigMap(
    "Test",
    {"hips": ("hips",)}
    | {side + part: (bone + end,) for side, end in _SIDES.items() for part, bone in _PARTS.items()},
    ik=tuple(
        limb
        for side, end in _SIDES.items()
        for limb in (
            IkLimb(f"{side}Leg", f"foot_goal{end}", f"knee_pole{end}", f"roll{end}", f"toes_ik{end}"),
            IkLimb(f"{side}Arm", f"hand_goal{end}", f"elbow_pole{end}"),
        )
    ),
)
FRAMES = 40
HINGES = {"thigh": np.array([1.0, 0.0, 0.0]), "arm": np.array([0.0, 0.0, -1.0])}


def _skeleton() -> Skeleton:
    rows = {name: row for row, (name, *_) in enumerate(_BONES)}
    return Skeleton(
        tuple(rows),
        tuple(rows.get(parent, -1) for _, parent, *_ in _BONES),
        np.array([head for *_, head, _ in _BONES], float),
        np.array([tail for *_, tail in _BONES], float),
        np.broadcast_to(np.eye(3), (len(rows), 3, 3)),
        np.zeros(3),
    )


SKELETON = _skeleton()


def _target(bend: float = 0.8) -> TargetMotion:
    """Limbs that swing about everything and bend by their hinges; contacts of one foot after the other."""
    times = np.linspace(0.0, 2.0 * np.pi, FRAMES)
    hips = quaternion_from_rotvec(np.outer(np.sin(times), [0.3, -0.2, 0.5]))
    turns = {"hips": hips}
    for end, sign in (("L", 1.0), ("R", -1.0)):
        for upper, lower, last, hinge in (
            ("thigh", "shin", "foot", [1.0, 0, 0]),
            ("arm", "elbow", "hand", [0, 0, -sign]),
        ):
            swing = quaternion_from_rotvec(np.outer(np.sin(times + sign), [-0.6, 0.2, 0.3]))
            bending = quaternion_from_rotvec(np.outer(bend * (1.1 - np.cos(times)), hinge))
            turns[upper + end] = quaternion_multiply(hips, swing)
            turns[lower + end] = quaternion_multiply(turns[upper + end], bending)
            free = quaternion_from_rotvec(np.outer(np.sin(3 * times), [0.3, 0.1, 0.2]))
            turns[last + end] = quaternion_multiply(turns[lower + end], free)
        turns["toes" + end] = turns["foot" + end]
    contacts = np.zeros((FRAMES, 2), bool)
    contacts[5:15, 0] = contacts[20:30, 1] = True
    heads = {"hips": np.stack([0.1 * np.sin(times), -0.3 * times, 1.0 + 0.0 * times], axis=-1)}
    return TargetMotion(np.arange(FRAMES, dtype=float), turns, heads, contacts, np.zeros(FRAMES, bool))


def _posed(target: TargetMotion) -> Posed:
    return Posed(SKELETON, target.turns, target.heads, {}, FRAMES)


def _solved(
    root: np.ndarray, goal: np.ndarray, towards: np.ndarray, upper: float, lower: float
) -> np.ndarray:
    """(T, 3) the middle joint of limbs of these lengths, on the side of `towards`."""
    line = goal - root
    distance = np.linalg.norm(line, axis=1, keepdims=True)
    line = line / distance
    side = towards - root - np.sum((towards - root) * line, axis=1, keepdims=True) * line
    along = (upper**2 - lower**2 + distance**2) / (2.0 * distance)
    out = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    return root + along * line + out * side / np.linalg.norm(side, axis=1, keepdims=True)


def _about(line: np.ndarray, angle: float, point: np.ndarray, origin: np.ndarray) -> np.ndarray:
    line = line / np.linalg.norm(line, axis=1, keepdims=True)
    return origin + quaternion_rotate(quaternion_from_rotvec(angle * line), point - origin)


@pytest.mark.parametrize("bend", [-0.4, -0.05, 0.05, 0.8])
@pytest.mark.parametrize("end", ["L", "R"])
def test_a_limb_solved_from_goal_and_pole_lies_as_its_fk_bones_lay_it(bend: float, end: str) -> None:
    target = _target(bend)
    before = _posed(target)
    posed = _posed(with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions(controls="both")))
    for upper, lower, last, goal, pole in (
        ("thigh", "shin", "foot", "foot_goal", "knee_pole"),
        ("arm", "elbow", "hand", "hand_goal", "elbow_pole"),
    ):
        root, middle, tip = (posed.head(bone + end) for bone in (upper, lower, last))
        lengths = (np.linalg.norm(middle - root, axis=1)[0], np.linalg.norm(tip - middle, axis=1)[0])
        towards = posed.head(pole + end)
        if upper == "thigh":
            # At rest the pole lies beside the plane of the bend, and a solver keeps that angle.
            beside = np.arctan2(0.05, 0.6) * (1.0 if end == "L" else -1.0)
            towards = _about(tip - root, beside, towards, root)
        else:
            np.testing.assert_allclose(posed.head(goal + end), tip, atol=1e-9)
        solved = _solved(root, tip, towards, *lengths)
        np.testing.assert_allclose(solved, middle, atol=1e-6)
        # FK was made hinged for that, and hardly moved.
        assert np.linalg.norm(before.head(lower + end) - middle, axis=1).max() < 0.008 * sum(lengths) + 1e-6
        np.testing.assert_allclose(before.head(last + end), tip, atol=1e-6)
        axis = HINGES[upper] * (1.0 if end == "L" else -1.0) ** (upper == "arm")
        hinged = [quaternion_rotate(posed.turn(bone + end), axis) for bone in (upper, lower)]
        np.testing.assert_allclose(hinged[0], hinged[1], atol=1e-6)


def test_a_goal_stands_exactly_still_while_its_foot_is_in_contact() -> None:
    target = _target()
    ik = with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions(controls="both"))
    for end, still in (("L", slice(5, 15)), ("R", slice(20, 30))):
        assert len(np.unique(ik.turns[f"foot_goal{end}"][still], axis=0)) == 1
        assert len(np.unique(ik.heads[f"foot_goal{end}"][still], axis=0)) == 1
        # The foot of this motion is not still: its control at the ball does that, and takes the toes along.
        assert rotation_angle(ik.turns[f"roll{end}"][still][0], ik.turns[f"roll{end}"][still][-1]) > 0.1
        np.testing.assert_allclose(ik.turns[f"roll{end}"], target.turns[f"foot{end}"], atol=1e-12)
        ball = _posed(target).point(f"foot{end}", SKELETON.heads[SKELETON.index[f"roll{end}"]])
        np.testing.assert_allclose(ik.heads[f"roll{end}"], ball, atol=1e-12)


def test_a_goal_leaves_the_floor_and_comes_back_to_it_without_a_jump() -> None:
    times = np.arange(60) / 30.0
    lift = np.clip(np.sin(2 * np.pi * times), 0.0, None)
    turns = quaternion_from_rotvec(np.outer(0.6 * lift, [1.0, 0.0, 0.0]))
    balls = np.stack([0 * times, -0.02 * lift, 0.3 * lift], axis=-1)
    contacts = np.zeros(60, bool)
    contacts[:5] = contacts[12:34] = contacts[45:] = True
    offset = np.array([0.0, 0.15, 0.08])
    goal_turns, goal_heads = planted_goal(turns, balls, offset, contacts)
    steps = np.linalg.norm(np.diff(goal_heads, axis=0), axis=1)
    foot = balls + quaternion_rotate(turns, offset)
    assert steps.max() < 2.0 * np.linalg.norm(np.diff(foot, axis=0), axis=1).max()
    assert rotation_angle(goal_turns[1:], goal_turns[:-1]).max() < 0.25


def test_far_from_contacts_goal_and_foot_are_one() -> None:
    turns = quaternion_from_rotvec(np.outer(np.sin(np.arange(50.0)), [0.3, 0.0, 0.0]))
    balls = np.outer(np.arange(50.0), [0.0, -0.01, 0.0])
    contacts = np.zeros(50, bool)
    contacts[:4] = contacts[-4:] = True
    goal_turns, goal_heads = planted_goal(turns, balls, np.zeros(3), contacts)
    np.testing.assert_allclose(goal_turns[10:40], turns[10:40], atol=1e-12)
    np.testing.assert_allclose(goal_heads[10:40], balls[10:40], atol=1e-12)


def test_a_pole_does_not_jump_when_a_limb_becomes_straight() -> None:
    target = _target(0.0)
    straight = with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions(controls="both"))
    pole = straight.heads["elbow_poleL"]
    assert np.linalg.norm(np.diff(pole, axis=0), axis=1).max() < 0.3
    elbow = _posed(target).head("elbowL")
    np.testing.assert_allclose(np.linalg.norm(pole - elbow, axis=1), 0.5, atol=1e-6)


def test_ik_takes_the_place_of_fk_only_where_it_is_asked_to() -> None:
    target = _target()
    assert with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions()) is target
    both = with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions(controls="both"))
    assert set(both.turns) == set(target.turns) | set(control_bones(RIG_MAP, SKELETON))
    alone = with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions(controls="ik"))
    assert set(alone.turns) == {"hips", *control_bones(RIG_MAP, SKELETON)}


def test_goals_follow_feet_that_nothing_holds() -> None:
    target = _target()
    ik = with_ik_controls(target, SKELETON, RIG_MAP, {}, RetargetOptions(controls="both", feet=False))
    np.testing.assert_allclose(ik.turns["foot_goalL"], target.turns["footL"], atol=1e-12)
    assert "rollL" not in ik.turns


def test_limbs_without_their_controls_stay_with_fk() -> None:
    target = _target()
    lacking = RigMap("Test", RIG_MAP.bones, ik=(IkLimb("leftLeg", "nowhere"), RIG_MAP.ik[1]))
    ik = with_ik_controls(target, SKELETON, lacking, {}, RetargetOptions(controls="ik"))
    assert "thighL" in ik.turns
    assert "armL" not in ik.turns
