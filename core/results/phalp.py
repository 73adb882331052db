"""4D-Humans and PHALP: a joblib dump of frame name -> lists with one entry for each person tracked there.

    time: frame number; tid: ids; tracked_time: frames since each was last seen; size: (height, width)
    smpl: {global_orient (1, 3, 3), body_pose (23, 3, 3), betas (10,)}; camera: (3,) translation

The camera is a strong telephoto lens: 5000 pixels of focal length for a picture of 256. Distances are brought
to those of an ordinary lens, which keeps every body in its place and size in the picture.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..motion.files.errors import MotionFileCorrupt, MotionTooLarge, refuse_size
from ..restricted_pickle import plain
from .people import MOST_PEOPLE, Fields, Found, Lens, Person, View, one_shape, turns_of_matrices

_FOCAL, _PICTURE = 5000.0, 256.0
_PER_PERSON = ("tid", "smpl", "camera")


def is_phalp(one: Fields) -> bool:
    """Whether one entry of a dictionary is a frame of PHALP."""
    return all(key in one for key in _PER_PERSON)


def read_phalp(name: str, content: dict[Any, Any]) -> Found:
    """All people of a PHALP file; where the tracker only guessed, they were not seen."""
    refuse_size(name, len(content))
    rows: dict[str, list[tuple[int, Any, Any, bool]]] = {}
    lens: Lens | None = None
    for order, frame in enumerate(content.values()):
        if not isinstance(frame, dict):
            continue
        time, tids = plain(frame.get("time", order)), plain(frame.get("tid", []))
        lists = [frame.get(key, []) for key in ("smpl", "camera")]
        if any(not isinstance(each, list) or len(each) < len(tids) for each in lists):
            raise MotionFileCorrupt(f"{name} is damaged in frame {order}: make or copy it again.")
        ages = plain(frame.get("tracked_time", [0] * len(tids)))
        lens = lens or _lens(frame.get("size"))
        for tid, smpl, camera, age in zip(tids, *lists, ages, strict=False):
            rows.setdefault(str(tid), []).append((int(time), smpl, camera, age == 0))
    if len(rows) > MOST_PEOPLE * 10:  # trackers lose and find people again and again
        raise MotionTooLarge(f"{name} claims {len(rows)} people: choose the result of one video.")
    people = tuple(_person(name, track, found, lens) for track, found in rows.items())
    return Found("4D-Humans", tuple(person for person in people if person.seen.any()), lens)


def _person(name: str, track: str, rows: list[tuple[int, Any, Any, bool]], lens: Lens | None) -> Person:
    parts = [Fields(name, smpl) for _, smpl, _, _ in rows]
    matrices = [
        np.concatenate([one.numbers("global_orient", 1, 3, 3), one.numbers("body_pose", 23, 3, 3)])
        for one in parts
    ]
    places = Fields(name, {"camera": [plain(camera) for _, _, camera, _ in rows]}).numbers(
        "camera", len(rows), 3
    )
    if lens is not None:
        places = places * [1.0, 1.0, lens.focal_px / (_FOCAL / _PICTURE * max(lens.width, lens.height))]
    seen = np.array([seen for *_, seen in rows])
    turns = turns_of_matrices(np.stack(matrices))
    betas = one_shape(np.stack([one.numbers("betas", None) for one in parts]), seen)
    views = (View("camera_cv", turns[:, 0], places),)
    return Person(track, np.array([time for time, *_ in rows]), turns, views, betas, seen)


def _lens(sizes: Any) -> Lens | None:
    """Of the picture's size in a frame's list: as long as the picture's diagonal, an ordinary lens."""
    size = plain(sizes[0]) if isinstance(sizes, list) and sizes else ()
    if len(size) != 2:
        return None
    height, width = (int(n) for n in size)
    return Lens(math.hypot(width, height), width, height) if width > 0 and height > 0 else None
