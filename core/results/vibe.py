"""VIBE and TCMR: ``vibe_output.pkl`` and ``tcmr_output.pkl``, a joblib dump of id -> arrays.

    pose (T, 72); betas (T, 10); frame_ids (T,)
    orig_cam (T, 4): scale and shift (sx, sy, tx, ty) of a weak perspective over the whole picture

A weak perspective has no distance: it is taken from the body's size in the picture, for a lens as long as
the picture's diagonal, of which sx and sy tell the proportions.
"""

from __future__ import annotations

import numpy as np

from .people import Fields, Floats, Found, Person, View, frame_numbers, one_shape, turns_of_vectors

_NEAR, _FAR = 0.3, 200.0  # metres; a scale of zero is nowhere


def is_vibe(one: Fields) -> bool:
    """Whether one entry of a dictionary is a person of VIBE or TCMR."""
    return "pose" in one and "orig_cam" in one


def read_vibe(content: Fields) -> Found:
    """All people of a file of VIBE or TCMR."""
    parts = content.parts()
    system = "TCMR" if any("joints3d" in one and "joints2d" in one for one in parts.values()) else "VIBE"
    people = tuple(_person(track, one) for track, one in parts.items())
    return Found(
        system, people, notes=("Distances from the camera are estimated from people's size in the picture.",)
    )


def _person(track: str, one: Fields) -> Person:
    turns = turns_of_vectors(one.numbers("pose", None, 72))
    count = len(turns)
    place = _place(one.numbers("orig_cam", count, 4))
    seen = np.ones(count, bool)
    betas = one_shape(one.numbers("betas", count, None), seen) if "betas" in one else None
    views = (View("camera_cv", turns[:, 0], place),)
    return Person(track, frame_numbers(one, "frame_ids", count), turns, views, betas, seen)


def _place(camera: Floats) -> Floats:
    """(T, 3) metres before a camera whose focal length is the picture's diagonal.

    **Convention**: a point X lands on (sx (X + tx), sy (Y + ty)) of a picture from -1 to 1, y downwards; sx
    times the width is sy times the height.
    """
    wide, high = np.maximum(camera[:, :2].T, 1e-6)
    distance = 2.0 * np.sqrt(1.0 + (wide / high) ** 2) / wide
    return np.stack([camera[:, 2], camera[:, 3], np.clip(distance, _NEAR, _FAR)], axis=-1)
