"""How much faster the bulk key writer is than `keyframe_insert`, and how long it takes for a long clip.

    python -m reel2rig.blender_addon.bench_keying [--runs 5] [--frames 500] [--long 10000]

prints one JSON object. Both sides key the same numbers on the same rig: a quaternion for each of 24 bones and
a location for Pelvis. `keyframe_insert` grows faster than the clip, so a ratio holds for its own length.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from ..core.motion.clip import MotionClip
from ..core.motion.rotations import quaternion_from_rotvec

# A rough standing person in SMPL axes, metres: which body it is makes no difference to the time.
_REST = np.array([
    (0, 0.95, 0), (0.1, 0.9, 0), (-0.1, 0.9, 0), (0, 1.05, 0), (0.1, 0.5, 0), (-0.1, 0.5, 0), (0, 1.15, 0),
    (0.1, 0.08, 0), (-0.1, 0.08, 0), (0, 1.25, 0), (0.1, 0.02, 0.13), (-0.1, 0.02, 0.13), (0, 1.45, 0),
    (0.07, 1.4, 0), (-0.07, 1.4, 0), (0, 1.55, 0), (0.18, 1.4, 0), (-0.18, 1.4, 0), (0.45, 1.4, 0),
    (-0.45, 1.4, 0), (0.7, 1.4, 0), (-0.7, 1.4, 0), (0.8, 1.4, 0), (-0.8, 1.4, 0),
])  # fmt: skip


def compare_keying(frames: int = 500, runs: int = 5, long_frames: int = 10_000) -> dict[str, Any]:
    """Time both ways of keying, in turn, in one process.

    Returns a JSON-able dict: `ratios.keyframe_insert_over_bulk_time` {min, median, max, runs} over paired
    runs, the seconds behind it, and the seconds that `long_frames` take in bulk.
    """
    import bpy

    from .scene.action import key_clip
    from .scene.armature import build_armature, rest_axes, rest_heads
    from .scene.bone_axes import rest_bones
    from .scene.names import BONES
    from .scene.rig_motion import bone_motion

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = build_armature(bpy.context.scene.collection, "Rig", rest_bones(_REST, (0, 0, 0.95)))
    clip, long_clip = _clip(frames), _clip(long_frames)

    def bulk(which: MotionClip = clip) -> None:
        key_clip(rig, which, np.arange(len(which)), "Bulk")

    def one_by_one() -> None:
        rotations, location = bone_motion(clip, rest_axes(rig), rest_heads(rig)[0], 1.0)
        bones = [rig.pose.bones[name] for name in BONES]
        for frame in range(frames):
            bones[0].location = location[frame]
            bones[0].keyframe_insert("location", frame=frame)
            for bone, rotation in zip(bones, rotations[frame], strict=True):
                bone.rotation_quaternion = rotation
                bone.keyframe_insert("rotation_quaternion", frame=frame)

    def timed(action: Callable[[], None]) -> float:
        start = time.perf_counter()
        action()
        seconds = time.perf_counter() - start
        rig.animation_data_clear()
        for old in list(bpy.data.actions):
            bpy.data.actions.remove(old)
        return seconds

    timed(bulk)  # once unmeasured: first calls pay for lazily made things
    pairs = []
    for run in range(runs):
        # Turns alternate, so that whatever slows the machine down falls on both sides alike.
        slow_first = timed(one_by_one) if run % 2 else None
        fast = timed(bulk)
        pairs.append((timed(one_by_one) if slow_first is None else slow_first, fast))
    ratios = [slow / fast for slow, fast in pairs]
    return {
        "ratios": {
            "keyframe_insert_over_bulk_time": {
                "min": min(ratios),
                "median": statistics.median(ratios),
                "max": max(ratios),
                "runs": runs,
            }
        },
        "keyframe_insert_seconds": [slow for slow, _ in pairs],
        "bulk_seconds": [fast for _, fast in pairs],
        "long_bulk_seconds": [timed(lambda: bulk(long_clip)) for _ in range(3)],
        "inputs": {"frames": frames, "bones": len(BONES), "long_frames": long_frames},
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
        "versions": {"blender": bpy.app.version_string, "python": platform.python_version()},
    }


def _clip(frames: int) -> MotionClip:
    times = np.arange(frames) / 30
    swing = 0.5 * np.sin(times[:, None, None] * np.linspace(1, 6, 72).reshape(24, 3))
    return MotionClip(
        rotations=quaternion_from_rotvec(swing),
        root=np.stack([np.sin(times), 0.95 + 0 * times, times], axis=-1),
        betas=np.zeros(10),
        rest_joints=_REST,
        fps=Fraction(30),
        frames=np.arange(frames),
        valid=np.ones(frames, bool),
        contacts=np.zeros((frames, 4)),
        space="world_yup",
    )


def main(arguments: list[str]) -> None:
    """Print the comparison as JSON and end the process."""
    parser = argparse.ArgumentParser(prog="bench_keying", description=compare_keying.__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--long", type=int, default=10_000)
    given = parser.parse_args(arguments)
    print(json.dumps(compare_keying(given.frames, given.runs, given.long), indent=1))
    sys.stdout.flush()
    os._exit(0)  # some Blender versions crash while they are taken down


if __name__ == "__main__":
    main(sys.argv[1:])
