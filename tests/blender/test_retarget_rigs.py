"""A captured walk on rigs of many kinds, measured in Blender: limbs, hands, standing feet, standing still."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix  # noqa: E402
from reel2rig.blender_addon.scene.contact_curves import read_contacts  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import rig_map_of  # noqa: E402
from reel2rig.core.motion.retarget.options import RetargetOptions  # noqa: E402
from retargeting import (  # noqa: E402
    angles,
    captured_person,
    foot_heads,
    hinges,
    limb_directions,
    lively_walk,
    seen,
)
from rigs import MIXAMO_OBJECT, build_rig  # noqa: E402
from walking import rest_person  # noqa: E402

pytestmark = pytest.mark.blender

TURN = 0.7  # radians about z of objects that stand elsewhere
ELSEWHERE = Matrix.Translation((3.0, -2.0, 0.0)) @ Matrix.Rotation(TURN, 4, "Z")
RIGS = [
    ("mixamo", {"matrix": MIXAMO_OBJECT}, None),
    ("mixamo", {"pose": "A", "rolls": "odd"}, None),
    ("unreal", {"pose": "A"}, None),
    ("makehuman", {"pose": "rest", "rolls": "odd"}, None),
    ("cmu", {"pose": "T", "matrix": MIXAMO_OBJECT}, ELSEWHERE),
    ("vrm", {"pose": "T"}, ELSEWHERE),
]
NAMES = [f"{kind}-{number}" for number, (kind, _, _) in enumerate(RIGS)]


def stand(armature, there) -> None:
    """Parent an armature to something that stands elsewhere, is turned, and is twice as large."""
    parent = bpy.data.objects.new("Vehicle", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.matrix_world = there @ Matrix.Scale(2.0, 4)
    armature.parent = parent
    bpy.context.view_layer.update()


@pytest.fixture
def person(empty_scene):
    return captured_person(empty_scene, lively_walk())


@pytest.mark.parametrize(("kind", "how", "there"), RIGS, ids=NAMES)
def test_arms_and_legs_point_and_twist_as_the_persons_do(empty_scene, person, kind, how, there):
    rig = build_rig(kind, **how)
    if there is not None:
        stand(rig, there)
    result = retarget_rig(empty_scene, person, rig, options=RetargetOptions(feet=False))
    assert result.notes == ()
    frames = np.arange(1, 60, 3)
    of, onto = seen(empty_scene, person, frames), seen(empty_scene, rig, frames)
    turn = np.eye(3) if there is None else np.array(Matrix.Rotation(TURN, 3, "Z"))
    wanted, got = limb_directions(of, rig_map_of(person)), limb_directions(onto, rig_map_of(rig))
    for role in wanted:
        assert angles(wanted[role] @ turn.T, got[role]).max() < 2.0, role
    wanted, got = hinges(of, rig_map_of(person)), hinges(onto, rig_map_of(rig))
    for role in wanted:
        bent = np.linalg.norm(wanted[role], axis=-1) > np.sin(np.radians(25.0))
        assert bent.any()
        assert angles(wanted[role][bent] @ turn.T, got[role][bent]).max() < 5.0, role


def test_palms_turn_as_the_persons_do(empty_scene, person):
    rig = build_rig("mixamo", pose="A", rolls="odd")
    retarget_rig(empty_scene, person, rig)
    frames = np.arange(1, 60, 3)
    of, onto = seen(empty_scene, person, frames), seen(empty_scene, rig, frames)
    for side, name, sign in ((".L", "Left", 1.0), (".R", "Right", -1.0)):
        rest = np.array(person.data.bones[f"Hand{side}"].matrix_local.to_3x3())
        turned = of.axes[f"Hand{side}"] @ rest.T
        # In a T-pose palms look down.
        palm = turned @ [0.0, 0.0, -1.0]
        hand = f"mixamorig:{name}Hand"
        knuckles = [onto.heads[f"{hand}{finger}1"] - onto.heads[hand] for finger in ("Index", "Pinky")]
        assert angles(palm, sign * np.cross(knuckles[1], knuckles[0])).max() < 5.0


@pytest.mark.parametrize(("kind", "how", "there"), RIGS[:4], ids=NAMES[:4])
def test_feet_that_stand_do_not_slide_and_the_path_is_that_of_longer_or_shorter_legs(
    empty_scene, person, kind, how, there
):
    rig = build_rig(kind, **how)
    result = retarget_rig(empty_scene, person, rig)
    frames = np.arange(1, 61)
    stands = read_contacts(person.animation_data.action, frames)
    onto = seen(empty_scene, rig, frames)
    steps = np.linalg.norm(np.diff(foot_heads(onto, rig_map_of(rig)), axis=0)[..., :2], axis=-1)
    rolls = np.abs(np.diff(foot_heads(onto, rig_map_of(rig)), axis=0)[..., 2])
    # While the sole lies flat, the ankle stands as still as the sole does.
    flat = stands[1:] & stands[:-1] & (rolls < 2e-4)
    assert flat.sum() > 5
    assert steps[flat].max() < 0.002
    hips = onto.heads[rig_map_of(rig).bones["hips"][0]]
    assert np.ptp(hips[:, 1]) > 1.5
    assert result.frames == (1.0, 60.0)


@pytest.mark.parametrize("pose", ["T", "A"])
@pytest.mark.parametrize("kind", ["mixamo", "unreal"])
def test_standing_still_gives_the_targets_own_trunk_head_and_feet(empty_scene, kind, pose):
    person = captured_person(empty_scene, rest_person(4))
    rig = build_rig(kind, pose=pose, rolls="odd", matrix=MIXAMO_OBJECT)
    retarget_rig(empty_scene, person, rig)
    onto, rig_map = seen(empty_scene, rig, [2]), rig_map_of(rig)
    world = np.array(rig.matrix_world)
    roles = (
        "hips",
        "spine",
        "neck",
        "head",
        *(s + p for s in ("left", "right") for p in ("Shoulder", "Foot")),
    )
    for bone in (bone for role in roles for bone in rig_map.bones[role]):
        rest = world @ np.array(rig.data.bones[bone].matrix_local)
        lengths = np.linalg.norm(rest[:3, :3], axis=0)
        cosines = np.sum(onto.axes[bone][0] * rest[:3, :3] / lengths, axis=0)
        assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 1.0, bone
    hips = rig_map.bones["hips"][0]
    rest_height = (world @ np.array(rig.data.bones[hips].matrix_local))[2, 3]
    assert abs(onto.heads[hips][0, 2] - rest_height) < 0.01
