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
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.handwork import captured_paths  # noqa: E402
from reel2rig.blender_addon.scene.layers import add_corrections, capture_action  # noqa: E402
from reel2rig.blender_addon.scene.rederive import is_up_to_date, rederive, rederive_capture  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import (  # noqa: E402
    CLEANUP,
    CONTACTS as EDITED_CONTACTS,
    cleanup_of,
    keep_cleanup,
    keep_placement,
)
from reel2rig.core.motion.cleanup.settings import BadCleanup, Cleanup, Placement  # noqa: E402

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
