"""Bring predicted bodies onto their landmarks: a short optimisation over the whole clip (method.md 10.7).

The network looks at a window of landmarks and answers at once; its limbs may miss the picture by some percent of the
person's height. Here each joint may turn a little, the pelvis may move, and the one body shape may change, so that the
reliable landmarks are met. What a picture does not show must not be invented: every turn costs, moving a point
in depth costs more, and so does shaking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..body.layer import BodyLayer
from ..motion.body import BodyTemplate
from ..motion.rotations import quaternion_from_matrix, quaternion_to_matrix
from ..motion.skeletons import JOINT_COUNT, JOINT_INDEX
from .body_points import BodyPoints
from .gaps import fill_rotations, solved_runs
from .path import solve_path
from .place import track_betas
from .prediction import TrackPrediction
from .translation import BODY_HEIGHT, LANDMARK_TRUST, NEAREST, depth_from_crop, place_frames

Progress = Callable[[str, int, int], None]
Array = NDArray[np.float64]
CHUNK, OVERLAP = 900, 30  # frames at once, and how many of them two neighbours share


@dataclass(frozen=True)
class RefineSettings:
    """Strengths, each the size of a change that costs as much as one standard deviation.

    steps: of Adam. step_size: of its first steps (radians, shares of the depth, units of beta). pixel_share: miss of a
    landmark as a share of the person's height at which the robust error (Geman-McClure) has risen to half.
    turn: radians of a joint; root_turn: of the whole body. depth: metres of a landmark towards the camera. shape: units
    of beta. acceleration: m/s^2 of a joint.
    """

    steps: int = 100
    step_size: float = 0.02
    pixel_share: float = 0.03
    turn: float = 0.35
    root_turn: float = 0.2
    depth: float = 0.10
    shape: float = 1.0
    acceleration: float = 60.0


def refine(
    prediction: TrackPrediction,
    body: BodyTemplate,
    focal_px: float,
    width: int,
    height: int,
    progress: Progress | None = None,
    settings: RefineSettings | None = None,
) -> TrackPrediction:
    """The prediction with rotations and betas that meet its image landmarks better.

    Every frame between the first and the last is returned; frames that are not valid are carried along by their
    neighbours. About a second for 100 frames on one thread.

    Args:
        body: the body that the prediction belongs to; it must carry landmarks.
        progress: called as ("refine", steps done, steps in all); may raise `Cancelled`.

    Raises BodyFileCorrupt when the body has no landmarks.

    **Convention**: camera x right, y down, z forward. A turn is a rotation vector multiplied onto the local rotation
    from the right, that is in the axes of the joint itself.
    """
    choice = settings or RefineSettings()
    given = prediction.contiguous()
    seen = given.valid if given.valid.any() else np.ones(len(given), dtype=bool)
    rotations = quaternion_to_matrix(fill_rotations(quaternion_from_matrix(given.rotations), seen, given.fps))
    betas = track_betas(given.betas, seen)
    start = _first_path(given, seen, BodyPoints.of(body), rotations, betas, focal_px, width, height)
    layer = BodyLayer(body)
    refined, shapes = rotations.copy(), np.tile(betas, (len(given), 1))
    chunks = list(_chunks(len(given)))
    for number, (first, last, keep) in enumerate(chunks):
        part = slice(first, last)
        problem = _Problem.of(
            layer, rotations[part], betas, start[part], given, seen, part, focal_px, width, height
        )

        def step(done: int, number: int = number) -> None:
            if progress is not None:
                progress("refine", number * choice.steps + done, len(chunks) * choice.steps)

        turned, shape = problem.solve(choice, step)
        refined[keep:last], shapes[keep:last] = turned[keep - first :], shape
    return given.replace(rotations=refined, betas=shapes)


def _first_path(
    given: TrackPrediction,
    seen: NDArray[np.bool_],
    points: BodyPoints,
    rotations: Array,
    betas: Array,
    focal_px: float,
    width: int,
    height: int,
) -> Array:
    """(T, 3) where the pelvis is before anything turns."""
    crop = None
    if given.cam is not None and given.boxes is not None:
        crop = depth_from_crop(given.cam, given.boxes, focal_px)
    visibility = given.visibility * seen[:, None]
    landmarks = points.posed(rotations, betas).landmarks
    placed = place_frames(landmarks, given.image, visibility, focal_px, width, height, crop)
    path = placed.root.copy()
    for first, last in solved_runs(seen, given.fps):
        path[first:last] = solve_path(placed.part(slice(first, last)), float(given.fps))
    path[:, 2] = np.maximum(path[:, 2], 2 * NEAREST)
    return path


def _chunks(count: int) -> Iterator[tuple[int, int, int]]:
    """(first, last, keep): frames first..last are solved together, those from `keep` on are taken over."""
    first = keep = 0
    while True:
        last = min(first + CHUNK, count)
        yield first, last, keep
        if last == count:
            return
        first, keep = last - OVERLAP, last - OVERLAP // 2


@dataclass(frozen=True, eq=False)
class _Problem:
    """One chunk in torch: what is fixed while the turns, the path and the shape are sought."""

    layer: BodyLayer
    rotations: Tensor  # (T, 24, 3, 3)
    betas: Tensor  # (10,)
    path: Tensor  # (T, 3)
    slope: Tensor  # (T, L, 2) of the landmarks' rays
    trust: Tensor  # (T, L)
    kept: Tensor  # (L,) landmarks that are used
    fps: float

    @classmethod
    def of(
        cls,
        layer: BodyLayer,
        rotations: Array,
        betas: Array,
        path: Array,
        given: TrackPrediction,
        seen: NDArray[np.bool_],
        part: slice,
        focal_px: float,
        width: int,
        height: int,
    ) -> _Problem:
        kept = np.flatnonzero(LANDMARK_TRUST)
        pixel = (given.image[part] - np.array([width, height]) / 2.0)[:, kept]
        trust = LANDMARK_TRUST[kept] * np.clip(given.visibility[part][:, kept], 0, 1) ** 2
        trust = trust * seen[part][:, None] * np.isfinite(pixel).all(-1)
        slope = np.clip(np.nan_to_num(pixel / focal_px, nan=0.0, posinf=0.0, neginf=0.0), -10, 10)
        floats = (torch.as_tensor(a, dtype=torch.float32) for a in (rotations, betas, path, slope, trust))
        return cls(layer, *floats, torch.as_tensor(kept), float(given.fps))

    def solve(self, choice: RefineSettings, step: Callable[[int], None]) -> tuple[Array, Array]:
        """(T, 24, 3, 3) rotations and (10,) betas after Adam's steps, which shrink to nothing (cosine)."""
        turns = torch.zeros(len(self.rotations), JOINT_COUNT, 3, requires_grad=True)
        shift = torch.zeros(len(self.rotations), 3, requires_grad=True)
        change = torch.zeros(10, requires_grad=True)
        adam = torch.optim.Adam([turns, shift, change], lr=choice.step_size, betas=(0.9, 0.99))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, choice.steps)
        with torch.no_grad():
            first = self.points(turns, change)[1]
        cost_of_turn = torch.full((JOINT_COUNT, 1), choice.turn)
        cost_of_turn[JOINT_INDEX["Pelvis"]] = choice.root_turn
        for done in range(choice.steps):
            adam.zero_grad()
            loss = self.misfit(turns, shift, change, first, cost_of_turn, choice)
            loss.backward()
            adam.step()
            schedule.step()
            step(done + 1)
        with torch.no_grad():
            rotations = self.turned(turns).double().numpy()
        return rotations, (self.betas + change.detach()).double().numpy()

    def turned(self, turns: Tensor) -> Tensor:
        """(T, 24, 3, 3) local rotations after turns (T, 24, 3)."""
        return self.rotations @ rotation_matrices(turns)

    def points(self, turns: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (T, 24, 3) and used landmarks (T, L, 3) about the pelvis."""
        betas = (self.betas + change).expand(len(turns), -1)
        joints, landmarks = self.layer.forward_landmarks(self.turned(turns), betas)
        pelvis = joints[:, :1]
        return joints - pelvis, landmarks[:, self.kept] - pelvis

    def misfit(
        self,
        turns: Tensor,
        shift: Tensor,
        change: Tensor,
        first: Tensor,
        cost_of_turn: Tensor,
        choice: RefineSettings,
    ) -> Tensor:
        """The sum of all costs; `shift` is in shares of the depth, its third number along the ray."""
        joints, landmarks = self.points(turns, change)
        depth = self.path[:, 2:]
        root = self.path * (1 + shift[:, 2:]) + torch.cat([shift[:, :2] * depth, torch.zeros_like(depth)], -1)
        point = landmarks + root[:, None]
        z = point[..., 2:].clamp_min(NEAREST)
        miss = (point[..., :2] / z - self.slope).square().sum(-1) * (depth / BODY_HEIGHT).square()
        limit = choice.pixel_share**2
        seen = (self.trust * miss / (miss + limit)).sum()
        stay = (turns / cost_of_turn).square().sum()
        hidden = (self.trust * ((landmarks - first)[..., 2] / choice.depth).square()).sum()
        shape = len(turns) * (change / choice.shape).square().sum()
        shake = turns.new_zeros(())
        if len(turns) > 2:
            place = joints + root[:, None]
            jolt = (place[2:] - 2 * place[1:-1] + place[:-2]) * self.fps**2
            shake = (jolt / (choice.acceleration * (self.fps / 30) ** 0.5)).square().sum()
        return seen + 0.05 * (stay + hidden + shape + shake)


def rotation_matrices(vectors: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of small rotation vectors (..., 3), differentiable at zero.

    **Convention**: column vectors, radians (Rodrigues' formula).
    """
    square = vectors.square().sum(-1)[..., None, None]
    # sin(a) / a and (1 - cos(a)) / a^2; the shift keeps the root's derivative finite at zero.
    angle = (square + 1e-12).sqrt()
    sine, cosine = angle.sin() / angle, (1 - angle.cos()) / angle.square()
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    outer = vectors[..., :, None] * vectors[..., None, :]
    identity = torch.eye(3, dtype=vectors.dtype, device=vectors.device)
    # K K = v v^T - |v|^2 I
    return identity + sine * cross + cosine * (outer - square * identity)
