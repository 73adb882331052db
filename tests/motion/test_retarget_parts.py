"""Hands that reach, limbs that twist along their length, fingers that rest."""

from dataclasses import replace

import numpy as np
import pytest
from reel2rig.core.motion.retarget.anatomy import Anatomy
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.retarget.roles import FINGER_ROLES
from reel2rig.core.motion.retarget.smpl_source import source_of_clip
from reel2rig.core.motion.rotations import quaternion_from_rotvec, rotation_angle
from retargeted import dancing_person, degrees_between, known_map, moved_rig, play
from rigs import rig_skeleton
from walking import bent, rest_person


def clapping_person():
    """Hands that meet before the chest."""
    clip = rest_person(30)
    rotations = clip.rotations.astype(float)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        bent(rotations, f"{side}_Shoulder", (0.0, 1.0, 0.0), np.full(30, -sign * 1.2))
        bent(rotations, f"{side}_Elbow", (0.0, 1.0, 0.0), np.full(30, -sign * 1.2))
    return source_of_clip(clip.replace(rotations=rotations))


def broad_rig():
    """Mixamo's rig with shoulders that are half as broad again."""
    rest = rig_skeleton("mixamo")
    arms = [row for row, name in enumerate(rest.names) if any(part in name for part in ("Arm", "Hand"))]
    heads, tails = rest.heads.copy(), rest.tails.copy()
    for row in arms:
        out = np.sign(heads[row, 0]) * 0.09
        heads[row, 0] += out
        tails[row, 0] += out
    return replace(rest, heads=heads, tails=tails)


def test_hands_that_met_meet_on_broader_shoulders():
    source, rest = clapping_person(), broad_rig()
    apart = np.linalg.norm(source.heads["L_Wrist"] - source.heads["R_Wrist"], axis=-1)
    assert apart.max() < 0.2
    gaps = [
        np.linalg.norm(rig.heads["mixamorig:LeftHand"] - rig.heads["mixamorig:RightHand"], axis=-1)
        for rig in (play(source, rest), play(source, rest, reach=True))
    ]
    assert gaps[0].min() > apart.max() + 0.1
    assert np.abs(gaps[1] - apart).max() < 0.02


def test_reaching_hands_keep_their_turns_and_elbows_their_side():
    source, rest = clapping_person(), broad_rig()
    plain, reaching = play(source, rest), play(source, rest, reach=True)
    assert np.allclose(plain.axes["mixamorig:LeftHand"], reaching.axes["mixamorig:LeftHand"], atol=1e-6)
    for rig in (plain, reaching):
        shoulder, elbow, wrist = (
            rig.heads[f"mixamorig:{bone}"] for bone in ("LeftArm", "LeftForeArm", "LeftHand")
        )
        assert (np.cross(elbow - shoulder, wrist - elbow)[:, 2] < 0.0).all()


def test_on_the_sources_own_body_reach_changes_nothing():
    source = source_of_clip(dancing_person())
    plain, reaching = (play(source, source.skeleton, source.rig_map, reach=reach) for reach in (False, True))
    assert np.allclose(plain.heads["L_Wrist"], reaching.heads["L_Wrist"], atol=0.01)


def twisted_rig(shares):
    """Mixamo's rig with twist bones along the left arm, and its map."""
    rest = rig_skeleton("mixamo")
    rig_map = known_map(rest)
    names, parents = list(rest.names), list(rest.parents)
    heads, tails, axes = list(rest.heads), list(rest.tails), list(rest.axes)
    bones = dict(rig_map.bones)
    for part in ("UpperArm", "LowerArm"):
        limb = rest.index[bones[f"left{part}"][0]]
        end = rest.heads[rest.index[bones["leftLowerArm" if part == "UpperArm" else "leftHand"][0]]]
        made = []
        for share in shares:
            made.append(f"{part} twist {share}")
            names.append(made[-1])
            parents.append(limb)
            heads.append(rest.heads[limb] + share * (end - rest.heads[limb]))
            tails.append(end)
            axes.append(rest.axes[limb])
        bones[f"left{part}Twist"] = tuple(made)
    grown = replace(
        rest,
        names=tuple(names),
        parents=tuple(parents),
        heads=np.array(heads),
        tails=np.array(tails),
        axes=np.array(axes),
    )
    return grown, replace(rig_map, bones=bones)


def turned_palm(degrees):
    """A T-pose whose left hand turns about the arm, ever further."""
    clip = rest_person(60)
    rotations = clip.rotations.astype(float)
    bent(rotations, "L_Wrist", (1.0, 0.0, 0.0), np.radians(np.linspace(0.0, degrees, 60)))
    return source_of_clip(clip.replace(rotations=rotations))


@pytest.mark.parametrize("degrees", [80.0, -120.0, 250.0])
def test_a_turned_palm_is_spread_along_the_forearm(degrees):
    rest, rig_map = twisted_rig((0.0, 0.25, 0.75))
    rig = play(turned_palm(degrees), rest, rig_map)
    turns = rig.target.turns
    limb = turns["mixamorig:LeftForeArm"]
    for share in (0.0, 0.25, 0.75):
        about = quaternion_from_rotvec(np.radians(np.linspace(0.0, degrees, 60))[:, None] * [share, 0, 0])
        expected = rotation_angle(about, np.array([1.0, 0.0, 0.0, 0.0]))
        found = rotation_angle(turns[f"LowerArm twist {share}"], limb)
        assert np.abs(np.degrees(found - expected)).max() < 5.0


