"""Puts the parts together: drawn adults in, the arrays of `free_body.npz` out."""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import SMPL_JOINTS, SMPL_PARENTS
from .picks import pick_vertices
from .posed_regressors import posed_regressors
from .regressors import joint_regressor
from .rest_pose import t_pose
from .shape_space import coefficients, linear_in_shape, shape_space
from .skin_weights import soften_shoulders
from .source import Adults, connected_pieces
from .symmetry import symmetric_directions, symmetric_points, symmetric_weights
from .virtual_landmarks import virtual_landmarks

FOOT_POINTS = ("left_heel", "left_toe", "right_heel", "right_toe")
SCHEMA = 1


def build_body(adults: Adults) -> dict[str, np.ndarray]:
    """Every array of the body file, float32; the table in `FREE_BODY.md` says what each one is."""
    posed = t_pose(adults)
    partner = posed.partner
    mean, shapedirs = shape_space(posed.vertices, partner)
    mean = symmetric_points(mean, partner)
    soft = soften_shoulders(posed.weights, mean, posed.joints.mean(axis=0), adults.faces)
    weights = symmetric_weights(soft, partner)
    pieces = connected_pieces(adults.faces, len(mean))
    skin = pieces == np.bincount(pieces).argmax()

    regressor = joint_regressor(posed.vertices[::6], posed.joints[::6], skin, partner)
    # What is stored is float32, and every derived array comes from the stored ones.
    v_template, shapedirs = mean.astype(np.float32).astype(float), shapedirs.astype(np.float32).astype(float)
    shapedirs = symmetric_directions(shapedirs, partner)
    regressor = regressor.astype(np.float32).astype(float)
    J = regressor @ v_template
    J_shapedirs = np.einsum("kv,vcb->kcb", regressor, shapedirs)

    named = pick_vertices(mean, weights, adults, partner)
    betas = coefficients(posed.vertices, mean, shapedirs)
    fingers = {name: linear_in_shape(heads, betas) for name, heads in posed.fingers.items()}
    lm_joint, lm_offset, lm_offset_dirs = virtual_landmarks(
        v_template, shapedirs, J, J_shapedirs, named, fingers
    )
    extra, h36m = posed_regressors(v_template, shapedirs, weights, J, J_shapedirs, named, skin, partner)

    parents = np.array(SMPL_PARENTS, np.int64)
    smplx_names = [name for name in named if name not in FOOT_POINTS]
    arrays = {
        "v_template": v_template,
        "shapedirs": shapedirs,
        "weights": weights,
        "J_regressor": regressor,
        "J": J,
        "J_shapedirs": J_shapedirs,
        "J_regressor_extra": extra,
        "J_regressor_h36m": h36m,
        "lm_offset": lm_offset,
        "lm_offset_dirs": lm_offset_dirs,
        "uv": adults.uv,
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()} | {
        "f": adults.faces.astype(np.int32),
        "fuv": adults.face_uv.astype(np.int32),
        # SMPL writes "no parent" as the largest unsigned number.
        "kintree_table": np.stack([np.where(parents < 0, 2**32 - 1, parents), np.arange(24)]).astype(
            np.uint32
        ),
        "joint_names": np.array(SMPL_JOINTS),
        "lm_joint": lm_joint,
        "vertex_id_names": np.array(smplx_names),
        "vertex_ids": np.array([named[name] for name in smplx_names], np.int32),
        "foot_vertices": np.array([named[name] for name in FOOT_POINTS], np.int32),
        "mirror": partner.astype(np.int32),
        "schema": np.array(SCHEMA, np.int32),
    }
