"""Reel2Rig turns an ordinary video of people into animation in Blender.

    from reel2rig import Cleanup, capture, clean_up, save
    clips = capture("dance.mp4")
    cleaned = clean_up(clips[0], Cleanup(foot_lock=1.0))
    save("dance.npz", cleaned.clip)

These are the functions that the command line and the operators call themselves; docs/python-api.md tells of
each. Everything is imported on first use, so that `import reel2rig` costs nothing and works inside Blender.
"""

from importlib import import_module
from typing import Any

_ANYWHERE = {
    "capture": (".bridge.capture", "capture_clips"),
    "capture_to_file": (".bridge.capture", "run_capture"),
    "CaptureSettings": (".core.pipeline.settings", "CaptureSettings"),
    "MotionClip": (".core.motion.clip", "MotionClip"),
    "load": (".core.results.read", "read_motion"),
    "save": (".core.motion.files.save", "save_motion"),
    "convert": (".bridge.convert", "convert_file"),
    "clean_up": (".core.motion.cleanup.derive", "derive"),
    "Cleanup": (".core.motion.cleanup.settings", "Cleanup"),
    "RetargetOptions": (".core.motion.retarget.options", "RetargetOptions"),
    "RigMap": (".core.motion.retarget.rig_map", "RigMap"),
    "Reel2RigError": (".core.errors", "Reel2RigError"),
    "__version__": (".bridge.version", "VERSION"),
}
# Named here and imported nowhere: only a Python that has bpy can load them, and the licence of Blender's side
# stays on that side.
_IN_BLENDER = {
    "gather": (".blender_addon.capture_result", "result_of_clips"),
    "read_capture": (".blender_addon.capture_result", "read_result"),
    "build": (".blender_addon.scene.cleaned", "build_cleaned"),
    "BuildOptions": (".blender_addon.scene.build", "BuildOptions"),
    "retarget": (".blender_addon.scene.rigs.retarget_rig", "retarget_rig"),
    "export": (".blender_addon.scene.export.rig", "export_rig"),
    "ExportOptions": (".blender_addon.scene.export.options", "ExportOptions"),
}
_WHERE = {**_ANYWHERE, **_IN_BLENDER}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _WHERE[name]
    try:
        value = getattr(import_module(module, __name__), attribute)
    except ModuleNotFoundError as error:
        if error.name != "bpy":
            raise
        raise ModuleNotFoundError(
            f"reel2rig.{name} works inside Blender: run it there, or pip install 'reel2rig[blender]'.",
            name="bpy",
        ) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
