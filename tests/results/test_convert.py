"""From any motion file to any other: the function, the command, and the worker's job."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from bvh_layouts import write_bvh
from reel2rig.bridge.cli.app import app
from reel2rig.bridge.client.session import Session
from reel2rig.bridge.convert import UnknownPersonInFile, convert_file
from reel2rig.bridge.errors import OutputIsInput
from reel2rig.bridge.home import Home
from reel2rig.core.errors import Reel2RigError, UnknownFormat
from reel2rig.core.motion.files.amass import read_amass, write_amass
from reel2rig.core.motion.files.errors import MotionFileMissing, MotionKindUnknown
from reel2rig.core.motion.files.npz import read_clip, write_clip
from reel2rig.core.motion.files.open import RESULT, kind_of, open_motion
from reel2rig.core.motion.files.smpl_file import read_smpl, write_smpl
from reel2rig.core.results.read import read_motion
from result_layouts import write_gvhmr, write_phalp, write_wham
from typer.testing import CliRunner
from walking import walking_person

WALK = walking_person(1.0, fps=Fraction(30000, 1001))


# The worker's real job; who it is comes without loading what captures need.
_WORKER = """
from pathlib import Path
from reel2rig.bridge.protocol import PROTOCOL_VERSION, Hello
from reel2rig.bridge.version import VERSION
from reel2rig.bridge.worker.main import serve
from reel2rig.bridge.worker.pipeline import Pipeline

jobs = Pipeline(Path("nowhere"))
hello = Hello(PROTOCOL_VERSION, VERSION, "3", "2", "cpu", 1)
serve(jobs.capture, jobs.scan, jobs.convert, describe=lambda: hello)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.find(tmp_path / "home")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(app, ["convert", *map(str, arguments)])


