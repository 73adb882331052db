"""The body as arrays: an SMPL-format .npz read without torch, shaped by betas and posed by its skeleton."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FileCorrupt, Reel2RigError
from .kinematics import forward_kinematics
from .skeletons import JOINT_COUNT, SMPL_PARENTS

SHAPE_COUNT = 10
_POSE_FEATURES = 9 * (JOINT_COUNT - 1)
_FRAMES_AT_ONCE = 16
_SAME_SKELETON = 1e-3  # metres
_KEYS = frozenset(
    (
        *("v_template", "shapedirs", "weights", "f", "J", "J_shapedirs", "J_regressor", "kintree_table"),
        *("posedirs", "uv", "fuv", "lm_joint", "lm_offset", "lm_offset_dirs"),
        *("vertex_id_names", "vertex_ids", "foot_vertices", "origin"),
        *("J_regressor_extra", "J_regressor_h36m"),
    )
)

Floats = NDArray[np.floating[Any]]
Whole = NDArray[np.integer[Any]]


class BodyFileMissing(Reel2RigError):
    code = "body.file_missing"
    exit_code = 5


class BodyFileCorrupt(FileCorrupt):
    """A body file is not an SMPL-format body; the sentence names the key."""

    code = "body.file_corrupt"


@dataclass(frozen=True, eq=False)
class BodyTemplate:
    """A body in SMPL format: V vertices, F triangles, 24 joints, 10 shape directions.

    Attributes:
        v_template: (V, 3) float32 the mean body in T-pose, metres.
        shapedirs: (V, 3, 10) float32 metres per unit of beta.
        weights: (V, 24) float32 blend weights, rows sum to one.
        faces: (F, 3) int32 vertex indices, counter-clockwise from outside.
        J_template: (24, 3) float32 joints of the mean body. J_shapedirs: (24, 3, 10) how betas move them.
        J_regressor: (24, V) float32 what gives the joints from the vertices of the T-pose, or None.
        posedirs: (V, 3, 207) float32 pose correctives, or None (the free body has none).
        uv: (U, 2) texture coordinates and face_uv: (F, 3) int32 indices into them, or None.
        landmark_joint: (33,) joint each BlazePose landmark is fixed to, landmark_offset: (33, 3) and
            landmark_dirs: (33, 3, 10) its offset from that joint at rest; or None.
        vertex_ids: vertex index by name (``nose``, ``LHeel``, ...); empty when the file has none.
        foot_vertices: (4,) left heel, left toe, right heel, right toe, or None.
        origin: ``free`` for this project's own body, ``smpl`` for a converted official file.
        J_regressor_extra: (9, V) and J_regressor_h36m: (17, V) what gives the datasets' own joints from the
            posed mesh, or None; the rows are named in `core.body.spin_joints`.
        source: name of the file it was read from.

    **Convention**: T-pose, arms along x, y up, facing +z, x to the person's left; the pelvis joint is where
    J_template[0] says, not at the origin.
    """

    v_template: Floats
    shapedirs: Floats
    weights: Floats
    faces: Whole
    J_template: Floats
    J_shapedirs: Floats
    J_regressor: Floats | None
    posedirs: Floats | None
    uv: Floats | None
    face_uv: Whole | None
    landmark_joint: Whole | None
    landmark_offset: Floats | None
    landmark_dirs: Floats | None
    vertex_ids: dict[str, int]
    foot_vertices: Whole | None
    origin: str
    J_regressor_extra: Floats | None = None
    J_regressor_h36m: Floats | None = None
    source: str = "The body"

    def shaped_vertices(self, betas: ArrayLike) -> NDArray[np.float64]:
        """(V, 3) metres: the body of betas (10,) in T-pose."""
        return self.v_template + self.shapedirs.astype(np.float64) @ _betas(betas)

    def joints(self, betas: ArrayLike) -> NDArray[np.float64]:
        """(24, 3) metres: the rest joints of betas (10,)."""
        return self.J_template + self.J_shapedirs.astype(np.float64) @ _betas(betas)

    def posed_vertices(
        self, rotations: ArrayLike, root: ArrayLike, betas: ArrayLike, scale: float = 1.0
    ) -> NDArray[np.float32]:
        """Linear blend skinning of a motion (SMPL, equations 2 to 9).

        Args:
            rotations: (T, 24, 4) local unit quaternions w, x, y, z, or (T, 24, 3, 3) matrices.
            root: (T, 3) position of the pelvis joint, metres.
            betas: (10,). scale: uniform scale of the whole body, as in `MotionClip.body_scale`.

        Returns:
            (T, V, 3) metres, in the space of `root` and of rotation 0.

        **Convention**: column vectors; the body turns about its pelvis joint, which stands at `root`
        whatever betas and scale are. SMPL's own translation is ``root - scale * joints(betas)[0]``.
        """
        rest_joints = scale * self.joints(betas)
        positions, turns = forward_kinematics(rotations, root, rest_joints)
        moves = positions - np.einsum("tkij,kj->tki", turns, rest_joints)
        transforms = np.concatenate([turns, moves[..., None]], axis=-1).astype(np.float32)
        rest = (scale * self.shaped_vertices(betas)).astype(np.float32)
        posed = np.empty((len(transforms), *rest.shape), np.float32)
        correctives = None if self.posedirs is None else scale * self.posedirs.reshape(-1, _POSE_FEATURES)
        weights = self.weights.astype(np.float32)
        local = None if correctives is None else _local_matrices(turns)
        for start in range(0, len(transforms), _FRAMES_AT_ONCE):
            chunk = transforms[start : start + _FRAMES_AT_ONCE]
            blended = (weights @ chunk.reshape(len(chunk), JOINT_COUNT, 12)).reshape(len(chunk), -1, 3, 4)
            shape: Floats = rest
            if correctives is not None and local is not None:
                features = (local[start : start + len(chunk), 1:] - np.eye(3)).reshape(len(chunk), -1)
                shape = rest + (features @ correctives.T).reshape(len(chunk), -1, 3)
            turned = np.einsum("tvij,tvj->tvi", blended[..., :3], np.broadcast_to(shape, blended.shape[:3]))
            posed[start : start + len(chunk)] = turned + blended[..., 3]
        return posed


def free_body_path() -> Path:
    """The free body that comes with the project."""
    return Path(__file__).resolve().parents[1] / "body" / "free_body.npz"


def load_body(path: str | os.PathLike[str] | None = None) -> BodyTemplate:
    """Reads a body, trusting nothing in it; without a path, the free body.

    Raises:
        BodyFileMissing: there is no such file.
        BodyFileCorrupt: it is not an SMPL-format .npz, is cut off, lacks a key, or a key has another shape.
    """
    source = Path(path) if path is not None else free_body_path()
    if not source.is_file():
        remedy = "install Reel2Rig again" if source == free_body_path() else "check the path"
        raise BodyFileMissing(f"There is no body file {source}: {remedy}.")
    return _template_of(_Arrays(source))


@cache
def free_body() -> BodyTemplate:
    """The free body, read once. Raises as `load_body`."""
    return load_body()


def is_free_body(rest_joints: ArrayLike, betas: ArrayLike, scale: float) -> bool:
    """Whether rest joints (24, 3), metres, are those of the free body with this shape and size."""
    own = scale * free_body().joints(betas)
    return bool(np.allclose(rest_joints, own, rtol=0.0, atol=_SAME_SKELETON))


class _Arrays:
    """Typed access to the keys of a body file; every failure names the file and the key."""

    def __init__(self, source: Path) -> None:
        self.name = source.name
        try:
            with np.load(source, allow_pickle=False) as archive:
                # All at once: what is read lazily would fail later, in the user's hands.
                self._read: dict[str, NDArray[Any]] = {
                    key: archive[key] for key in archive.files if key in _KEYS
                }
        except Exception as error:  # zip, zlib, npy header and object arrays each raise their own kinds
            raise BodyFileCorrupt(
                f"{self.name} is not a readable SMPL-format .npz body ({error}): "
                "install it again or choose another body file."
            ) from error

    def corrupt(self, key: str, reason: str) -> BodyFileCorrupt:
        return BodyFileCorrupt(
            f"{self.name} is damaged at '{key}' ({reason}): install it again or choose another body file."
        )

    def __contains__(self, key: str) -> bool:
        return key in self._read

    def floats(self, key: str, *shape: int | None) -> NDArray[np.float32]:
        """A float32 array whose shape matches; None stands for any size."""
        array = self._checked(key, "f", shape).astype(np.float32)
        if not np.isfinite(array).all():
            raise self.corrupt(key, "it holds values that are not finite")
        return array

    def floats_if_there(self, key: str, *shape: int | None) -> NDArray[np.float32] | None:
        return self.floats(key, *shape) if key in self else None

    def indices(self, key: str, below: int, *shape: int | None) -> NDArray[np.int32]:
        """An integer array whose values lie in [0, below)."""
        array = self._checked(key, "iu", shape)
        if array.size and (array.min() < 0 or array.max() >= below):
            raise self.corrupt(key, f"it points outside 0 to {below - 1}")
        return array.astype(np.int32)

    def names(self, key: str) -> list[str]:
        return [str(name) for name in self._checked(key, "U", (None,))]

    def word(self, key: str, default: str) -> str:
        return str(self._checked(key, "U", ())) if key in self else default

    def _checked(self, key: str, kinds: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        if key not in self._read:
            raise self.corrupt(key, "it is missing")
        array = self._read[key]
        fits = array.ndim == len(shape) and all(
            w in (None, n) for n, w in zip(array.shape, shape, strict=True)
        )
        if array.dtype.kind not in kinds or not fits:
            raise self.corrupt(key, f"it is {array.dtype} of shape {array.shape}")
        return array


def _template_of(keys: _Arrays) -> BodyTemplate:
    v_template = keys.floats("v_template", None, 3)
    count = len(v_template)
    shapedirs = keys.floats("shapedirs", count, 3, None)[..., :SHAPE_COUNT]
    if shapedirs.shape[2] < SHAPE_COUNT:
        raise keys.corrupt("shapedirs", f"{shapedirs.shape[2]} shape directions instead of {SHAPE_COUNT}")
    weights = keys.floats("weights", count, JOINT_COUNT)
    if not np.allclose(weights.sum(axis=1), 1.0, atol=1e-3):
        raise keys.corrupt("weights", "they do not sum to one")
    _check_tree(keys)
    regressor = None
    if "J_regressor" in keys:
        regressor = keys.floats("J_regressor", JOINT_COUNT, count)
    if regressor is None or ("J" in keys and "J_shapedirs" in keys):
        J = keys.floats("J", JOINT_COUNT, 3)
        J_shapedirs = keys.floats("J_shapedirs", JOINT_COUNT, 3, None)[..., :SHAPE_COUNT]
        if J_shapedirs.shape[2] < SHAPE_COUNT:
            raise keys.corrupt("J_shapedirs", f"{J_shapedirs.shape[2]} directions instead of {SHAPE_COUNT}")
    else:
        J = (regressor.astype(np.float64) @ v_template).astype(np.float32)
        J_shapedirs = np.einsum("kv,vcb->kcb", regressor.astype(np.float64), shapedirs).astype(np.float32)
    faces = keys.indices("f", count, None, 3)
    uv = keys.floats("uv", None, 2) if "uv" in keys and "fuv" in keys else None
    has_landmarks = "lm_joint" in keys
    has_names = "vertex_ids" in keys and "vertex_id_names" in keys
    named = keys.indices("vertex_ids", count, None).tolist() if has_names else []
    return BodyTemplate(
        v_template=v_template,
        shapedirs=shapedirs,
        weights=weights,
        faces=faces,
        J_template=J,
        J_shapedirs=J_shapedirs,
        J_regressor=regressor,
        posedirs=keys.floats_if_there("posedirs", count, 3, _POSE_FEATURES),
        uv=uv,
        face_uv=keys.indices("fuv", len(uv), len(faces), 3) if uv is not None else None,
        landmark_joint=keys.indices("lm_joint", JOINT_COUNT, 33) if has_landmarks else None,
        landmark_offset=keys.floats("lm_offset", 33, 3) if has_landmarks else None,
        landmark_dirs=keys.floats("lm_offset_dirs", 33, 3, SHAPE_COUNT) if has_landmarks else None,
        vertex_ids=dict(zip(keys.names("vertex_id_names"), named, strict=False)) if has_names else {},
        foot_vertices=keys.indices("foot_vertices", count, 4) if "foot_vertices" in keys else None,
        origin=keys.word("origin", "free" if has_landmarks else "smpl"),
        J_regressor_extra=keys.floats_if_there("J_regressor_extra", 9, count),
        J_regressor_h36m=keys.floats_if_there("J_regressor_h36m", 17, count),
        source=keys.name,
    )


def _check_tree(keys: _Arrays) -> None:
    """The skeleton must be SMPL's: every rotation in this project is in its order."""
    tree = keys._checked("kintree_table", "iu", (2, None)).astype(np.int64)
    parents = tree[0, 1:JOINT_COUNT]
    if tree.shape[1] != JOINT_COUNT or not np.array_equal(parents, SMPL_PARENTS[1:]):
        raise keys.corrupt("kintree_table", "it is not the skeleton of SMPL's 24 joints")


def _betas(betas: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(betas, dtype=np.float64)
    if values.shape != (SHAPE_COUNT,):
        raise ValueError(f"betas must have shape ({SHAPE_COUNT},), not {values.shape}")
    return values


def _local_matrices(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 24, 3, 3) local rotations from global ones."""
    local = turns.copy()
    parents = np.array(SMPL_PARENTS[1:])
    local[:, 1:] = np.swapaxes(turns[:, parents], -1, -2) @ turns[:, 1:]
    return local
