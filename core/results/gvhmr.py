"""GVHMR: ``hmr4d_results.pt``, a file of torch about one person of SMPL-X.

    smpl_params_global: body_pose (L, 63), global_orient (L, 3), transl (L, 3), betas (L, 10)
    smpl_params_incam: the same before the camera; K_fullimg (L, 3, 3)

The global one is y up; the translation is SMPL-X's.
"""

from __future__ import annotations

import numpy as np

from .people import Fields, Found, Person, View, one_shape, turns_of_vectors


def is_gvhmr(content: Fields) -> bool:
    """Whether a dictionary is a result of GVHMR."""
    return "smpl_params_global" in content


def read_gvhmr(content: Fields) -> Found:
    """The person of a GVHMR file."""
    world = content.part("smpl_params_global")
    pose = world.numbers("body_pose", None, 63)
    count = len(pose)
    turns = turns_of_vectors(np.concatenate([world.numbers("global_orient", count, 3), pose], axis=1))
    views = (View("world_yup", turns[:, 0], world.numbers("transl", count, 3)),)
    seen = np.ones(count, bool)
    betas = one_shape(world.numbers("betas", count, None), seen)
    return Found("GVHMR", (Person("1", np.arange(count), turns, views, betas, seen, "smplx"),))
