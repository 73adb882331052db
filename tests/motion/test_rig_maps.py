"""The shipped rig maps fit the rigs they are for, rigs are recognised, and unknown ones are guessed."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from reel2rig.core.motion.retarget.bone_words import words_of
from reel2rig.core.motion.retarget.edit_map import carried_over, role_words, with_bone
from reel2rig.core.motion.retarget.guess import GUESSED, guess_map
from reel2rig.core.motion.retarget.recognise import fitted, nearly_recognised, recognise, shipped_maps
from reel2rig.core.motion.retarget.rig_map import map_text, parse_map
from reel2rig.core.motion.retarget.roles import BODY, ROLES, sided
from rigs import POSES, ROLLS, TABLES, build_rig, rig_skeleton

WANTED = {
    "auto_rig_pro", "cmu", "game_engine", "makehuman", "mixamo", "reel2rig", "rigify", "rigify_metarig",
    "unity", "unreal", "vrm", "vrm_humanoid",
}  # fmt: skip
MADE = sorted(WANTED - {"rigify", "rigify_metarig"})
"""Kinds of which `rigs` can make a rig that is not Rigify's own work."""


def hang(sides: str, *chains: str) -> tuple[list[str], list[int]]:
    """Names and parents of a rig written as chains from the top down; # stands for each side in turn."""
    names: list[str] = []
    parents: list[int] = []
    for chain in chains:
        for side in sides.split() if "#" in chain else [""]:
            above = -1
            for name in chain.replace("#", side).split(" > "):
                if name not in names:
                    names.append(name)
                    parents.append(above)
                above = names.index(name)
    return names, parents


UNKNOWN = {
    "3ds Max": hang(
        "L R",
        "Bip01 > Bip01 Pelvis > Bip01 Spine > Bip01 # Thigh > Bip01 # Calf > Bip01 # Foot > Bip01 # Toe0",
        "Bip01 Spine > Bip01 Spine1 > Bip01 Neck > Bip01 Head",
        "Bip01 Neck > Bip01 # Clavicle > Bip01 # UpperArm > Bip01 # Forearm > Bip01 # Hand > Bip01 # Finger0",
    ),
    "Biovision": hang(
        "Left Right",
        "Hips > #Hip > #Knee > #Ankle > #Toe",
        "Hips > Chest > Chest2 > Neck > Head",
        "Chest2 > #Collar > #Shoulder > #Elbow > #Wrist",
    ),
    "DAZ": hang(
        "l r",
        "Genesis8 > hip > pelvis > #ThighBend > #ThighTwist > #Shin > #Foot > #Metatarsals > #Toe",
        "hip > abdomenLower > abdomenUpper > chestLower > chestUpper > neckLower > neckUpper > head",
        "chestUpper > #Collar > #ShldrBend > #ShldrTwist > #ForearmBend > #ForearmTwist > #Hand > #Thumb1",
    ),
    "MMD": hang(
        "左 右",
        "全ての親 > センター > グルーブ > 腰 > 下半身 > #足 > #ひざ > #足首 > #つま先",
        "下半身 > #足D > #ひざD",
        "全ての親 > #足IK",
        "腰 > 上半身 > 上半身2 > 首 > 頭",
        "上半身2 > #肩 > #腕 > #腕捩 > #ひじ > #手捩 > #手首 > #人指１",
    ),
    "Character Creator": hang(
        "L R",
        "CC_Base_BoneRoot > CC_Base_Hip > CC_Base_Pelvis > CC_Base_#_Thigh > CC_Base_#_Calf > CC_Base_#_Foot"
        " > CC_Base_#_ToeBase",
        "CC_Base_#_Thigh > CC_Base_#_ThighTwist01",
        "CC_Base_Hip > CC_Base_Waist > CC_Base_Spine01 > CC_Base_Spine02 > CC_Base_Head",
        "CC_Base_Spine02 > CC_Base_#_Clavicle > CC_Base_#_Upperarm > CC_Base_#_Forearm > CC_Base_#_Hand",
    ),
    "hand made": hang(
        "L R",
        "Root > Spine > Chest > Head",
        "Chest > Arm.# > Arm.#.001 > Hand.#",
        "Root > Leg.# > Leg.#.001 > Foot.#",
    ),
}


