"""A captured walk on the rig that Rigify generates, measured on its ORG- bones: FK, IK, and both agreeing."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix  # noqa: E402
from reel2rig.blender_addon.scene.contact_curves import read_contacts  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container, new_action, write_curve  # noqa: E402
from reel2rig.blender_addon.scene.rigs import retarget_rig as retargeting_in_blender  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import rig_map_of  # noqa: E402
from reel2rig.core.motion.retarget.options import RetargetOptions  # noqa: E402
from reel2rig.core.motion.retarget.recognise import fitted, shipped_maps  # noqa: E402
from retargeting import angles, captured_person, foot_heads, hinges, limb_directions, lively_walk, seen  # noqa: E402
from rigify_rig import append_rigify, rigify_file  # noqa: E402
from walking import bent, rest_person, soles  # noqa: E402

pytestmark = pytest.mark.blender

FRAMES = np.arange(1, 60, 3)
PARENTS = [f"{limb}_parent.{side}" for limb in ("upper_arm", "thigh") for side in "LR"]
ENDS = [f"ORG-{end}.{side}" for end in ("hand", "foot", "toe") for side in "LR"]
LIMBS = [f"ORG-{part}.{side}" for part in ("thigh", "shin", "upper_arm", "forearm") for side in "LR"] + ENDS
BOTH = RetargetOptions(controls="both")


@pytest.fixture
def person(empty_scene):
    return captured_person(empty_scene, lively_walk())


@pytest.fixture
def rig(person):
    return append_rigify(bpy.context.scene)


def org_map(rig):
    """The roles of the bones that deform, whichever controls move them."""
    return fitted(shipped_maps()["rigify_metarig"], rig.data.bones.keys(), "ORG-")


def values(action, path: str) -> np.ndarray:
    """(T, C) the keys of a property, all its channels."""
    curves = [curve for curve in curve_container(action).fcurves if curve.data_path == path]
    return np.array([[key.co[1] for key in curve.keyframe_points] for curve in curves]).T


def switch(action, to: float) -> None:
    """Give the keys of all switches between FK and IK one value."""
    for curve in curve_container(action).fcurves:
        if curve.data_path.endswith('["IK_FK"]'):
            curve.keyframe_points[0].co[1] = to
            curve.update()


def agree(rig, one, other, about_every_axis=LIMBS) -> None:
    """Joints within a centimetre, the way limbs point and whole turns within 2 degrees."""
    roles = org_map(rig)
    for role, first in limb_directions(one, roles).items():
        assert angles(first, limb_directions(other, roles)[role]).max() < 2.0, role
    for bone in LIMBS:
        assert np.linalg.norm(one.heads[bone] - other.heads[bone], axis=-1).max() < 0.01, bone
    for bone in about_every_axis:
        for axis in range(3):
            assert angles(one.axes[bone][..., axis], other.axes[bone][..., axis]).max() < 2.0, bone


def test_the_generated_rig_and_its_metarig_are_known_by_their_bones(empty_scene):
    assert rig_map_of(append_rigify(empty_scene)).name == "Rigify"
    assert rig_map_of(append_rigify(empty_scene, "metarig")).name == "Rigify metarig"


@pytest.mark.parametrize(
    ("name", "controls"), [("rig", "fk"), ("rig", "ik"), ("rig", "both"), ("metarig", "fk")]
)
def test_arms_legs_and_palms_point_and_twist_as_the_persons_do(empty_scene, person, name, controls):
    rig = append_rigify(empty_scene, name)
    options = RetargetOptions(controls=controls, feet=False)
    result = retarget_rig(empty_scene, person, rig, options=options)
    assert result.notes == ()
    of, onto = seen(empty_scene, person, FRAMES), seen(empty_scene, rig, FRAMES)
    roles = org_map(rig) if name == "rig" else rig_map_of(rig)
    wanted, got = limb_directions(of, rig_map_of(person)), limb_directions(onto, roles)
    for role in wanted:
        assert angles(wanted[role], got[role]).max() < 2.0, role
    wanted, got = hinges(of, rig_map_of(person)), hinges(onto, roles)
    for role in wanted:
        bends = np.linalg.norm(wanted[role], axis=-1) > np.sin(np.radians(25.0))
        assert bends.any()
        assert angles(wanted[role][bends], got[role][bends]).max() < 5.0, role
    for side, sign in (("L", 1.0), ("R", -1.0)):
        rest = np.array(person.data.bones[f"Hand.{side}"].matrix_local.to_3x3())
        palm = of.axes[f"Hand.{side}"] @ rest.T @ [0.0, 0.0, -1.0]
        prefix = "ORG-" if name == "rig" else ""
        index, little = (
            onto.heads[f"{prefix}f_{finger}.01.{side}"] - onto.heads[f"{prefix}hand.{side}"]
            for finger in ("index", "pinky")
        )
        assert angles(palm, sign * np.cross(little, index)).max() < 5.0


def test_standing_still_gives_the_rigs_own_trunk_head_and_feet(empty_scene):
    person = captured_person(empty_scene, rest_person(4))
    rig = append_rigify(empty_scene)
    retarget_rig(empty_scene, person, rig)
    onto, roles = seen(empty_scene, rig, [2]), org_map(rig)
    sided = [side + part for side in ("left", "right") for part in ("Shoulder", "Foot", "Toes")]
    for bone in (bone for role in ("hips", "spine", "neck", "head", *sided) for bone in roles.bones[role]):
        rest = np.array(rig.data.bones[bone].matrix_local)
        for axis in range(3):
            assert angles(onto.axes[bone][0][:, axis], rest[:3, axis]).max() < 1.0, bone
    hips = roles.bones["hips"][0]
    assert abs(onto.heads[hips][0, 2] - rig.data.bones[hips].head_local.z) < 0.01


def test_feet_that_stand_do_not_slide(empty_scene, person, rig):
    retarget_rig(empty_scene, person, rig)
    frames = np.arange(1, 61)
    stands = read_contacts(person.animation_data.action, frames)
    feet = foot_heads(seen(empty_scene, rig, frames), org_map(rig))
    steps = np.abs(np.diff(feet, axis=0))
    # While the sole lies flat, the ankle stands as still as the sole does.
    flat = stands[1:] & stands[:-1] & (steps[..., 2] < 2e-4)
    assert flat.sum() > 5
    assert np.linalg.norm(steps[..., :2], axis=-1)[flat].max() < 0.002


@pytest.mark.parametrize("carrier", ["hips", "root"])
def test_fk_and_ik_agree_whichever_the_switches_choose(empty_scene, person, rig, carrier):
    result = retarget_rig(empty_scene, person, rig, options=RetargetOptions(controls="both", carrier=carrier))
    assert result.notes == ()
    fk = seen(empty_scene, rig, FRAMES)
    switch(result.action, 0.0)
    ik = seen(empty_scene, rig, FRAMES)
    agree(rig, fk, ik)
    # Two ways to one pose, not one: what a solver finds is never the same to the bit.
    assert not np.array_equal(fk.axes["ORG-forearm.L"], ik.axes["ORG-forearm.L"])
    wanted, got = hinges(seen(empty_scene, person, FRAMES), rig_map_of(person)), hinges(ik, org_map(rig))
    for role in ("leftUpperLeg", "rightUpperLeg"):
        bends = np.linalg.norm(wanted[role], axis=-1) > np.sin(np.radians(25.0))
        assert angles(wanted[role][bends], got[role][bends]).max() < 5.0


def test_a_linked_rig_keeps_fk_and_ik_when_its_override_is_saved_and_opened_again(
    empty_scene, person, tmp_path
):
    with bpy.data.libraries.load(str(rigify_file()), link=True) as (_, wanted):
        wanted.objects = ["rig"]
    empty_scene.collection.objects.link(wanted.objects[0])
    rig = wanted.objects[0].override_hierarchy_create(empty_scene, bpy.context.view_layer)
    rig.override_library.is_system_override = False
    retarget_rig(empty_scene, person, rig, options=BOTH)
    before = seen(empty_scene, rig, FRAMES)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    scene, rig = bpy.context.scene, bpy.data.objects["rig"]
    assert rig.override_library.reference.library is not None
    agree(rig, before, seen(scene, rig, FRAMES))
    switch(rig.animation_data.action, 0.0)
    agree(rig, before, seen(scene, rig, FRAMES))


def test_fk_and_ik_agree_on_a_rig_that_is_turned_small_and_hangs_from_a_parent(empty_scene, person, rig):
    parent = bpy.data.objects.new("Vehicle", None)
    empty_scene.collection.objects.link(parent)
    parent.matrix_world = Matrix.Translation((3.0, -2.0, 0.0)) @ Matrix.Rotation(0.7, 4, "Z")
    rig.parent = parent
    rig.scale = (0.4, 0.4, 0.4)
    bpy.context.view_layer.update()
    result = retarget_rig(empty_scene, person, rig, options=BOTH)
    fk = seen(empty_scene, rig, FRAMES)
    switch(result.action, 0.0)
    agree(rig, fk, seen(empty_scene, rig, FRAMES))
    wanted = limb_directions(seen(empty_scene, person, FRAMES), rig_map_of(person))
    got = limb_directions(fk, org_map(rig))
    turn = np.array(Matrix.Rotation(0.7, 3, "Z"))
    for role in ("leftUpperArm", "rightLowerArm"):
        assert angles(wanted[role] @ turn.T, got[role]).max() < 2.0


def test_ik_alone_is_what_fk_alone_is_without_keys_on_the_limbs_fk_controls(empty_scene, person, rig):
    retarget_rig(empty_scene, person, rig)
    fk = seen(empty_scene, rig, FRAMES)
    result = retarget_rig(empty_scene, person, rig, options=RetargetOptions(controls="ik"))
    # As far as elbows and knees can be hinges.
    agree(rig, fk, seen(empty_scene, rig, FRAMES), ENDS)
    keyed = {curve.data_path for curve in curve_container(result.action).fcurves}
    assert not [path for path in keyed if '_fk."' in path or "_fk.L" in path or "_fk.R" in path]
    assert 'pose.bones["torso"].location' in keyed


def test_a_foots_control_stands_exactly_still_in_every_contact(empty_scene, person, rig):
    result = retarget_rig(empty_scene, person, rig, options=BOTH)
    stands = read_contacts(person.animation_data.action, np.arange(1, 61))
    for column, side in enumerate("LR"):
        frames = np.flatnonzero(stands[:, column])
        runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
        assert max(map(len, runs)) > 8
        for run in runs:
            assert_still(result.action, f"foot_ik.{side}", run)


def test_a_foots_control_stands_still_while_the_heel_leaves_the_floor(empty_scene):
    person = captured_person(empty_scene, on_tiptoe())
    rig = append_rigify(empty_scene)
    result = retarget_rig(empty_scene, person, rig, options=BOTH)
    fk = seen(empty_scene, rig, FRAMES[:13])
    switch(result.action, 0.0)
    ik = seen(empty_scene, rig, FRAMES[:13])
    agree(rig, fk, ik)
    for side in "LR":
        assert_still(result.action, f"foot_ik.{side}", slice(None))
        heel = ik.heads[f"ORG-foot.{side}"]
        assert np.ptp(heel[:, 2]) > 0.02
        assert np.linalg.norm(np.ptp(ik.heads[f"ORG-toe.{side}"], axis=0)) < 0.02


def on_tiptoe():
    """Somebody who rises on the balls of their feet and comes down again."""
    clip = rest_person(40)
    rise = 1.0 * np.sin(np.linspace(0.0, np.pi, 40)) ** 2
    rotations = clip.rotations.astype(float)
    for side in "LR":
        bent(rotations, f"{side}_Ankle", (1.0, 0.0, 0.0), rise)
        bent(rotations, f"{side}_Foot", (1.0, 0.0, 0.0), -rise)
    contacts = np.ones((40, 4))
    contacts[rise > 0.02, ::2] = 0.0
    lifted = clip.replace(rotations=rotations, contacts=contacts)
    below = soles(lifted).positions(lifted)[..., 2].min(axis=1)
    return lifted.replace(root=lifted.root - below[:, None] * [0.0, 0.0, 1.0])


def assert_still(action, bone: str, keys) -> None:
    for channel in ("location", "rotation_quaternion"):
        assert len(np.unique(values(action, f'pose.bones["{bone}"].{channel}')[keys], axis=0)) == 1


def test_switches_are_keyed_once_in_the_new_action_only(empty_scene, person, rig):
    result = retarget_rig(empty_scene, person, rig, options=BOTH)
    for parent in PARENTS:
        for name, wanted in (
            ("IK_FK", 1.0),
            ("IK_Stretch", 0.0),
            ("FK_limb_follow", 0.0),
            ("pole_vector", 1.0),
        ):
            assert values(result.action, f'pose.bones["{parent}"]["{name}"]').tolist() == [[wanted]]
        assert type(rig.pose.bones[parent]["pole_vector"]) is bool
    only_fk = retarget_rig(empty_scene, person, rig)
    keyed = [curve.data_path for curve in curve_container(only_fk.action).fcurves]
    assert 'pose.bones["thigh_parent.L"]["IK_FK"]' in keyed
    assert not [path for path in keyed if "_ik" in path or "stretch" in path.lower() or "pole" in path]


def test_nothing_but_the_action_and_the_switches_changes(empty_scene, person, rig):
    rig["mood"] = 0.25
    rig.pose.bones["chest"]["note"] = 3.0
    rig.pose.bones["jaw_master"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    before = new_action(rig, "Before")
    write_curve(curve_container(before), '["mood"]', 0, "", [1.0, 20.0], [0.25, 0.75])

    def kept():
        rest = [tuple(bone.bone.matrix_local.row[0]) for bone in rig.pose.bones]
        modes = [(bone.rotation_mode, tuple(bone.lock_location)) for bone in rig.pose.bones]
        bound = [(c.name, c.mute) for bone in rig.pose.bones for c in bone.constraints if "IK" not in c.name]
        drivers = [(driver.data_path, driver.mute) for driver in rig.animation_data.drivers]
        return rest, modes, bound, drivers, rig.pose.bones["chest"]["note"]

    then = kept()
    result = retarget_rig(empty_scene, person, rig, options=BOTH)
    assert kept() == then
    assert before.use_fake_user
    assert values(before, '["mood"]').tolist() == [[0.25], [0.75]]
    assert not [curve for curve in curve_container(result.action).fcurves if "mood" in curve.data_path]
    assert tuple(rig.pose.bones["jaw_master"].rotation_quaternion) == pytest.approx((0.8, 0.6, 0.0, 0.0))


def test_a_retarget_that_fails_half_way_leaves_switches_and_action_as_they_were(
    empty_scene, person, rig, monkeypatch
):
    before = new_action(rig, "Before")
    rig.pose.bones["thigh_parent.L"]["IK_Stretch"] = 0.5

    def fail(*_):
        raise RuntimeError("no keys today")

    monkeypatch.setattr(retargeting_in_blender, "write_target", fail)
    with pytest.raises(RuntimeError, match="no keys today"):
        retarget_rig(empty_scene, person, rig, options=BOTH)
    assert [rig.pose.bones["thigh_parent.L"][name] for name in ("IK_FK", "IK_Stretch")] == [0.0, 0.5]
    assert rig.pose.bones["thigh_parent.L"]["pole_vector"] is False
    assert rig.pose.bones["thigh_ik.L"].ik_stretch == pytest.approx(0.1)
    assert rig.animation_data.action == before


def test_a_switch_that_is_missing_or_driven_is_told_and_the_rest_is_done(empty_scene, person, rig):
    del rig.pose.bones["torso"]["neck_follow"]
    driver = rig.driver_add('pose.bones["thigh_parent.L"]["IK_FK"]').driver
    driver.expression = "1.0"
    result = retarget_rig(empty_scene, person, rig)
    notes = " ".join(result.notes)
    assert "no property 'neck_follow' on 'torso'" in notes
    assert "A driver decides 'IK_FK' of 'thigh_parent.L'" in notes
    assert values(result.action, 'pose.bones["thigh_parent.R"]["IK_FK"]').tolist() == [[1.0]]
