import os
import sys
from pathlib import Path

import pytest
from reel2rig.bridge import headless_blender
from reel2rig.bridge.capture import run_capture
from reel2rig.bridge.client.session import Session
from reel2rig.bridge.errors import BlenderFailed, BlenderMissing, BlenderTooOld
from reel2rig.bridge.home import Home
from reel2rig.core.errors import Cancelled, Reel2RigError
from reel2rig.core.pipeline.settings import CaptureSettings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Blender is a POSIX script")
FAKE_WORKER = Path(__file__).parents[1] / "bridge" / "fake_worker.py"
STAND_IN = """#!{python}
import json, os, sys, time
if "--version" in sys.argv:
    print("Blender {version} LTS")
    sys.exit()
assert sys.argv[1:4] == ["-b", "--factory-startup", "--python-exit-code"], sys.argv
script, request = sys.argv[sys.argv.index("--python") + 1], sys.argv[-1]
assert sys.argv[-2] == "--" and script.endswith("headless.py") and os.path.isfile(script)
asked = json.load(open(request))
def report(**told):
    json.dump(told, open(request.removesuffix(".json") + ".report.json", "w"))
def write():
    tracks = asked["options"].get("tracks")
    start = asked["options"].get("frame_start")
    open(asked["output"], "w").write(f"{{asked['format']}} {{tracks}} {{start}}")
{behaviour}
"""


@pytest.fixture
def blender(tmp_path, monkeypatch):
    """Puts a stand-in for Blender with the given behaviour in place of the real one."""

    def make(behaviour="write(); report(ok=True)", version="4.2.3"):
        program = tmp_path / "blender"
        program.write_text(STAND_IN.format(python=sys.executable, version=version, behaviour=behaviour))
        program.chmod(0o755)
        monkeypatch.setenv(headless_blender.VARIABLE, str(program))
        return program

    return make


@pytest.fixture
def capture(tmp_path, video):
    """Captures over the fake worker into a folder of its own; returns the outcome and that folder's files."""
    folder = tmp_path / "out"
    folder.mkdir()
    home = Home(tmp_path / "home")

    def run(out, name="one.mp4", **options):
        with Session(sys.executable, home, command=[sys.executable, FAKE_WORKER]) as session:
            settings = CaptureSettings(person="all")
            return run_capture(video(name), folder / out, settings, home=home, session=session, **options)

    run.folder = folder
    run.names = lambda: sorted(path.name for path in folder.iterdir())
    run.home = home
    return run


def test_blender_writes_the_file_and_gets_its_options(blender, capture):
    blender()
    outcome = capture("a.glb", options={"frame_start": 1001})
    assert outcome.files[0].read_text() == "glb None 1001"
    assert capture.names() == ["a.glb"]


def test_several_people_share_a_file_where_the_format_can(blender, capture):
    blender()
    capture("a.fbx", "two.mp4")
    assert capture.names() == ["a.fbx"]


def test_several_people_get_a_file_each_where_it_cannot(blender, capture):
    blender()
    capture("a.bvh", "two.mp4")
    assert capture.names() == ["a_p01.bvh", "a_p02.bvh"]
    assert (capture.folder / "a_p02.bvh").read_text().startswith("bvh ['2']")


def test_a_file_whose_second_person_fails_is_not_written_for_the_first(blender, capture):
    blender("if asked['options']['tracks'] == ['2']: sys.exit(3)\nwrite(); report(ok=True)")
    with pytest.raises(BlenderFailed):
        capture("a.bvh", "two.mp4")
    assert capture.names() == []


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        ("write(); os.kill(os.getpid(), 11)", "blender.failed", "segmentation fault.*blender.log"),
        ("write(); sys.exit(1)", "blender.failed", "exit code 1"),
        ("report(ok=True)", "blender.failed", "wrote no a.blend"),
        ("report(ok=False, code='rig.odd', message='Do this.', exit_code=2)", "rig.odd", "Do this"),
        ("report(ok=False)", "blender.failed", "blender.log"),
    ],
)
def test_a_blender_that_fails_is_one_sentence_and_leaves_no_file(blender, capture, behaviour, code, words):
    blender(behaviour)
    with pytest.raises(Reel2RigError, match=words) as caught:
        capture("a.blend")
    assert caught.value.code == code
    assert capture.names() == []


def test_cancelling_while_blender_works_leaves_no_file(blender, capture):
    blender("write(); time.sleep(60)")
    stages = []
    with pytest.raises(Cancelled):
        capture(
            "a.blend",
            on_progress=lambda progress: stages.append(progress.stage),
            should_cancel=lambda: int("writing" in stages),
        )
    assert capture.names() == []
    assert list(capture.home.jobs.iterdir()) == []


def test_an_old_blender_is_refused_before_the_capture(blender, capture):
    blender(version="3.4.1")
    with pytest.raises(BlenderTooOld, match=r"3\.4.*4\.2"):
        capture("a.blend")
    assert not capture.home.logs.exists()


def test_a_program_that_is_no_blender_is_refused(capture, monkeypatch):
    monkeypatch.setenv(headless_blender.VARIABLE, "/bin/true")
    with pytest.raises(BlenderMissing, match=r"not Blender"):
        capture("a.blend")


def test_without_any_blender_the_sentence_names_both_ways_to_get_one(capture, monkeypatch):
    monkeypatch.delenv(headless_blender.VARIABLE, raising=False)
    monkeypatch.setattr(headless_blender.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(headless_blender.shutil, "which", lambda name: None)
    with pytest.raises(BlenderMissing) as caught:
        capture("a.blend")
    assert "reel2rig[blender]" in caught.value.message
    assert "Blender 4.2 or later" in caught.value.message
    assert caught.value.exit_code == 3
    assert not capture.home.logs.exists()
    monkeypatch.undo()
    monkeypatch.setenv(headless_blender.VARIABLE, "/nowhere/blender")
    with pytest.raises(BlenderMissing, match="/nowhere/blender"):
        capture("a.blend")


def test_motion_files_need_no_blender(capture, monkeypatch):
    monkeypatch.setenv(headless_blender.VARIABLE, "/nowhere/blender")
    capture("a.npz")
    assert capture.names() == ["a.npz"]