def test_every_kind_of_rig_that_is_promised_has_a_map():
    assert set(shipped_maps()) == WANTED


@pytest.mark.parametrize("kind", sorted(WANTED))
def test_a_shipped_map_names_its_source_and_has_a_bone_for_the_whole_body(kind):
    rig_map = shipped_maps()[kind]
    assert rig_map.source
    assert not set(BODY) - set(rig_map.bones)
    assert all("Twist" in role for role in set(ROLES) - set(rig_map.bones) - {"root", *sided(
        "Thumb", "Index", "Middle", "Ring", "Little")})  # fmt: skip
    assert parse_map(map_text(rig_map)) == rig_map


def test_maps_of_rigs_without_a_free_table_say_that_no_real_file_was_tried():
    untested = {kind for kind, rig_map in shipped_maps().items() if not rig_map.tested}
    assert untested == {"auto_rig_pro", "unity", "unreal", "vrm", "vrm_humanoid"}


@pytest.mark.parametrize("kind", TABLES)
def test_a_map_with_a_free_table_names_only_bones_of_that_table(kind):
    rig_map, rest = shipped_maps()[kind], rig_skeleton(kind, prefix="")
    assert fitted(rig_map, rest.names) == rig_map
    for row in rig_map.bones.values():  # chains run outwards
        for inner, outer in pairwise(row):
            assert rest.index[inner] < rest.index[outer]


@pytest.mark.parametrize("kind", MADE)
def test_each_rig_is_recognised_by_its_bones(kind):
    rest = rig_skeleton(kind)
    found = recognise(rest.names, rest.parents)
    assert found is not None
    assert found.name == shipped_maps()[kind].name
    assert {bone for row in found.bones.values() for bone in row} <= set(rest.names)


@pytest.mark.parametrize(
    "prefix", ["", "mixamorig:", "mixamorig1:", "mixamorig_", "Character1_", "ns:mixamorig:"]
)
def test_a_rig_is_recognised_whatever_stands_before_all_its_names(prefix):
    rest = rig_skeleton("mixamo", prefix=prefix)
    found = recognise(rest.names, rest.parents)
    assert found is not None
    assert found.name == "Mixamo"
    assert found.bones["leftLowerArm"] == (f"{prefix}LeftForeArm",)
    assert len(found.bones["rightLittle"]) == 3


def test_upper_and_lower_case_do_not_matter_but_decide_between_equals():
    rest = rig_skeleton("mixamo")
    shouted = recognise([name.upper() for name in rest.names], rest.parents)
    assert shouted is not None
    assert shouted.bones["hips"] == ("MIXAMORIG:HIPS",)
    names = {
        kind: recognise((rest := rig_skeleton(kind)).names, rest.parents)
        for kind in ("unity", "vrm_humanoid")
    }
    assert [found and found.name for found in names.values()] == ["Unity Humanoid", "VRM Humanoid"]


def test_a_rig_with_fewer_bones_gets_the_map_without_them():
    rest = rig_skeleton("unreal")
    gone = {"spine_04", "spine_05", "neck_02", "ik_hand_gun", "upperarm_twist_02_l"}
    keep = [row for row, name in enumerate(rest.names) if name not in gone]
    found = recognise([rest.names[row] for row in keep], [-1] * len(keep))
    assert found is not None
    assert found.name == shipped_maps()["unreal"].name
    assert found.bones["spine"] == ("spine_01", "spine_02", "spine_03")
    assert found.bones["leftUpperArmTwist"] == ("upperarm_twist_01_l",)
    assert ("ik_hand_gun", "hand_r") not in found.followers
    assert ("ik_foot_l", "foot_l") in found.followers


def test_a_rig_that_lacks_a_required_bone_gets_the_map_of_its_kind_without_that_bone():
    names = [name for name in rig_skeleton("mixamo").names if "LeftLeg" not in name]
    near = nearly_recognised(names)
    assert near is not None
    assert (near.name, near.missing()) == ("Mixamo", ("leftLowerLeg",))
    assert nearly_recognised(["body", "tail", "leg1", "leg2"]) is None


