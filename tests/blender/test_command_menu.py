"""Blender's search finds only what stands in a menu, so that every command has to stand in ours."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.panels.menu import COMMANDS  # noqa: E402
from reel2rig.blender_addon.registration import MODULES  # noqa: E402

pytestmark = pytest.mark.blender

# Buttons that mean nothing without the row, dialog or preferences page they stand in.
OF_A_ROW = {
    *("queue_move", "queue_remove", "queue_retry", "clear_queue", "discard_capture", "forget_people"),
    *("show_person", "toggle_person", "show_waiting", "merge_waiting", "split_waiting", "swap_waiting"),
    *("take_back_waiting", "drop_video", "range_from_playback", "check_body_file"),
    *("apply_cleanup_preset", "add_cleanup_preset", "capture_preset_add"),
    *("use_rig_map", "apply_rig_map_preset"),
    *("cancel_install", "remove_worker", "open_network_preferences"),
}


def operators() -> dict[str, type]:
    kinds = (cls for module in MODULES for cls in module.CLASSES if issubclass(cls, bpy.types.Operator))
    return {cls.bl_idname.partition(".")[2]: cls for cls in kinds}


def test_every_command_stands_in_the_menu_or_belongs_to_a_row() -> None:
    shown = {name for group in COMMANDS for name, _ in group}
    internal = {name for name, cls in operators().items() if "INTERNAL" in getattr(cls, "bl_options", ())}
    assert shown | OF_A_ROW | internal >= set(operators())
    assert shown <= set(operators()), "a command that is no longer there"
    assert not shown & (OF_A_ROW | internal)
