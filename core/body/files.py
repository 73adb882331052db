"""The user's own SMPL body: found, checked, and converted once into this project's .npz (method section
4.6).
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.body import SHAPE_COUNT, BodyFileCorrupt, BodyFileMissing, load_body
from ..motion.files.atomic import atomic_output
from ..motion.skeletons import JOINT_COUNT
from .restricted_pickle import as_array, read_pickled_dict

# As they are named on the SMPL website and in the folders of related projects; neutral bodies first.
_NAMES: dict[str, tuple[str, ...]] = {
    "neutral": (
        "SMPL_NEUTRAL.pkl",
        "SMPL_NEUTRAL.npz",
        "basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl",
        "basicModel_neutral_lbs_10_207_0_v1.0.0.pkl",
    ),
    "male": (
        "SMPL_MALE.pkl",
        "SMPL_MALE.npz",
        "basicmodel_m_lbs_10_207_0_v1.1.0.pkl",
        "basicModel_m_lbs_10_207_0_v1.0.0.pkl",
    ),
    "female": (
        "SMPL_FEMALE.pkl",
        "SMPL_FEMALE.npz",
        "basicmodel_f_lbs_10_207_0_v1.1.0.pkl",
        "basicModel_f_lbs_10_207_0_v1.0.0.pkl",
    ),
}
_FLOATS = ("v_template", "shapedirs", "posedirs", "weights", "J_regressor")
# Not in the official file: other projects publish them beside it, and this project's conversion keeps them.
_REGRESSORS = {"J_regressor_extra": 9, "J_regressor_h36m": 17}
_NEEDED = ("v_template", "shapedirs", "weights", "J_regressor", "f", "kintree_table")


def find_smpl_file(path: str | os.PathLike[str], gender: str | None = None) -> Path:
    """The SMPL file that a user means: the file itself, or the best one in a folder.

    Args:
        gender: "neutral", "male" or "female"; None takes the best there is, neutral first.

    Raises BodyFileMissing when there is none.
    """
    place = Path(path).expanduser()
    if place.is_file():
        return place
    if not place.is_dir():
        raise BodyFileMissing(f"There is no SMPL file {place}: check the path, or use the free body.")
    wanted = [gender] if gender else list(_NAMES)
    for folder in (place, place / "smpl", place / "models"):
        for name in (name for kind in wanted for name in _NAMES[kind]):
            if (folder / name).is_file():
                return folder / name
    expected = _NAMES[wanted[0]][0]
    raise BodyFileMissing(f"No SMPL file was found in {place}: put {expected} there, or give its path.")


def convert_smpl_file(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """Converts a user's official SMPL file (.pkl or .npz) into an .npz in `folder`, once.

    ``J_regressor_extra.npy`` and ``J_regressor_h36m.npy`` are taken along where they lie beside the file or
    in the folder above; training and evaluation need them. The result carries the SHA-256 of what it was made
    of in its name, so that a second call only returns it. A file that this function wrote, or the free body,
    is returned as it is. Executes nothing that the files hold.

    Raises BodyFileMissing, BodyFileUnsafe, BodyFileCorrupt, or an OutputError when `folder` cannot be
    written.
    """
    source = find_smpl_file(path)
    if _is_ours(source):
        load_body(source)
        return source
    regressors = find_joint_regressors(source)
    target = Path(folder) / f"smpl-{_digest(source, *regressors.values())[:16]}.npz"
    if target.is_file():
        return target
    contents: dict[str, Any] = {**read_smpl_file(source)}
    for key, regressor in regressors.items():
        contents[key] = read_joint_regressor(regressor, key, len(contents["v_template"]))
    with atomic_output(target) as temporary:
        with open(temporary, "wb") as stream:
            np.savez(stream, **contents)
        _check(temporary, source.name)
    return target


def read_smpl_file(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """The arrays of an official SMPL .pkl or .npz, dense, with ten shape directions, under SMPL's own names.

    Raises BodyFileMissing, BodyFileUnsafe, BodyFileCorrupt naming the key.
    """
    source = Path(path)
    if not source.is_file():
        raise BodyFileMissing(f"There is no SMPL file {source}: check the path, or use the free body.")
    content = _read_npz(source) if source.suffix.lower() == ".npz" else read_pickled_dict(source)
    arrays: dict[str, NDArray[Any]] = {"origin": np.array("smpl")}
    for key in (*_NEEDED, "posedirs"):
        if key not in content:
            if key in _NEEDED:
                raise _corrupt(source, key, "it is missing")
            continue
        try:
            array = as_array(content[key])
        except (pickle.UnpicklingError, KeyError, ValueError, IndexError, TypeError, MemoryError) as error:
            raise _corrupt(source, key, f"{error} cannot be read as numbers") from error
        if array.dtype.kind not in "fiu":
            raise _corrupt(source, key, f"it holds {array.dtype}")
        arrays[key] = array.astype(np.float32) if key in _FLOATS else array
    if arrays["shapedirs"].ndim == 3:
        arrays["shapedirs"] = arrays["shapedirs"][..., :SHAPE_COUNT]
    arrays["f"] = arrays["f"].astype(np.int64)
    if arrays["kintree_table"].shape != (2, JOINT_COUNT):
        raise _corrupt(
            source, "kintree_table", "this is not SMPL with its 24 joints; SMPL-H and SMPL-X do not fit"
        )
    return arrays


def find_joint_regressors(source: Path) -> dict[str, Path]:
    """The dataset joints' regressors that lie beside an SMPL file or in the folder above, by key."""
    found: dict[str, Path] = {}
    for folder in list(source.absolute().parents)[:2]:
        for key in _REGRESSORS:
            if (folder / f"{key}.npy").is_file():
                found.setdefault(key, folder / f"{key}.npy")
    return found


