"""WHAM: ``wham_output.pkl``, a joblib dump of id -> arrays.

    pose (T, 72), trans (T, 3): before the camera, SMPL's translation
    pose_world (T, 72), trans_world (T, 3): y up; the translation is the middle of the hips
    betas (T, 10); frame_ids (T,)

Every person's world begins where that person does; only the camera says how people stand to each other.
"""

from __future__ import annotations

import numpy as np

from .people import Fields, Found, Person, View, frame_numbers, one_shape, turns_of_vectors


def is_wham(one: Fields) -> bool:
    """Whether one entry of a dictionary is a person of WHAM."""
    return "pose_world" in one and "trans_world" in one


def read_wham(content: Fields) -> Found:
    """All people of a WHAM file."""
    return Found("WHAM", tuple(_person(track, one) for track, one in content.parts().items()))


def _person(track: str, one: Fields) -> Person:
    pose = one.numbers("pose_world", None, 72)
    count = len(pose)
    turns = turns_of_vectors(pose)
    views = [View("world_yup", turns[:, 0], one.numbers("trans_world", count, 3), hips=True)]
    if "pose" in one and "trans" in one:
        before = turns_of_vectors(one.numbers("pose", count, 72)[:, :3])[:, 0]
        views.append(View("camera_cv", before, one.numbers("trans", count, 3)))
    seen = np.ones(count, bool)
    betas = one_shape(one.numbers("betas", count, None), seen) if "betas" in one else None
    return Person(track, frame_numbers(one, "frame_ids", count), turns, tuple(views), betas, seen)
