"""Keys made anew from the packed clip: exact, repeatable, and never at the cost of hand work."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.contact_curves import CONTACTS  # noqa: E402
from reel2rig.blender_addon.scene.doubts import gap_frames  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.handwork import captured_paths  # noqa: E402
from reel2rig.blender_addon.scene.layers import add_corrections, capture_action  # noqa: E402
from reel2rig.blender_addon.scene.made import EDITED, read_made  # noqa: E402
from reel2rig.blender_addon.scene.match import follow_scene_rate, match_scene  # noqa: E402
from reel2rig.blender_addon.scene.people import capture_of  # noqa: E402
from reel2rig.blender_addon.scene.rederive import is_up_to_date, rederive, rederive_capture  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import (  # noqa: E402
    CLEANUP,
    cleanup_of,
    contacts_of,
    forget_contacts,
    keep_cleanup,
    keep_placement,
)
from reel2rig.core.motion.cleanup.settings import BadCleanup, Cleanup, Placement  # noqa: E402
from reel2rig.core.motion.spaces import to_space  # noqa: E402

pytestmark = pytest.mark.blender
BONES_ONLY = BuildOptions(skin=False)


def keys(action) -> dict[tuple[str, int], np.ndarray]:
    """All keys of the bones, (T, 2) for each curve."""
    found = {}
    for curve in curve_container(action).fcurves:
        if curve.data_path in captured_paths():
            points = np.empty((len(curve.keyframe_points), 2), np.float32)
            curve.keyframe_points.foreach_get("co", points.ravel())
            found[curve.data_path, curve.array_index] = points
    return found


def same_keys(first, second) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[k], second[k]) for k in first)


def choose(person, **changes) -> None:
    keep_cleanup(person, replace(cleanup_of(person), **changes))


def strips_of(person, action) -> list:
    tracks = person.animation_data.nla_tracks
    return [strip for track in tracks for strip in track.strips if strip.action == action]


@pytest.fixture
def build(empty_scene, make_clip, make_job):
    """Build one person of a made-up capture; returns the armature."""

    def make(options: BuildOptions = BONES_ONLY, **clip):
        return (
            build_capture(empty_scene, read_result(make_job(make_clip(**clip))), options).people[0].armature
        )

    return make


@pytest.mark.parametrize(
    ("fps", "scene_fps", "unit"),
    [(Fraction(30), 30, 1.0), (Fraction(30000, 1001), 24, 1.0), (Fraction(60), 25, 0.01)],
    ids=["same rate", "film rate", "centimetres"],
)
def test_default_settings_reproduce_the_keys_of_the_plain_build_exactly(
    empty_scene, build, fps, scene_fps, unit
):
    empty_scene.render.fps, empty_scene.unit_settings.scale_length = scene_fps, unit
    person = build(BuildOptions(frame_start=11, match_scene=False, skin=False), fps=fps, first=7)
    before = keys(capture_action(person))
    made = rederive(empty_scene, person)
    assert not made.is_new
    assert same_keys(keys(made.action), before)
    choose(person, smoothing=3.0)
    rederive(empty_scene, person)
    assert not same_keys(keys(made.action), before)
    keep_cleanup(person, Cleanup())
    rederive(empty_scene, person)
    assert same_keys(keys(made.action), before)


def test_it_works_on_another_computer_from_the_blend_alone(empty_scene, build, tmp_path):
    person = build()
    choose(person, smoothing=2.0)
    rederive(empty_scene, person)
    expected, name = keys(capture_action(person)), person.name
    choose(person, smoothing=0.0)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    for file in (tmp_path / "job").iterdir():
        file.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    scene, person = bpy.context.scene, bpy.data.objects[name]
    assert not is_up_to_date(scene, person)
    choose(person, smoothing=2.0)
    assert is_up_to_date(scene, person)
    assert same_keys(keys(rederive(scene, person).action), expected)


def test_the_pose_in_the_viewport_follows_without_a_change_of_frame(empty_scene, build):
    person = build()
    empty_scene.frame_set(10)
    hand = person.pose.bones["Hand.L"]
    before = hand.head.copy()
    choose(person, smoothing=8.0)
    rederive(empty_scene, person)
    bpy.context.view_layer.update()
    assert (hand.head - before).length > 0.001
    now = hand.head.copy()
    empty_scene.frame_set(11)
    empty_scene.frame_set(10)
    assert (hand.head - now).length < 1e-6


def test_keys_edited_by_hand_are_kept_in_their_action_and_the_result_goes_to_another(empty_scene, build):
    person = build()
    old = capture_action(person)
    curve_container(old).fcurves.find('pose.bones["Head"].rotation_quaternion', index=1).keyframe_points[
        4
    ].co[1] += 0.1
    mine = old.fcurves if not hasattr(old, "slots") else curve_container(old).fcurves
    mine.new("location", index=0).keyframe_points.insert(3, 7.0)
    edited = keys(old)
    choose(person, smoothing=2.0)
    made = rederive(empty_scene, person)
    assert made.is_new
    assert made.action != old
    assert same_keys(keys(old), edited)
    assert old.use_fake_user
    assert made.action.name.startswith(old.name)
    assert (person.animation_data.action, capture_action(person)) == (made.action, made.action)
    assert made.action[EDITED] == old
    # What the animator keyed beside the capture is still played.
    assert curve_container(made.action).fcurves.find("location", index=0).keyframe_points[0].co[1] == 7.0
    choose(person, smoothing=3.0)
    assert not rederive(empty_scene, person).is_new
    assert len(bpy.data.actions) == 2


def test_a_strip_plays_the_whole_motion_however_long_it_becomes_and_corrections_stay(empty_scene, build):
    person = build(frames=41)
    action = capture_action(person)
    corrections = add_corrections(person)
    person.pose.bones["Head"].location = (0, 0, 0.1)
    person.pose.bones["Head"].keyframe_insert("location", frame=5)
    for speed, end in ((0.5, 81.0), (2.0, 21.0), (1.0, 41.0)):
        choose(person, speed=speed)
        assert rederive(empty_scene, person).action == action
        (strip,) = strips_of(person, action)
        assert (strip.frame_start, strip.frame_end) == pytest.approx((1, end))
        assert (strip.action_frame_start, strip.action_frame_end) == pytest.approx((1, end))
    assert person.animation_data.action == corrections
    assert len(curve_container(corrections).fcurves) == 3


def test_an_edited_capture_on_a_strip_gives_its_strip_to_the_new_action(empty_scene, build):
    person = build()
    old = capture_action(person)
    add_corrections(person)
    curve_container(old).fcurves[5].keyframe_points[0].co[1] += 0.5
    made = rederive(empty_scene, person)
    assert made.is_new
    assert not strips_of(person, old)
    assert len(strips_of(person, made.action)) == 1


def contact_keys(person, foot: int) -> list[tuple[float, float]]:
    curve = curve_container(capture_action(person)).fcurves.find(f'["{CONTACTS[foot]}"]')
    return [tuple(point.co) for point in curve.keyframe_points]


def set_contact(person, foot: int, first: float, last: float) -> None:
    """Let the animator say: this foot stands from scene frame `first` to `last` and nowhere else."""
    curve = curve_container(capture_action(person)).fcurves.find(f'["{CONTACTS[foot]}"]')
    curve.keyframe_points.clear()
    for frame, value in ((0.0, 0.0), (first, 1.0), (last, 0.0)):
        curve.keyframe_points.insert(frame, value).interpolation = "CONSTANT"


@pytest.mark.parametrize(
    "then",
    [{}, {"mirror": True}, {"speed": 0.5}, {"speed": 1.5, "resample": True}, {"loop": True}],
    ids=["as captured", "mirrored", "slow", "on whole frames", "looped"],
)
def test_edited_contacts_are_those_of_the_video_whatever_is_chosen_then_and_later(empty_scene, build, then):
    person = build(frames=40, first=5)
    choose(person, **then)
    rederive(empty_scene, person)
    speed = then.get("speed", 1.0)
    # The foot that stands in frames 10 to 19 of the clip, as it is shown with these settings.
    shown = 1 if then.get("mirror") else 0
    set_contact(person, shown, 1 + 10 / speed, 1 + 20 / speed)
    keep_cleanup(person, Cleanup(smoothing=1.0))
    made = rederive(empty_scene, person)
    assert not made.is_new  # contacts are asked for; hand work they are not
    found = contact_keys(person, 0)
    assert [value for _, value in found] == [0.0, 1.0, 0.0]
    # At a lower rate a key could only say the nearest frame.
    assert [frame for frame, _ in found] == pytest.approx([1, 11, 21], abs=1 if "resample" in then else 0)
    assert contact_keys(person, 1) == [(1.0, 0.0)]
    # They stay, through other settings and the next time, until they are forgotten.
    rederive(empty_scene, person)
    assert contact_keys(person, 0) == found
    forget_contacts(person)
    rederive(empty_scene, person, take_contacts=False)
    assert contact_keys(person, 0) == [(1.0, 0.0)]


def test_moving_nothing_in_the_contacts_is_no_edit(empty_scene, build, make_clip):
    person = build()
    choose(person, speed=1.37, resample=True)
    rederive(empty_scene, person)
    set_contact(person, 0, 500.0, 501.0)  # other keys, but they say the same
    rederive(empty_scene, person)
    assert contacts_of(person, to_space(make_clip(), "blender")) is None


def test_a_placement_moves_all_people_and_the_camera_as_one(empty_scene, make_clip, make_job):
    clips = [make_clip(frames=6, track=str(n), offset=float(n)) for n in (1, 2)]
    built = build_capture(empty_scene, read_result(make_job(*clips)), BONES_ONLY)
    people = [person.armature for person in built.people]

    def places() -> np.ndarray:
        bpy.context.view_layer.update()
        return np.array([*(person.pose.bones["Pelvis"].head for person in people), built.camera.location])

    before = places()
    keep_placement(built.collection, Placement(height=0.5, start=(2.0, -1.0)))
    assert not any(is_up_to_date(empty_scene, person) for person in people)
    assert len(rederive_capture(empty_scene, built.collection)) == 2
    assert np.allclose(places() - before, [2.0, -1.0, 0.5], atol=1e-5)
    assert all(is_up_to_date(empty_scene, person) for person in people)


def test_a_linked_duplicate_is_given_an_action_of_its_own(empty_scene, build):
    person = build()
    action, before = capture_action(person), keys(capture_action(person))
    person.select_set(True)
    bpy.context.view_layer.objects.active = person
    bpy.ops.object.duplicate(linked=True)
    twin = bpy.context.object
    assert capture_action(twin) == action
    choose(twin, smoothing=3.0)
    assert rederive(empty_scene, twin).is_new
    assert same_keys(keys(action), before)
    assert capture_action(person) == action
    assert capture_action(twin) != action
    assert capture_action(twin).get(EDITED) is None  # nobody edited keys
    assert cleanup_of(person) == Cleanup()


@pytest.mark.parametrize("text", ["not json", "[1]", '{"smoothing": "much"}', '{"unheard_of": 1}', 7])
def test_settings_that_cannot_be_read_are_refused_with_a_way_out_and_nothing_is_changed(
    empty_scene, build, text
):
    person = build()
    before = keys(capture_action(person))
    person[CLEANUP] = text
    with pytest.raises(BadCleanup, match="press Reset Clean-up"):
        rederive(empty_scene, person)
    assert same_keys(keys(capture_action(person)), before)


def test_a_long_gap_gets_no_keys_and_is_marked(empty_scene, make_clip, make_job):
    valid = np.ones(120, bool)
    valid[30:90] = False
    clip = make_clip(frames=120).replace(valid=valid)
    person = build_capture(empty_scene, read_result(make_job(clip)), BONES_ONLY).people[0].armature
    action = rederive(empty_scene, person).action
    frames = keys(action)['pose.bones["Head"].rotation_quaternion', 0][:, 0]
    assert not np.any((frames >= 31) & (frames <= 90))
    assert gap_frames(action).tolist() == [31.0]


def test_a_note_on_the_action_tells_what_it_was_made_from(empty_scene, build):
    person = build()
    choose(person, speed=2.0, travel="in place")
    made = read_made(rederive(empty_scene, person).action)
    assert made.cleanup == cleanup_of(person)
    assert not made.overlay
    assert "no longer covers the video" in " ".join(made.notes)
    assert (made.kept, made.keys) == (99 * 40, 99 * 40)


@pytest.mark.parametrize("by_hand", [False, True], ids=["as derived", "edited by hand"])
def test_matching_the_scene_and_following_its_rate_keep_keys_on_the_time_of_the_video(
    empty_scene, build, by_hand
):
    empty_scene.render.fps = 24
    person = build(BuildOptions(frame_start=10, match_scene=False, skin=False), frames=31)
    home, action = capture_of(empty_scene, person), capture_action(person)
    if by_hand:
        curve_container(action).fcurves[5].keyframe_points[0].co[1] += 0.5
    value = curve_container(action).fcurves[5].keyframe_points[0].co[1]
    match_scene(empty_scene, home)
    assert capture_action(person) == action
    assert tuple(action.curve_frame_range) == pytest.approx((10, 40))
    empty_scene.render.fps = 60
    follow_scene_rate(empty_scene, home, [person])
    assert tuple(action.curve_frame_range) == pytest.approx((10, 70))
    assert curve_container(action).fcurves[5].keyframe_points[0].co[1] == value
    assert contacts_of(person, None) is None


def test_somebody_without_a_capture_around_them_keeps_real_time_too(empty_scene, build):
    """As after appending a person into another file."""
    empty_scene.render.fps = 24
    person = build(BuildOptions(frame_start=10, match_scene=False, skin=False), frames=31)
    bpy.data.collections.remove(capture_of(empty_scene, person))
    empty_scene.collection.objects.link(person)
    empty_scene.render.fps = 60
    follow_scene_rate(empty_scene, None, [person])
    assert tuple(capture_action(person).curve_frame_range) == pytest.approx((10, 70))