def test_an_upper_arm_that_turns_about_itself_does_not_wring_its_shoulder():
    clip = rest_person(60)
    rotations = clip.rotations.astype(float)
    bent(rotations, "L_Shoulder", (1.0, 0.0, 0.0), np.radians(np.linspace(0.0, 100.0, 60)))
    rest, rig_map = twisted_rig((0.0, 0.5, 0.99))
    turns = play(source_of_clip(clip.replace(rotations=rotations)), rest, rig_map).target.turns
    angles = [
        np.degrees(rotation_angle(turns[f"UpperArm twist {share}"], turns["mixamorig:LeftShoulder"]))[-1]
        for share in (0.0, 0.5, 0.99)
    ]
    assert angles == pytest.approx([0.0, 50.0, 99.0], abs=6.0)


def test_twist_bones_are_left_alone_when_nobody_wants_them():
    rest, rig_map = twisted_rig((0.5,))
    target = play(turned_palm(80.0), rest, rig_map, twist=False).target
    assert not [bone for bone in target.turns if "twist" in bone]


def test_twist_bones_that_carry_the_limb_leave_hands_and_feet_where_they_belong():
    source, rest = source_of_clip(dancing_person()), rig_skeleton("makehuman", "rest")
    with_twist, without = play(source, rest, feet=False), play(source, rest, feet=False, twist=False)
    assert any("02" in bone for bone in with_twist.target.turns)
    for bone in (known_map(rest).bones[role][0] for role in ("leftHand", "rightFoot", "leftLowerLeg")):
        assert np.allclose(with_twist.heads[bone], without.heads[bone], atol=1e-5)


@pytest.mark.parametrize("kind", ["mixamo", "unreal", "makehuman", "vrm"])
@pytest.mark.parametrize("degrees", [0.0, 130.0])
def test_relaxed_fingers_curl_towards_the_palm_and_stay_so_in_the_hand(kind, degrees):
    rest = moved_rig(rig_skeleton(kind), degrees, 1.0, np.zeros(3))
    rig = play(source_of_clip(dancing_person()), rest, fingers="relaxed")
    anatomy = Anatomy(rest, known_map(rest))
    for side in ("left", "right"):
        hand = anatomy.chain(f"{side}Hand")[0]
        frame = anatomy.limb_frame(f"{side}Hand")
        palm, along = rig.turned(hand, frame[:, 0]), rig.turned(hand, frame[:, 1])
        curls = []
        for finger in ("Index", "Middle", "Ring", "Little"):
            bones = anatomy.phalanges(f"{side}{finger}")
            way = rig.heads[bones[2]] - rig.heads[bones[1]]
            curl = np.degrees(np.arctan2(np.sum(way * palm, axis=-1), np.sum(way * along, axis=-1)))
            assert np.ptp(curl) < 1e-3
            curls.append(curl[0])
        assert min(curls) > 25.0
        assert max(curls) < 65.0
        assert curls[0] < curls[-1]


def test_thumbs_bend_across_the_palm():
    rest = rig_skeleton("mixamo")
    rig = play(source_of_clip(rest_person(2)), rest, fingers="relaxed")
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        bones = [f"mixamorig:{side}HandThumb{number}" for number in (1, 2, 3)]
        moved = rig.tails_of(bones[2])[0] - rest.tails[rest.index[bones[2]]]
        hand = known_map(rest).bones[f"{side.lower()}Little"][0]
        little = rest.heads[rest.index[hand]] - rest.heads[rest.index[bones[0]]]
        assert moved @ little > 0.0
        assert sign * rest.heads[rest.index[bones[0]]][0] > 0.0


def test_fingers_are_untouched_unless_asked_for():
    target = play(source_of_clip(rest_person(2)), rig_skeleton("mixamo")).target
    assert not [bone for bone in target.turns if "Index" in bone or "Thumb" in bone]


def test_fingers_that_are_curled_already_are_not_curled_further():
    rest = rig_skeleton("mixamo")
    rig_map = known_map(rest)
    once = play(source_of_clip(rest_person(2)), rest, fingers="relaxed")
    curled = replace(
        rest,
        heads=np.array([once.heads[name][0] for name in rest.names]),
        tails=np.array([once.tails_of(name)[0] for name in rest.names]),
        axes=np.array([once.axes[name][0] for name in rest.names]),
    )
    twice = play(source_of_clip(rest_person(2)), curled, rig_map, fingers="relaxed")
    for bone in rig_map.bones["leftMiddle"]:
        turn = twice.axes[bone] @ np.swapaxes(twice.axes["mixamorig:LeftHand"], -1, -2)
        again = once.axes[bone] @ np.swapaxes(once.axes["mixamorig:LeftHand"], -1, -2)
        assert degrees_between(turn[:, :, 1], again[:, :, 1]).max() < 3.0


def test_hands_and_fingers_that_no_bone_plays_are_told():
    rest = rig_skeleton("mixamo")
    bones = known_map(rest).bones
    body = {role: row for role, row in bones.items() if role not in FINGER_ROLES and "Hand" not in role}
    notes = play(
        clapping_person(), rest, RigMap("handless", body), reach=True, fingers="relaxed"
    ).target.notes
    assert len(notes) == 2
    assert "no hands" in notes[0]
    assert "no fingers" in notes[1]


@pytest.mark.parametrize("whose", ["source", "rig"])
def test_who_lies_in_the_rest_pose_is_told(whose):
    def lying(rest):
        turn = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
        return replace(rest, heads=rest.heads @ turn.T, tails=rest.tails @ turn.T, axes=turn @ rest.axes)

    source, rest = clapping_person(), rig_skeleton("mixamo")
    if whose == "source":
        source = replace(source, skeleton=lying(source.skeleton))
    else:
        rest = lying(rest)
    told = [note for note in play(source, rest).target.notes if "upright" in note]
    assert [note.split()[1] for note in told] == [whose]
