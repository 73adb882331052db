"""Result files that want something run, or memory taken: neither happens."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from reel2rig.core.motion.files.errors import MotionFileCorrupt, MotionKindUnknown
from reel2rig.core.restricted_pickle import plain
from reel2rig.core.results.files import MotionFileUnsafe, load_result
from reel2rig.core.results.read import read_motion
from result_layouts import write_gvhmr, write_phalp, write_tram, write_wham
from walking import walking_person

WALK = walking_person(0.5)


class Runs:
    """Asks whoever reads it to call `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def _dump(path: Path, evil: Any) -> None:
    joblib.dump({0: {"pose_world": evil, "trans_world": 1}}, path)


def _dump_compressed(path: Path, evil: Any) -> None:
    joblib.dump({"a.jpg": {"tid": [evil], "smpl": [], "camera": []}}, path, compress=3)


def _numpy(path: Path, evil: Any) -> None:
    with open(path, "wb") as stream:
        np.save(stream, np.array({"pred_rotmat": evil, "pred_trans": 1}, object))


def _torch(path: Path, evil: Any) -> None:
    torch.save({"smpl_params_global": evil}, path)


def _torch_legacy(path: Path, evil: Any) -> None:
    torch.save({"smpl_params_global": evil}, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("write", [_dump, _dump_compressed, _numpy, _torch, _torch_legacy])
def test_nothing_that_a_file_asks_for_is_run(write: Callable[[Path, Any], None], tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / "evil.pkl"
    write(path, Runs(os.system, f"touch {trace}"))
    with pytest.raises(MotionFileUnsafe, match=r"asks to run (posix|nt)\.system") as caught:
        read_motion(path)
    assert not trace.exists()
    assert caught.value.code == "motion.file_unsafe"


@pytest.mark.parametrize(
    "name",
    [
        "builtins.eval",
        "builtins.getattr",
        "torch.load",
        "torch.hub.load",
        "collections.Counter",
        "joblib.load",
    ],
)
def test_names_near_the_allowed_ones_are_refused_too(name: str, tmp_path: Path) -> None:
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "evil.pkl"
    path.write_bytes(b"\x80\x02c" + f"{module}\n{attribute}\n".encode() + b".")
    with pytest.raises(MotionFileUnsafe, match=name):
        read_motion(path)


@pytest.mark.parametrize(
    "target",
    [
        "torch._utils\n_rebuild_tensor_v2",
        "torch.storage\n_load_from_bytes",
        "torch\nFloatStorage",
        "collections\nOrderedDict",
    ],
)
def test_a_pickle_cannot_change_the_reader(target: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(b"\x80\x02c" + target.encode() + b"\nN}X\x05\x00\x00\x00arrayX\x01\x00\x00\x00xs\x86b.")
    with pytest.raises((MotionFileCorrupt, MotionKindUnknown)):
        read_motion(path)
    assert len(read_motion(write_gvhmr(tmp_path / "a.pt", WALK))) == 1


def _tensor(size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> bytes:
    """A pickle of a tensor whose view lies about its storage of eight numbers."""

    class Lie:
        def __reduce__(self) -> Any:
            numbers = torch.zeros(8).untyped_storage()
            storage = torch.storage.TypedStorage(wrap_storage=numbers, dtype=torch.float32, _internal=True)
            return torch._utils._rebuild_tensor_v2, (storage, offset, size, stride, False, {})

    return pickle.dumps({0: {"pose_world": Lie(), "trans_world": 1}}, 2)


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((9,), (1,), 0),
        ((8,), (2,), 0),
        ((8,), (1,), 1),
        ((10**12, 3), (0, 1), 0),
        ((-1,), (1,), 0),
        ((2, 2), (1,), 0),
    ],
)
def test_tensors_that_lie_about_their_numbers_are_refused(
    size: tuple[int, ...], stride: tuple[int, ...], offset: int, tmp_path: Path
) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(_tensor(size, stride, offset))
    with pytest.raises(MotionFileCorrupt, match="pose_world"):
        read_motion(path)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool])
@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_of_every_type_and_layout_come_back_equal(
    dtype: torch.dtype, legacy: bool, tmp_path: Path
) -> None:
    whole = torch.arange(24).reshape(2, 3, 4).to(dtype)
    content = {"whole": whole, "turned": whole.transpose(0, 2), "part": whole[1, :, 1:3], "empty": whole[:0]}
    path = tmp_path / "a.pt"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    read = plain(load_result(path))
    inside = tmp_path / "b.npy"
    np.save(inside, np.array(content, dtype=object))
    again = plain(load_result(inside)).item()
    for key, value in content.items():
        truth = value.float().numpy() if dtype == torch.bfloat16 else value.numpy()
        np.testing.assert_array_equal(read[key], truth)
        np.testing.assert_array_equal(again[key], truth)


def test_a_file_of_torch_that_is_compressed_is_refused_unread(tmp_path: Path) -> None:
    honest, bomb = write_gvhmr(tmp_path / "a.pt", WALK), tmp_path / "bomb.pt"
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name) if "/data/" not in name else bytes(1 << 20))
    with pytest.raises(MotionFileCorrupt, match="compressed"):
        read_motion(bomb)


@pytest.mark.parametrize("opcode", [b"\x8d", b"\x8e", b"\x96"])
def test_claims_of_terabytes_are_refused_before_memory_is_taken(opcode: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(b"\x80\x05" + opcode + (1 << 40).to_bytes(8, "little") + b"x")
    with pytest.raises(MotionFileCorrupt, match=r"evil\.pkl is damaged"):
        read_motion(path)
    joblib.dump({0: {"pose_world": np.zeros(4)}}, path, compress=3)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(MotionFileCorrupt, match=r"evil\.pkl"):
        read_motion(path)


def test_half_a_file_of_any_kind_is_refused(tmp_path: Path) -> None:
    whole = (
        write_wham(tmp_path / "a.pkl", WALK),
        write_phalp(tmp_path / "b.pkl", WALK),
        write_gvhmr(tmp_path / "c.pt", WALK),
        write_gvhmr(tmp_path / "d.pt", WALK, legacy=True),
        write_tram(tmp_path / "e", WALK),
    )
    for path in whole:
        content = path.read_bytes()
        for share in (0.3, 0.6, 0.95):
            path.write_bytes(content[: int(len(content) * share)])
            with pytest.raises(MotionFileCorrupt, match=path.name):
                read_motion(path)
