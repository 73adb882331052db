"""Every panel draws in every scene, and every button and field explains itself."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

bpy = pytest.importorskip("bpy")

from drawn_layout import DrawnLayout, draw_panel  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.preferences import Reel2RigPreferences  # noqa: E402
from reel2rig.blender_addon.registration import MODULES  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, BuiltCapture, build_capture  # noqa: E402
from reel2rig.blender_addon.waiting_people import close_waiting, open_waiting  # noqa: E402

pytestmark = [pytest.mark.blender, pytest.mark.usefixtures("no_plan_is_looked_up")]
CLASSES = [cls for module in MODULES for cls in module.CLASSES]
PANELS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel)]
MENUS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Menu)]
WIDTH = 36  # characters that surely fit beside an icon in the sidebar as Blender opens it


def person_active(built: BuiltCapture) -> None:
    bpy.context.view_layer.objects.active = built.people[0].armature


def several_selected(built: BuiltCapture) -> None:
    person_active(built)
    for person in built.people:
        person.armature.select_set(True)


def camera_active(built: BuiltCapture) -> None:
    bpy.context.view_layer.objects.active = built.camera


def skeleton_only(built: BuiltCapture) -> None:
    person_active(built)
    bpy.ops.reel2rig.remove_body_mesh()


def corrected(built: BuiltCapture) -> None:
    person_active(built)
    bpy.ops.reel2rig.add_corrections()


def action_deleted(built: BuiltCapture) -> None:
    person_active(built)
    bpy.data.actions.remove(built.people[0].action)


def clip_damaged(built: BuiltCapture) -> None:
    person_active(built)
    built.people[0].armature["reel2rig_clip"].from_string("nothing")
    built.people[0].armature["reel2rig_cleanup"] = "{broken"


def person_elsewhere(built: BuiltCapture) -> None:
    """The collections are deleted, as in the Outliner, and one person was kept by another collection."""
    bpy.context.scene.collection.objects.link(built.people[0].armature)
    person_active(built)
    collections_deleted(built)


def collections_deleted(built: BuiltCapture) -> None:
    for one in (*built.collection.children_recursive, built.collection):
        bpy.data.collections.remove(one)


STATES: list[tuple[Callable[[BuiltCapture], None], set[str], set[str]]] = [
    (person_active, {"<hide_viewport>", "<betas>", "<foot_lock>", "[Clean Up Again]"}, {"[Add Body Mesh]"}),
    (several_selected, {"[Merge People]", "[Copy Clean-up to Selected]"}, set()),
    (camera_active, {"[Look Through Camera]", "<focal_mm>", "<heading>"}, {"[Clean Up Again]"}),
    (skeleton_only, {"[Add Body Mesh]", "<betas>"}, {"<hide_viewport>"}),
    (corrected, {"<action_influence>", "[Clean Up Again]"}, {"[Add Corrections Layer]"}),
    (action_deleted, {"[Clean Up Again]", "<foot_lock>"}, set()),
    (clip_damaged, {"[Reset]"}, {"<foot_lock>", "<betas>"}),
    (person_elsewhere, {"<betas>"}, {"[Merge People]", "<focal_mm>"}),
    (collections_deleted, {"Nobody captured here yet"}, {"[Clean Up Again]", "<betas>", "<focal_mm>"}),
]


def everything() -> DrawnLayout:
    """All panels as they are drawn now. The menus are drawn too, but say the same at any time."""
    layout = DrawnLayout()
    for panel in PANELS:
        draw_panel(panel, layout=layout)
    for menu in MENUS:
        draw_panel(menu)
    return layout


@pytest.mark.parametrize(
    ("make", "there", "absent"), [pytest.param(*state, id=state[0].__name__) for state in STATES]
)
def test_all_panels_draw_whatever_the_scene_holds(addon, make_clip, make_job, make, there, absent):
    result = read_result(make_job(make_clip(frames=8), make_clip(frames=8, track="2", offset=0.8)))
    make(build_capture(addon, result, BuildOptions()))
    layout = everything()
    assert there <= set(layout.lines)
    assert not absent & set(layout.lines)
    assert [text for text in layout.texts if len(text) > WIDTH] == []


def test_a_person_cannot_be_split_once_taken_out_of_the_capture(addon, make_clip, make_job):
    built = build_capture(addon, read_result(make_job(make_clip(frames=8))), BuildOptions(skin=False))
    addon.frame_set(4)
    person_active(built)
    assert bpy.ops.reel2rig.split_track.poll()
    person_elsewhere(built)
    assert not bpy.ops.reel2rig.split_track.poll()
    assert bpy.ops.reel2rig.keep_real_time.poll()


def test_in_an_empty_scene_all_panels_say_what_to_do_first(addon):
    layout = everything()
    for told in ("Nobody captured here yet", "Select a captured person", "Worker not installed"):
        assert told in layout.texts
    assert [text for text in layout.texts if len(text) > WIDTH] == []


def test_a_waiting_capture_draws_closed_and_with_its_people(waiting):
    closed = everything()
    assert "dance für zwei.mp4" in [thing.text for thing in closed.all("operator")]
    assert "[Merge]" not in closed.lines
    open_waiting(waiting)
    opened = everything()
    close_waiting(waiting)
    assert {"[Merge]", "[Split]", "[Swap]"} <= set(opened.lines)
    assert opened.texts.count("Frames 0 to 7") == 2


@pytest.mark.parametrize("choices", [{}, {"worker_in": "EXISTING"}, {"torch_build": "CUSTOM"}])
def test_the_preferences_draw_with_every_choice(addon, choices):
    rna = Reel2RigPreferences.bl_rna
    own = ("home", "worker_in", "existing_python", "torch_build", "torch_index")
    chosen = {name: rna.properties[name].default for name in own} | choices
    layout = DrawnLayout()
    Reel2RigPreferences.draw(SimpleNamespace(layout=layout, bl_rna=rna, **chosen), bpy.context)
    assert {"<worker_in>", "<proxy>", "<home>"} <= set(layout.lines)
    assert ("<existing_python>" in layout.lines) == ("worker_in" in choices)
    assert ("<torch_index>" in layout.lines) == ("torch_build" in choices)


# ---- what every button and field tells ----


def explains(text: str) -> bool:
    """Blender adds the full stop itself."""
    return bool(text) and not text[0].islower() and not text.endswith(".")


def shown(cls: Any) -> list[Any]:
    """The properties of a class of ours that a user may see."""
    theirs = {"rna_type", "name", "bl_idname"}
    rna = cls.bl_rna
    if issubclass(cls, bpy.types.Operator):
        rna = getattr(bpy.ops.reel2rig, cls.bl_idname.partition(".")[2]).get_rna_type()
    return [one for name, one in rna.properties.items() if name not in theirs and not one.is_hidden]


def test_every_button_has_a_name_and_explains_itself():
    operators = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
    assert len(operators) > 40
    for cls in operators:
        assert cls.bl_label[0].isupper(), cls
        if "INTERNAL" not in getattr(cls, "bl_options", ()):
            assert explains(cls.bl_description), cls


def test_every_field_and_each_of_its_choices_explains_itself(addon):
    groups = [cls for cls in CLASSES if issubclass(cls, bpy.types.PropertyGroup | bpy.types.AddonPreferences)]
    assert len(groups) >= 7
    silent = []
    for cls in (*groups, *(one for one in CLASSES if issubclass(one, bpy.types.Operator))):
        for one in shown(cls):
            items = one.enum_items if one.type == "ENUM" else ()
            told = [one.description, *(item.description for item in items)]
            silent += [f"{cls.__name__}.{one.identifier}"] * (not all(map(explains, told)))
    assert silent == []


def test_a_greyed_out_button_says_why(addon, monkeypatch):
    told: dict[type, str] = {}
    grey = []
    for cls in (one for one in CLASSES if issubclass(one, bpy.types.Operator) and hasattr(one, "poll")):
        with monkeypatch.context() as patch:
            patch.setattr(
                cls, "poll_message_set", lambda reason, cls=cls: told.update({cls: reason}), raising=False
            )
            if not cls.poll(bpy.context):
                grey.append(cls)
    assert len(grey) > 20
    assert [cls.__name__ for cls in grey if not explains(told.get(cls, ""))] == []


# ---- the stand-in itself ----


@pytest.mark.parametrize(
    "mistake",
    [
        lambda layout: layout.label(icon="NO_SUCH_ICON"),
        lambda layout: layout.label("not named"),
        lambda layout: layout.label(text=None),
        lambda layout: layout.row(alihn=True),
        lambda layout: setattr(layout, "alignment", "MIDDLE"),
        lambda layout: layout.prop(bpy.context.scene, "no_such_property"),
        lambda layout: layout.prop(None, "name"),
        lambda layout: layout.prop(bpy.context.scene.cursor, "location", index=3),
        lambda layout: layout.operator("reel2rig.no_such_operator"),
        lambda layout: setattr(layout.operator("reel2rig.queue_move"), "no_such_property", 1),
        lambda layout: setattr(layout.operator("reel2rig.queue_move"), "steps", "one"),
        lambda layout: layout.menu("NO_MT_such_menu"),
        lambda layout: layout.popover("VIEW3D_MT_object"),
        lambda layout: layout.progress(factor=1.1, type="BAR", text=""),
        lambda layout: layout.template_histogram(bpy.context.scene, "name"),
    ],
)
def test_the_layout_of_these_tests_refuses_mistakes(addon, mistake):
    with pytest.raises((AssertionError, KeyError)):
        mistake(DrawnLayout())


def test_greyed_out_rows_grey_what_was_drawn_in_them_before(addon):
    layout = DrawnLayout()
    row = layout.row().box()
    row.operator("reel2rig.open_logs")
    assert layout.buttons["reel2rig.open_logs"] == ("Open Log Folder", True)
    row.enabled = row.active = False
    (button,) = layout.all("operator")
    assert (button.usable, button.active, button.boxed) == (False, False, True)
