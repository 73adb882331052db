"""Build a capture and clean its people up: what landing in a scene does, and a Blender without a window."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import bpy

from ...core.motion.cleanup.settings import Cleanup
from ..capture_result import CaptureResult
from .build import BuildOptions, BuiltCapture, build_capture
from .placing import fit_scene, fit_time
from .rederive import rederive
from .stored_settings import keep_cleanup


def build_cleaned(
    scene: bpy.types.Scene,
    result: CaptureResult,
    options: BuildOptions | None = None,
    cleanup: Cleanup | None = None,
) -> tuple[BuiltCapture, tuple[str, ...]]:
    """Build every person of a capture and give each a clean-up, which stays with them and can be changed.

    Returns what was built, and the notes of the clean-up. Raises as `build_capture` and `rederive`.
    """
    built = build_capture(scene, result, options)
    notes: dict[str, None] = {}
    if cleanup is not None and cleanup != Cleanup():
        for person in built.people:
            keep_cleanup(person.armature, cleanup)
            notes |= dict.fromkeys(rederive(scene, person.armature).notes)
    return built, tuple(notes)


def build_at_rate(
    scene: bpy.types.Scene,
    result: CaptureResult,
    options: BuildOptions,
    cleanup: Cleanup | None,
    rate: Fraction,
) -> tuple[BuiltCapture, tuple[str, ...]]:
    """As `build_cleaned`, with the scene at `rate` frames a second and the keys on its whole frames."""
    picture = options.match_scene is not False
    if picture:
        fit_scene(scene, result.footage, options.frame_start)
    first = scene.frame_start if options.frame_start is None else options.frame_start
    fit_time(scene, rate, first, first)
    if rate != result.footage.fps:
        cleanup = dataclasses.replace(cleanup or Cleanup(), resample=True)
    options = dataclasses.replace(options, match_scene=False, frame_start=first)
    built, notes = build_cleaned(scene, result, options, cleanup)
    fit_time(scene, rate, first, built.placing.last(result.footage.trim))
    if picture and built.camera is not None:
        scene.camera = built.camera
    return built, notes
