"""A scene of its own in which rigs are evaluated, so that the user's scene stays on its frame and untouched.

Only the given objects and what they depend on (parents, targets of constraints, drivers) are evaluated there:
no meshes, and hidden objects too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from numpy.typing import NDArray


class Stage:
    """Evaluates objects at any frame. Made by `on_stage`."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene = scene
        self._layer = scene.view_layers[0]

    def go_to(self, frame: float) -> None:
        """Evaluate at a scene frame; fractions count."""
        whole = int(np.floor(frame))
        self._scene.frame_set(whole, subframe=float(frame - whole))

    def update(self) -> None:
        """Evaluate what was changed, at the same frame."""
        # Not `ViewLayer.update`: it would let this stage write evaluated values into the user's data.
        self._layer.depsgraph.update()

    def evaluated(self, thing: bpy.types.Object) -> bpy.types.Object:
        """An object as it was evaluated last."""
        return thing.evaluated_get(self._layer.depsgraph)

    def pose(self, armature: bpy.types.Object) -> NDArray[np.float32]:
        """(B, 4, 4) matrices of all bones in the armature's space, in the order of its pose bones.

        **Convention**: column vectors: [:, :3, 1] is a bone's own y, [:, :3, 3] its head.
        """
        bones = self.evaluated(armature).pose.bones
        flat = np.empty(16 * len(bones), np.float32)
        bones.foreach_get("matrix", flat)
        return flat.reshape(-1, 4, 4).transpose(0, 2, 1)


@contextmanager
def on_stage(scene: bpy.types.Scene, *things: bpy.types.Object) -> Iterator[Stage]:
    """A stage with `things`, at the current frame and with the rate of `scene`; gone afterwards."""
    made = bpy.data.scenes.new("Stage")
    hidden = [thing for thing in dict.fromkeys(things) if thing.hide_viewport]
    try:
        made.render.fps, made.render.fps_base = scene.render.fps, scene.render.fps_base
        for thing in dict.fromkeys(things):
            made.collection.objects.link(thing)
        for thing in hidden:  # what is switched off is not evaluated anywhere
            thing.hide_viewport = False
        stage = Stage(made)
        stage.go_to(scene.frame_current_final)
        yield stage
    finally:
        for thing in hidden:
            thing.hide_viewport = True
        bpy.data.scenes.remove(made)
