"""With and without the landmark anchor loss, after the paper's figure 8: meshes and joints of two networks
against the truth, from the front and from the side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.body import BodyTemplate
from ..motion.kinematics import forward_kinematics
from ..motion.skeletons import SMPL_PARENTS
from .mesh_view import LARGER, Colour, Image, Viewpoint, draw_meshes, laid_over, reduced, side_view

Array = NDArray[Any]

PANEL, GAP, PAPER = 176, 6, 246  # pixels, pixels, grey
MARGIN = 1.06  # of the bodies' extent
TRUTH, WITH, WITHOUT = (150, 152, 158), (96, 150, 206), (232, 138, 84)
NAMES = ("truth", "with anchor loss", "without", "joints")
HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE = 15, 20, 21, 7, 8
ANCHORS = (HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE)
UP = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True, eq=False)
class Posed:
    """One body in camera axes (x right, y down, z forward): rotations (24, 3, 3), betas (10,)."""

    rotations: Array
    betas: Array


@dataclass(frozen=True, eq=False)
class ComparedFrame:
    """One frame: its truth and what two networks make of it. `title` stands beside it."""

    title: str
    truth: Posed
    with_anchor: Posed
    without_anchor: Posed

    @property
    def bodies(self) -> tuple[Posed, Posed, Posed]:
        return self.truth, self.with_anchor, self.without_anchor


def anchor_sheet(frames: Sequence[ComparedFrame], body: BodyTemplate) -> Image:
    """The sheet, RGB: a row a frame; truth, with, without and all joints, from the front and from the right.

    All three bodies stand with their pelvis on one point, as the errors are measured without translation.
    """
    rows = [_headings()]
    for frame in frames:
        meshes = [_posed(item, body) for item in frame.bodies]
        joints = [_joints(item, body) for item in frame.bodies]
        corners = np.concatenate(meshes)
        low, high = corners.min(0), corners.max(0)
        middle, metres = (low + high) / 2, MARGIN * float((high - low).max())
        front = Viewpoint(np.eye(3), -middle, PANEL / metres, PANEL, PANEL, parallel=True)
        side = side_view(UP, np.array([0.0, 0.0, 1.0]), middle, metres, PANEL)
        panels = [panel for view in (front, side) for panel in _panels(meshes, joints, body.faces, view)]
        rows.append(_label(frame.title, len(panels)))
        rows.append(_beside(panels))
    return np.vstack([part for row in rows for part in (row, _blank(GAP, row.shape[1]))])


def _panels(meshes: Sequence[Array], joints: Sequence[Array], faces: Array, view: Viewpoint) -> list[Image]:
    panels = [
        laid_over(_blank(PANEL, PANEL), draw_meshes([mesh], faces, view, [colour]))
        for mesh, colour in zip(meshes, (TRUTH, WITH, WITHOUT), strict=True)
    ]
    return [*panels, laid_over(_blank(PANEL, PANEL), _skeletons(joints, view))]


def _posed(item: Posed, body: BodyTemplate) -> Array:
    return body.posed_vertices(item.rotations[None], np.zeros((1, 3)), item.betas)[0]


def _joints(item: Posed, body: BodyTemplate) -> Array:
    return forward_kinematics(item.rotations[None], np.zeros((1, 3)), body.joints(item.betas))[0][0]


def _skeletons(joints: Sequence[Array], view: Viewpoint) -> Image:
    """Stick figures of several bodies, the first (the truth) thickest and below; RGBA."""
    canvas = np.zeros((PANEL * LARGER, PANEL * LARGER, 4), np.uint8)
    for points, colour, width in zip(joints, (TRUTH, WITH, WITHOUT), (3.2, 1.6, 1.6), strict=True):
        pixels = (view.pixels(points) * LARGER).round().astype(int)
        tone, thick = (*colour, 255), round(width * LARGER)
        for joint, parent in enumerate(SMPL_PARENTS):
            if parent >= 0:
                cv2.line(canvas, _at(pixels[joint]), _at(pixels[parent]), tone, thick, cv2.LINE_8)
        for joint in ANCHORS:
            cv2.circle(canvas, _at(pixels[joint]), round(1.6 * thick), tone, -1, cv2.LINE_8)
    return reduced(canvas)


def _at(pixel: Array) -> tuple[int, int]:
    return int(pixel[0]), int(pixel[1])


def _headings() -> Image:
    cells = []
    for view in ("front", "side"):
        for name, colour in zip(NAMES, (TRUTH, WITH, WITHOUT, (40, 40, 40)), strict=True):
            cells.append(_text(f"{name}, {view}", PANEL, colour))
    return _beside(cells)


def _label(title: str, panels: int) -> Image:
    return _text(title, panels * PANEL + (panels - 1) * GAP, (40, 40, 40))


def _text(words: str, width: int, colour: Colour) -> Image:
    large = np.full((24 * LARGER, width * LARGER, 3), PAPER, np.uint8)
    dark = tuple(round(0.72 * tone) for tone in colour)
    place, face = (4 * LARGER, 17 * LARGER), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(large, words, place, face, 0.45 * LARGER, dark, LARGER, cv2.LINE_AA)
    return np.asarray(cv2.resize(large, (width, 24), interpolation=cv2.INTER_AREA), np.uint8)


def _beside(panels: Sequence[Image]) -> Image:
    gap = _blank(panels[0].shape[0], GAP)
    parts = [part for panel in panels for part in (panel, gap)]
    return np.hstack(parts[:-1])


def _blank(height: int, width: int) -> Image:
    return np.full((height, width, 3), PAPER, np.uint8)