def write_any(folder: Path, kind: str) -> Path:
    path = folder / f"motion.{kind}"
    {
        "npz": lambda: write_clip(path, WALK),
        "amass": lambda: write_amass(path, WALK),
        "smpl": lambda: write_smpl(path, WALK),
        "bvh": lambda: write_bvh(path, WALK),
        "pkl": lambda: write_wham(path, WALK),
        "pt": lambda: write_gvhmr(path, WALK),
    }[kind]()
    return path


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("npz", "reel2rig"),
        ("amass", "amass"),
        ("smpl", "smpl"),
        ("bvh", "bvh"),
        ("pkl", RESULT),
        ("pt", RESULT),
    ],
)
def test_a_file_s_content_tells_its_kind_whatever_its_name(kind: str, told: str, tmp_path: Path) -> None:
    odd = write_any(tmp_path, kind).rename(tmp_path / "file.xyz")
    assert kind_of(odd) == told
    assert len(read_motion(odd)[0]) == len(WALK)
    if told == RESULT:
        with pytest.raises(MotionKindUnknown, match="only the worker reads"):
            open_motion(odd)
    else:
        assert len(open_motion(odd)[0]) == len(WALK)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x05\x06" + bytes(18), b"%PDF-1.4", b"\x00\x00\x00\x18ftypmp42"]
)
def test_other_files_are_refused_with_what_can_be_read(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(MotionKindUnknown, match="AMASS"):
        kind_of(path)
    with pytest.raises(MotionFileMissing):
        kind_of(tmp_path / "b.npz")
    np.savez(path, points=np.zeros(3))
    with pytest.raises(MotionKindUnknown, match=r"it holds points"):
        open_motion(path)


@pytest.mark.parametrize("kind", ["npz", "amass", "smpl", "bvh", "pkl", "pt"])
def test_every_kind_becomes_every_kind_that_needs_no_blender(kind: str, tmp_path: Path, home: Home) -> None:
    source = write_any(tmp_path, kind)
    for format, read in (("npz", read_clip), ("amass", read_amass), ("smpl", read_smpl)):
        out = tmp_path / f"out.{format}"
        outcome = convert_file(source, out, format=format, fps=Fraction(30000, 1001), home=home)
        assert outcome.files == (out,)
        clip = read(out)
        assert (len(clip), clip.fps) == (len(WALK), Fraction(30000, 1001))
        np.testing.assert_allclose(clip.joints[:, 15, 2], WALK.joints[:, 15, 2], atol=0.01)


def test_several_people_give_several_files_and_may_be_chosen(tmp_path: Path, home: Home) -> None:
    source = write_wham(tmp_path / "wham_output.pkl", WALK, walking_person(0.5))
    out = tmp_path / "a.smpl"
    assert [file.name for file in convert_file(source, out, home=home).files] == ["a_p00.smpl", "a_p01.smpl"]
    assert convert_file(source, out, person="1", home=home).files == (out,)
    assert len(read_smpl(out)) == 15
    convert_file(source, out, person="longest", home=home)
    assert len(read_smpl(out)) == len(WALK)
    with pytest.raises(UnknownPersonInFile, match=r"no person 7 in wham_output\.pkl; there are 0, 1"):
        convert_file(source, out, person="0,7", home=home)


def test_nothing_is_left_behind_where_it_fails(tmp_path: Path, home: Home) -> None:
    source = write_any(tmp_path, "bvh")
    for out, error in ((tmp_path / "a.doc", UnknownFormat), (source, OutputIsInput)):
        with pytest.raises(error):
            convert_file(source, out, home=home)
    (tmp_path / "bad.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(Reel2RigError):
        convert_file(tmp_path / "bad.pkl", tmp_path / "a.npz", home=home)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.pkl", "home", "motion.bvh"]
    assert list(home.jobs.iterdir()) == []


def test_the_command_writes_the_file_and_tells_what_was_assumed(run, tmp_path: Path) -> None:
    done = run(write_any(tmp_path, "pkl"), "-o", tmp_path / "a.npz")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, str(tmp_path / "a.npz"))
    assert "Note: WHAM does not write down the video's frame rate" in done.output
    assert run(tmp_path / "motion.pkl", "-o", tmp_path / "b.npz", "--fps", "59.94").exit_code == 0
    assert read_clip(tmp_path / "b.npz").fps == Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("motion.bvh", "-o", "a.npz", "--fps", "fast"), "motion.bad_rate"),
        (("nowhere.bvh", "-o", "a.npz"), "motion.file_not_found"),
        (("motion.bvh", "-o", "a.npz", "--person", "9"), "motion.unknown_person"),
        (("motion.bvh", "-o", "motion.bvh"), "output."),
    ],
)
def test_mistakes_are_told_in_a_sentence(run, tmp_path, monkeypatch, arguments, message) -> None:
    write_any(tmp_path, "bvh")
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code in (2, 3)
    assert f"Error [{message}" in done.output
    assert "Traceback" not in done.output


def test_the_worker_reads_a_result_as_a_finished_capture(tmp_path: Path, home: Home) -> None:
    """Through a worker's process: the request, its progress, and the job folder that Blender reads."""
    source = write_phalp(tmp_path / "demo_a.pkl", WALK)
    seen = []
    with Session(sys.executable, home, command=[sys.executable, "-c", _WORKER]) as session:
        session.convert(source, {"fps": "24000/1001", "body": "free"})
        job = session.finish(on_progress=seen.append)
        bad = tmp_path / "bad.pkl"
        bad.write_bytes(b"\x80\x02cposix\nsystem\n.")
        session.convert(bad, {"fps": None, "body": "free"})
        with pytest.raises(Reel2RigError, match="it was not run") as caught:
            session.finish()
    assert caught.value.code == "motion.file_unsafe"
    assert "convert" in {progress.stage for progress in seen}
    result = json.loads((job.folder / "result.json").read_text())
    assert (result["video"]["fps"], result["footage"], result["trim"]) == ([24000, 1001], False, [0, 30])
    clip = read_clip(job.folder / result["clips"][0])
    assert (clip.fps, len(clip)) == (Fraction(24000, 1001), 30)
