"""The clip's own file: what goes in comes out, and what is damaged is named."""

import contextlib
import errno
import json
import os
import pickle
from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.errors import DiskFull, OutputError, OutputFolderMissing, OutputNotWritable
from reel2rig.core.motion.files import npz
from reel2rig.core.motion.files.npz import MotionFileCorrupt, MotionFileMissing, read_clip, write_clip


def assert_same(first, second):
    for name in ("rotations", "root", "betas", "rest_joints", "frames", "valid", "contacts"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    for name in ("fps", "body_scale", "space", "track", "source", "notes"):
        assert getattr(first, name) == getattr(second, name), name
    assert (first.camera is None) == (second.camera is None)
    if first.camera is not None:
        for name in ("focal_px", "width", "height"):
            assert getattr(first.camera, name) == getattr(second.camera, name)
        assert np.array_equal(first.camera.rotation, second.camera.rotation)
        assert np.array_equal(first.camera.translation, second.camera.translation)


@pytest.fixture
def written(tmp_path, make_clip):
    path = tmp_path / "clip.npz"
    write_clip(path, make_clip())
    return path


def rewritten(path, **changes):
    """The file with keys replaced, or left out where the value is None."""
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive.files} | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def test_a_clip_comes_back_to_the_last_bit(tmp_path, make_clip):
    clip = make_clip(fps=Fraction(30000, 1001), frames=np.arange(7, 47), body_scale=1.07, track="12")
    path = tmp_path / "mit Leerzeichen und ä.npz"
    write_clip(path, clip)
    assert_same(read_clip(path), clip)


def test_a_clip_without_a_camera_comes_back_too(tmp_path, make_clip):
    clip = make_clip(1, camera=None, space="camera_cv", notes=())
    write_clip(tmp_path / "one.npz", clip)
    assert_same(read_clip(tmp_path / "one.npz"), clip)


def test_the_keys_promised_to_readers_are_there(written, make_clip):
    with np.load(written, allow_pickle=False) as archive:
        assert archive["rotations"].shape == (40, 24, 4)
        assert np.array_equal(archive["joints"][:, 0], archive["root"])
        assert str(archive["space"]) == "world_yup"
        assert json.loads(str(archive["notes"])) == list(make_clip().notes)
        promised = {"betas", "fps_num", "fps_den", "frames", "valid", "contacts", "schema", "camera_rotation"}
        assert promised <= set(archive.files)


@pytest.mark.parametrize("key", sorted(npz._REQUIRED))
def test_a_missing_key_is_named(written, key):
    with pytest.raises(MotionFileCorrupt, match=f"'{key}'") as caught:
        read_clip(rewritten(written, **{key: None}))
    assert caught.value.code == "motion.file_corrupt"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rotations", np.zeros((40, 24, 3))),
        ("rotations", np.zeros((40, 24, 4))),
        ("root", np.full((40, 3), np.nan)),
        ("betas", np.zeros(300)),
        ("frames", np.arange(40)[::-1]),
        ("frames", np.array(3)),
        ("valid", np.ones((40, 2), dtype=bool)),
        ("contacts", np.full((40, 4), -1.0)),
        ("fps_num", 0),
        ("fps_num", 29.97),
        ("fps_den", np.array([1, 2])),
        ("space", "maya"),
        ("space", 3),
        ("body_scale", "tall"),
        ("notes", "{"),
        ("notes", '{"a": 1}'),
        ("camera_rotation", np.zeros((3, 3))),
        ("camera_focal_px", None),
        ("schema", 99),
        ("root", np.array([{"a": 1}] * 40, dtype=object)),
        ("root", np.array([["x", "y", "z"]] * 40)),
    ],
)
def test_a_wrong_value_is_named(written, key, value):
    with pytest.raises(MotionFileCorrupt, match=f"'{key}'"):
        read_clip(rewritten(written, **{key: value}))


def test_optional_keys_have_defaults(written):
    clip = read_clip(rewritten(written, contacts=None, joints=None, notes=None, track=None, schema=None))
    assert clip.contacts.max() == 0
    assert clip.track == "1"


def test_a_pickle_inside_is_never_run(written, tmp_path):
    trap = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(trap),))

    payload = np.empty((), dtype=object)
    payload[()] = Trap()
    rewritten(written, root=payload)
    with pytest.raises(MotionFileCorrupt, match="'root'"):
        read_clip(written)
    (tmp_path / "bare.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(MotionFileCorrupt):
        read_clip(tmp_path / "bare.npz")
    assert not trap.exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.95, 0.999])
def test_a_file_that_was_cut_off_is_refused(written, share):
    data = written.read_bytes()
    written.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MotionFileCorrupt, match=r"clip\.npz"):
        read_clip(written)


def test_flipped_bytes_are_refused_or_harmless(written):
    data = bytearray(written.read_bytes())
    rng = np.random.default_rng(0)
    for position in rng.integers(0, len(data), 60):
        broken = bytearray(data)
        broken[position] ^= 0xFF
        written.write_bytes(bytes(broken))
        # A flip in a spot that no checksum covers may pass; any other exception fails the test.
        with contextlib.suppress(MotionFileCorrupt):
            read_clip(written)


def test_a_bare_array_and_a_missing_file_have_their_own_sentences(tmp_path):
    np.save(tmp_path / "bare.npy", np.zeros(3))
    with pytest.raises(MotionFileCorrupt, match="bare array"):
        read_clip(tmp_path / "bare.npy")
    with pytest.raises(MotionFileMissing, match="nowhere"):
        read_clip(tmp_path / "nowhere.npz")


def test_a_missing_folder_is_said(tmp_path, make_clip):
    with pytest.raises(OutputFolderMissing, match="no such"):
        write_clip(tmp_path / "no such" / "clip.npz", make_clip())


def test_a_folder_in_place_of_the_file_is_refused(tmp_path, make_clip):
    with pytest.raises(OutputNotWritable):
        write_clip(tmp_path, make_clip())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EACCES, OutputNotWritable),
        (errno.EROFS, OutputNotWritable),
        (errno.EIO, OutputError),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(written, make_clip, monkeypatch, code, expected):
    before = written.read_bytes()

    def failing(stream, **_arrays):
        stream.write(b"half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(npz.np, "savez_compressed", failing)
    with pytest.raises(expected):
        write_clip(written, make_clip(seed=1))
    assert written.read_bytes() == before
    assert [p.name for p in written.parent.iterdir()] == ["clip.npz"]


def test_an_interruption_leaves_nothing_half_written(written, make_clip, monkeypatch):
    def interrupted(stream, **_arrays):
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(npz.np, "savez_compressed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_clip(written.with_name("new.npz"), make_clip())
    assert [p.name for p in written.parent.iterdir()] == ["clip.npz"]