def test_controls_that_a_rig_lacks_leave_the_map():
    rig_map = shipped_maps()["auto_rig_pro"]
    names = {bone for row in rig_map.bones.values() for bone in row} | {"c_hand_ik.l"}
    found = fitted(rig_map, names)
    assert [(limb.limb, limb.goal, limb.pole) for limb in found.ik] == [("leftArm", "c_hand_ik.l", "")]
    assert [switch.bone for switch in found.switches] == ["c_hand_ik.l"]


@pytest.mark.parametrize(
    ("names", "parents"),
    [
        ((), ()),
        (("Bone", "Bone.001", "Bone.002"), (-1, 0, 1)),
        hang("L R", "root > spine > front_leg.# > front_foot.#", "spine > head", "root > leg.# > shin.#"),
        hang("L R", "Body > Wing.# > Wing.#.001", "Body > Leg.# > Shin.#"),
        (("Hips", "LeftArm", "LeftForeArm", "RightArm", "RightForeArm"), (-1, 0, 1, 0, 3)),
        (("thigh.L", "shin.L", "thigh.R", "shin.R", "upper_arm.L", "forearm.L", "upper_arm.R", "forearm.R"),
         (-1, 0, -1, 2, -1, 4, -1, 6)),
        (("a", "b"), (1, 0)),
    ],
)  # fmt: skip
def test_what_is_no_humanoid_is_recognised_as_nothing(names, parents):
    assert recognise(names, parents) is None


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_unknown_humanoid_gets_a_guessed_map(kind):
    found = recognise(*UNKNOWN[kind])
    assert found is not None
    assert found.name == GUESSED
    assert not found.tested
    assert not found.missing()
    assert {"spine", "head", *sided("Hand", "Foot")} <= set(found.bones)


def test_a_guess_follows_parents_where_names_could_mean_two_bones():
    bones = {kind: found.bones for kind, rig in UNKNOWN.items() if (found := guess_map(*rig))}
    assert bones["hand made"]["leftUpperLeg"] == ("Leg.L",)
    assert bones["hand made"]["leftLowerLeg"] == ("Leg.L.001",)
    assert bones["Biovision"]["leftUpperArm"] == ("LeftShoulder",)
    assert bones["Biovision"]["leftUpperLeg"] == ("LeftHip",)
    assert bones["DAZ"]["hips"] == ("hip",)  # the pelvis below it does not carry the trunk
    assert bones["DAZ"]["neck"] == ("neckLower", "neckUpper")
    assert bones["MMD"]["leftLowerLeg"] == ("左ひざ",)  # and not what belongs to the deforming double
    assert bones["3ds Max"]["hips"] == ("Bip01 Pelvis",)  # the legs hang from the spine there
    assert bones["3ds Max"]["neck"] == ("Bip01 Neck",)


@pytest.mark.parametrize("kind", ["mixamo", "cmu", "game_engine", "reel2rig", "vrm"])
def test_a_guess_agrees_with_the_shipped_map_where_that_is_known(kind):
    rest = rig_skeleton(kind)
    known, guessed = recognise(rest.names, rest.parents), guess_map(rest.names, rest.parents)
    assert known is not None
    assert guessed is not None
    assert {role: guessed.bones.get(role) for role in BODY} == {role: known.bones[role] for role in BODY}


@pytest.mark.parametrize(
    ("name", "side", "words"),
    [
        ("mixamorig:LeftArm_09", "left", ("arm",)),
        ("lThighBend", "left", ("thigh",)),
        ("右ひじ", "right", ("ひじ",)),
        ("DEF-upper_arm.R.001", "right", ("upper", "arm")),
        ("Spine1", "", ("spine",)),
        ("ik_foot_l", "", ()),
        ("CC_Base_R_ThighTwist01", "", ()),
    ],
)
def test_a_name_tells_side_and_words(name, side, words):
    said = words_of(name)
    assert (said.side, said.words) == (side, words)


