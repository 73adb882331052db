"""Named vertices of the mesh: face points, finger and toe tips, heels; found by rules, not typed in."""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import JOINT_INDEX
from .source import Adults, connected_pieces

_FINGERS = {"thumb": "Thumb", "index": "Index", "middle": "Middle", "ring": "Ring", "pinky": "Pinky"}


def pick_vertices(
    vertices: np.ndarray, weights: np.ndarray, adults: Adults, partner: np.ndarray
) -> dict[str, int]:
    """Vertex index of every named point.

    Args:
        vertices: (V,3) the mean body in T-pose, metres. weights: (V,24). partner: (V,) mirror map.

    Returns:
        the 21 keys of smplx's table (``nose reye leye rear lear``, ``rthumb`` ... ``lpinky``, ``LBigToe``
        ... ``RHeel``), the corners of eyes and mouth, ``head_top``, ``jaw``, ``throat``, four foot points.

    **Convention** ``l`` and ``L`` are the person's left, at positive x.
    """
    found = _face(vertices, weights, connected_pieces(adults.faces, len(vertices)))
    for finger, bone in _FINGERS.items():
        found["l" + finger] = _finger_tip(vertices, adults, f"LeftHand{bone}")
    found |= _foot(vertices, weights)

    named = {"nose": found.pop("nose"), "head_top": found.pop("head_top"), "jaw": found.pop("jaw")}
    named["throat"] = found.pop("throat")
    for name, vertex in found.items():
        named[name] = vertex
        named[_other_side(name)] = int(partner[vertex])
    return named


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return name.replace("left_", "right_")
    return {"l": "r", "L": "R"}[name[0]] + name[1:]


def _face(v: np.ndarray, weights: np.ndarray, pieces: np.ndarray) -> dict[str, int]:
    skin = pieces == np.bincount(pieces).argmax()
    head = skin & (weights[:, JOINT_INDEX["Head"]] > 0.6)
    middle = skin & (np.abs(v[:, 0]) < 1e-6)
    nose = _extreme(v[:, 2], head & middle)
    eyeball = v[(~skin) & (v[:, 0] > 0)]
    centre, front = eyeball.mean(axis=0), eyeball[:, 2].max()
    half_slit = 0.0135  # half the width of the open eye
    # From the tip of the nose: the corner of the lips, the front of the chin, the pit of the throat.
    mouth = v[nose] + (0.0245, -0.034, -0.030)
    jaw = head & middle & (v[:, 1] < v[nose, 1] - 0.05) & (v[:, 1] > v[nose, 1] - 0.10)
    ear = head & (v[:, 0] > 0.9 * v[head, 0].max())
    neck = middle & (weights[:, JOINT_INDEX["Neck"]] > 0.2) & (v[:, 2] > 0)
    return {
        "nose": nose,
        "head_top": _extreme(v[:, 1], head & middle),
        "jaw": _extreme(v[:, 2] - 0.5 * v[:, 1], jaw),
        "throat": _extreme(-v[:, 1], neck),
        "leye": _nearest(v, (centre[0], centre[1], front), ~skin),
        "leye_inner": _nearest(v, (centre[0] - half_slit, centre[1], front - 0.004), head),
        "leye_outer": _nearest(v, (centre[0] + half_slit, centre[1], front - 0.010), head),
        "lear": _nearest(v, v[ear].mean(axis=0), ear),
        "lmouth": _nearest(v, mouth, head),
    }


def _finger_tip(v: np.ndarray, adults: Adults, bone: str) -> int:
    """The vertex of the finger's last bone that lies farthest along the finger."""
    first, last = (adults.bone_names.index(bone + digit) for digit in "13")
    on_tip = adults.weights[:, last] > 0.5
    rest = adults.vertices[0]
    along = adults.bone_heads[0, last] - adults.bone_heads[0, first]
    return _extreme(rest @ along, on_tip)


def _foot(v: np.ndarray, weights: np.ndarray) -> dict[str, int]:
    left = v[:, 0] > 0
    toes = left & (weights[:, JOINT_INDEX["L_Foot"]] > 0.5)
    sole = left & (weights[:, JOINT_INDEX["L_Ankle"]] > 0.5) & (v[:, 1] < v[:, 1].min() + 0.03)
    inner, outer = v[toes, 0].min(), v[toes, 0].max()
    big = toes & (v[:, 0] < inner + 0.3 * (outer - inner))
    heel = _extreme(-v[:, 2], sole)
    ball = toes & (v[:, 1] < v[toes, 1].min() + 0.006)
    return {
        "LBigToe": _extreme(v[:, 2], big),
        "LSmallToe": _extreme(v[:, 2] + 1.3 * v[:, 0], toes),
        "LHeel": heel,
        # The two points that touch the floor: under the heel, and under the ball of the foot.
        "left_heel": _nearest(v, (v[heel, 0], v[:, 1].min(), v[heel, 2] + 0.03), left),
        "left_toe": _nearest(v, v[ball].mean(axis=0), ball),
    }


def _extreme(score: np.ndarray, allowed: np.ndarray) -> int:
    return int(np.where(allowed)[0][np.argmax(score[allowed])])


def _nearest(v: np.ndarray, point: tuple[float, float, float] | np.ndarray, allowed: np.ndarray) -> int:
    return _extreme(-((v - np.asarray(point)) ** 2).sum(axis=1), allowed)
