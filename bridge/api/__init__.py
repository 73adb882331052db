"""Reel2Rig turns an ordinary video of people into animation in Blender.

    from reel2rig import capture
    clips = capture("dance.mp4")

Everything is imported on first use, so that `import reel2rig` costs nothing and works inside Blender.
"""

from importlib import import_module

_WHERE = {
    "capture": (".bridge.capture", "capture_clips"),
    "capture_to_file": (".bridge.capture", "run_capture"),
    "CaptureSettings": (".core.pipeline.settings", "CaptureSettings"),
    "MotionClip": (".core.motion.clip", "MotionClip"),
    "read_clip": (".core.motion.files.npz", "read_clip"),
    "write_clip": (".core.motion.files.npz", "write_clip"),
    "Reel2RigError": (".core.errors", "Reel2RigError"),
    "__version__": (".bridge.version", "VERSION"),
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _WHERE[name]
    value = getattr(import_module(module, __name__), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