def test_a_bone_is_given_to_one_role_only_and_chains_grow_and_shrink():
    rig_map = shipped_maps()["mixamo"]
    longer = with_bone(rig_map, "spine", 99, "Extra")
    assert longer.bones["spine"] == ("Spine", "Spine1", "Spine2", "Extra")
    assert with_bone(longer, "spine", 1, "").bones["spine"] == ("Spine", "Spine2", "Extra")
    assert with_bone(longer, "spine", 0, "Extra").bones["spine"] == ("Extra", "Spine1", "Spine2")
    assert with_bone(longer, "spine", 3, "Extra") == longer
    moved = with_bone(rig_map, "neck", 0, "Head")
    assert moved.bones["neck"] == ("Head",)
    assert "head" not in moved.bones
    assert with_bone(rig_map, "head", 0, "Skull").bones["head"] == ("Skull",)
    assert "head" in with_bone(rig_map, "head", 1, "Skull").bones
    assert list(moved.bones) == [role for role in ROLES if role in moved.bones]


def test_a_map_is_carried_over_to_another_namespace_even_when_parts_are_missing():
    named = rig_skeleton("mixamo", prefix="mixamorig:").names
    rig_map = with_bone(carried_over(shipped_maps()["mixamo"], named), "leftUpperLeg", 0, "")
    for prefix in ("", "mixamorig2:", "Hero:"):
        other = carried_over(rig_map, rig_skeleton("mixamo", prefix=prefix).names)
        assert "leftUpperLeg" not in other.bones
        assert other.bones["rightUpperLeg"] == (f"{prefix}RightUpLeg",)
        assert len(other.bones) == len(rig_map.bones)


@pytest.mark.parametrize("role", ROLES)
def test_roles_have_names_for_people(role):
    words = role_words(role)
    assert words.replace(" ", "").lower() == role.lower()
    assert words == words.title()


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("rolls", ROLLS)
def test_the_rigs_of_these_tests_stand_as_they_say(pose, rolls):
    for kind in ("makehuman", "unreal"):
        rest = rig_skeleton(kind, pose, rolls)
        arm = (
            rest.heads[rest.index[_bone(kind, "leftHand")]]
            - rest.heads[rest.index[_bone(kind, "leftUpperArm")]]
        )
        fallen = -arm[2] / (arm @ arm) ** 0.5
        assert pose == "rest" or abs(fallen - {"T": 0.0, "A": 0.5**0.5}[pose]) < 1e-6
        assert 0 <= rest.tails[:, 2].min() < 0.03
        along = rest.tails - rest.heads
        along /= (along**2).sum(1, keepdims=True) ** 0.5
        assert abs(rest.axes[:, :, 1] - along).max() < 1e-9


def _bone(kind: str, role: str) -> str:
    return shipped_maps()[kind].bones[role][0]


def test_a_map_with_a_wrong_line_is_refused_with_a_sentence():
    data = json.loads(map_text(shipped_maps()["mixamo"]))
    data["bones"]["leftPaw"] = ["Hips2"]
    with pytest.raises(Exception, match="leftPaw"):
        parse_map(json.dumps(data))


@pytest.mark.blender
def test_armatures_lie_where_the_arrays_say_with_or_without_an_object_transform():
    bpy = pytest.importorskip("bpy")
    import numpy as np
    from rigs import MIXAMO_OBJECT

    bpy.ops.wm.read_factory_settings(use_empty=True)
    for matrix in (None, MIXAMO_OBJECT):
        rest = rig_skeleton("mixamo", "A", "odd")
        armature = build_rig("mixamo", "A", "odd", matrix=matrix)
        world = np.array(
            [np.array(armature.matrix_world @ bone.matrix_local) for bone in armature.data.bones]
        )
        order = [rest.index[bone.name] for bone in armature.data.bones]
        axes = world[:, :3, :3] / np.linalg.norm(world[:, :3, :3], axis=1, keepdims=True)
        assert abs(world[:, :3, 3] - rest.heads[order]).max() < 1e-5
        assert abs(axes - rest.axes[order]).max() < 1e-4


def test_the_documentation_lists_every_map_with_its_source_and_what_it_was_tried_on():
    page = (Path(__file__).parents[2] / "docs" / "retarget.md").read_text("utf-8")
    for kind, rig_map in shipped_maps().items():
        tried = rig_map.tested or "**not tested on a real file**"
        assert f"| {rig_map.name} | `{kind}` | {rig_map.source} | {tried} |" in page
