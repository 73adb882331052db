"""Two networks on one database, frame by frame: which frames to show of them, and what holds over all
(figure 8).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..body.layer import BodyLayer
from ..body.spin_joints import ANCHORS_49, COMMON_14, SpinJoints
from ..data.databases.database import Database
from ..evaluate.metrics import pa_mpjpe_errors
from ..losses.landmark_anchor import ORDERS
from ..network.clip import run_clip
from ..network.model import BodyNetwork
from ..network.rotations import matrix_from_rotvec
from .anchor_picture import ComparedFrame, Posed

Array = NDArray[Any]

HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE = ANCHORS_49
OUTLINE = [ANCHORS_49[i] for i in ORDERS["outline"]]


@dataclass(frozen=True, eq=False)
class Bodies:
    """A body for every frame of a database: rotations (F, 24, 3, 3), betas (F, 10), its joints (F, 49, 3) in
    metres.
    """

    rotations: Array
    betas: Array
    joints: Array


@dataclass(frozen=True)
class AnchorErrors:
    """Means over all frames of how far a network is off.

    Attributes:
        pa_mpjpe: mm. head_wrists: cm, of the distances from the head to each wrist; perimeter: cm, of the
            outline of all anchors; area: cm², of the triangle of head and ankles.
    """

    pa_mpjpe: float
    head_wrists: float
    perimeter: float
    area: float


@dataclass(frozen=True, eq=False)
class AnchorComparison:
    """Truth and two networks on the same frames."""

    tracks: tuple[str, ...]  # (F,) name of each frame's track
    numbers: Array  # (F,) place within its track
    truth: Bodies
    with_anchor: Bodies
    without_anchor: Bodies

    def summary(self) -> dict[str, Any]:
        """What holds over all frames, JSON-able: errors of both, and the share of frames in which the one
        with the loss is ``nearer``.
        """
        by_frame = [frame_errors(b, self.truth) for b in (self.with_anchor, self.without_anchor)]
        means = [AnchorErrors(**{k: round(float(v.mean()), 3) for k, v in e.items()}) for e in by_frame]
        nearer = {k: round(float((by_frame[0][k] < by_frame[1][k]).mean()), 4) for k in by_frame[0]}
        return {
            "frames": len(self.tracks),
            "with": asdict(means[0]),
            "without": asdict(means[1]),
            "nearer": nearer,
        }

    def most_different(self, count: int) -> list[int]:
        """Frames whose PA-MPJPE differs most, in either direction, one a track at most."""
        errors = [pa_mpjpe_errors(common(b), common(self.truth)) for b in self._networks]
        chosen: dict[str, int] = {}
        for index in np.argsort(-np.abs(errors[0] - errors[1]), kind="stable"):
            chosen.setdefault(self.tracks[index], int(index))
            if len(chosen) == count:
                break
        return list(chosen.values())

    def drawn(self, count: int, seed: int = 0) -> list[int]:
        """Frames drawn by chance, decided by `seed` alone."""
        return np.random.default_rng(seed).choice(len(self.tracks), count, replace=False).tolist()

    def frame(self, index: int) -> ComparedFrame:
        """One frame, ready to draw, with its errors as the title."""
        one = slice(index, index + 1)
        parts = []
        for name, bodies in zip(("with", "without"), self._networks, strict=True):
            errors = {key: float(value[0]) for key, value in frame_errors(bodies, self.truth, one).items()}
            parts.append(
                f"{name}: PA-MPJPE {errors['pa_mpjpe']:.0f} mm, head to wrists off by "
                f"{errors['head_wrists']:.1f} cm, outline by {errors['perimeter']:.1f} cm"
            )
        title = f"{self.tracks[index]}, frame {self.numbers[index]}   " + "   ".join(parts)
        posed = [Posed(b.rotations[index], b.betas[index]) for b in (self.truth, *self._networks)]
        return ComparedFrame(title, *posed)

    @property
    def _networks(self) -> tuple[Bodies, Bodies]:
        return self.with_anchor, self.without_anchor


@torch.inference_mode()
def compare_anchors(
    with_anchor: BodyNetwork, without_anchor: BodyNetwork, database: Database, body: BodyLayer
) -> AnchorComparison:
    """Runs both networks over `database`, which must know pose and shape.

    Raises MissingKey, NotFinite.
    """
    spin = SpinJoints(body)
    pose = torch.from_numpy(database.read("pose", 0, len(database)))
    betas = torch.from_numpy(database.read("shape", 0, len(database)))
    truth = _bodies(spin, matrix_from_rotvec(pose.reshape(-1, 24, 3)), betas)
    answered = []
    for model in (with_anchor, without_anchor):
        states = [
            run_clip(model, torch.from_numpy(database.read("features", track.start, track.stop)))
            for track in database.tracks
        ]
        rotations, betas = (torch.cat([getattr(s, name) for s in states]) for name in ("rotations", "betas"))
        answered.append(_bodies(spin, rotations, betas))
    names = tuple(track.name for track in database.tracks for _ in range(track.length))
    numbers = np.concatenate([np.arange(track.length) for track in database.tracks])
    return AnchorComparison(names, numbers, truth, *answered)


def _bodies(spin: SpinJoints, rotations: torch.Tensor, betas: torch.Tensor) -> Bodies:
    return Bodies(rotations.numpy(), betas.numpy(), spin.joints49(rotations, betas).numpy())


def common(bodies: Bodies, frames: slice = slice(None)) -> Array:
    """The 14 common joints (F, 14, 3)."""
    return bodies.joints[frames][:, list(COMMON_14)]


def frame_errors(bodies: Bodies, truth: Bodies, frames: slice = slice(None)) -> dict[str, Array]:
    """Each of `AnchorErrors` for every frame, (F,)."""
    ours, true = bodies.joints[frames], truth.joints[frames]
    return {
        "pa_mpjpe": pa_mpjpe_errors(common(bodies, frames), common(truth, frames)),
        "head_wrists": 1e2 * np.abs(_reach(ours) - _reach(true)).mean(1),
        "perimeter": 1e2 * np.abs(_outline(ours) - _outline(true)),
        "area": 1e4 * np.abs(_area(ours) - _area(true)),
    }


def _reach(joints: Array) -> Array:
    """(F, 2) m from the head to the left and right wrist."""
    wrists = joints[:, [LEFT_WRIST, RIGHT_WRIST]]
    return np.linalg.norm(wrists - joints[:, [HEAD]], axis=-1)


def _outline(joints: Array) -> Array:
    corners = joints[:, OUTLINE]
    return np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=-1).sum(1)


def _area(joints: Array) -> Array:
    head = joints[:, HEAD]
    return np.linalg.norm(np.cross(joints[:, LEFT_ANKLE] - head, joints[:, RIGHT_ANKLE] - head), axis=-1) / 2