def read_joint_regressor(path: Path, key: str, vertices: int) -> NDArray[np.float32]:
    """(9, V) or (17, V) float32 weights of the vertices; BodyFileCorrupt when it is anything else."""
    expected = (_REGRESSORS[key], vertices)
    try:
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # a cut header, an object array, a zip: each raises its own kind
        raise BodyFileCorrupt(f"{path} is not a readable .npy file ({error}): download it again.") from error
    if not isinstance(array, np.ndarray) or array.shape != expected or array.dtype.kind not in "fiu":
        is_now = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise BodyFileCorrupt(
            f"{path} is not the {key} of this body: it is {is_now}, and numbers of shape {expected} were "
            "expected; move it away or replace it."
        )
    if not np.isfinite(array).all():
        raise BodyFileCorrupt(f"{path} holds values that are not finite: download it again.")
    return array.astype(np.float32)


def _read_npz(source: Path) -> Mapping[str, Any]:
    try:
        with np.load(source, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files if key in (*_NEEDED, "posedirs")}
    except Exception as error:  # zip, zlib, npy header and object arrays each raise their own kinds
        raise BodyFileCorrupt(
            f"{source.name} is not a readable SMPL .npz ({error}): download it again from the SMPL website."
        ) from error


def _is_ours(source: Path) -> bool:
    try:
        with np.load(source, allow_pickle=False) as archive:
            return "origin" in archive.files or "lm_joint" in archive.files
    except Exception:  # whatever it is, the reader of official files will say so
        return False


def _digest(*sources: Path) -> str:
    digest = hashlib.sha256()
    for source in sources:
        with open(source, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _check(written: Path, name: str) -> None:
    """Reads the conversion back: a file with wrong shapes must fail now, under its own name."""
    try:
        load_body(written)
    except BodyFileCorrupt as error:
        raise BodyFileCorrupt(str(error).replace(written.name, name)) from error


def _corrupt(source: Path, key: str, reason: str) -> BodyFileCorrupt:
    return BodyFileCorrupt(
        f"{source.name} is not a usable SMPL file at '{key}' ({reason}): "
        "download it again from the SMPL website, or use the free body."
    )
