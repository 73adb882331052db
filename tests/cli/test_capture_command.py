import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from reel2rig.bridge.processes import pid_alive
from reel2rig.core.motion.files.npz import read_clip

FAKE_CLI = Path(__file__).with_name("fake_cli.py")


def refused(done, code, exit_code):
    """One sentence on stderr with the code, the exit code, and no traceback."""
    assert done.returncode == exit_code, done.stderr
    assert f"Error [{code}]: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def only(folder, *names):
    """Nothing but these lies in the folder: no temporary file either."""
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "out ü"
    folder.mkdir()
    return folder


def test_a_capture_writes_the_motion_and_prints_only_its_path(reel2rig, video, folder, tmp_path):
    done = reel2rig("capture", video(), "-o", folder / "a.npz")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(folder / "a.npz")]
    assert "Note: The camera moves." in done.stderr
    assert "Finding people" in done.stderr
    assert "cpu" in done.stderr
    assert read_clip(folder / "a.npz").source == "one person.mp4"
    assert only(folder, "a.npz")
    assert only(tmp_path / "home" / "jobs")  # the job folder is gone


def test_several_people_give_a_numbered_file_each(reel2rig, video, folder):
    done = reel2rig("capture", video("two.mp4"), "-o", folder / "a.npz", "--person", "all")
    assert done.returncode == 0, done.stderr
    assert only(folder, "a_p01.npz", "a_p02.npz")
    assert [read_clip(folder / f"a_p0{n}.npz").track for n in (1, 2)] == ["1", "2"]


def test_the_format_overrides_the_ending(reel2rig, video, folder):
    assert reel2rig("capture", video(), "-o", folder / "a.motion", "--format", "npz").returncode == 0
    assert read_clip(folder / "a.motion").track == "1"


def test_an_existing_result_is_replaced_by_a_good_one_only(reel2rig, video, folder):
    (folder / "a.npz").write_bytes(b"old")
    refused(reel2rig("capture", video("corrupt.mp4"), "-o", folder / "a.npz"), "file.corrupt", 5)
    assert (folder / "a.npz").read_bytes() == b"old"
    assert reel2rig("capture", video(), "-o", folder / "a.npz").returncode == 0
    assert read_clip(folder / "a.npz").track == "1"


def test_the_job_folder_is_kept_on_request(reel2rig, video, folder):
    done = reel2rig("capture", video(), "-o", folder / "a.npz", "--keep-job")
    job = Path(done.stderr.partition("Job folder: ")[2].splitlines()[0])
    assert (job / "result.json").exists()


@pytest.mark.parametrize(
    ("out", "code"),
    [
        ("a.mov", "output.unknown_format"),
        ("a", "output.unknown_format"),
        ("none/a.npz", "output.folder_missing"),
        ("file.txt/a.npz", "output.folder_missing"),
        ("folder.npz", "output.is_folder"),
        ("/sys/kernel/a.npz", "output.not_writable"),
        ("/proc/a.npz", "output.failed"),
        ("slow.mp4", "output.is_input"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_capture(
    reel2rig, video, folder, tmp_path, out, code
):
    if out.startswith("/") and not sys.platform.startswith("linux"):
        pytest.skip("a Linux folder that not even root may write")
    (folder / "file.txt").write_text("x")
    (folder / "folder.npz").mkdir()
    slow = video("slow.mp4").rename(folder / "slow.mp4")
    before = sorted(folder.rglob("*"))
    options = ["--format", "npz"] if out == "slow.mp4" else []
    refused(reel2rig("capture", slow, "-o", folder / out, *options), code, 3)
    assert sorted(folder.rglob("*")) == before
    assert not (tmp_path / "home" / "logs").exists()  # no worker was ever started


def test_an_unknown_format_names_the_known_ones(reel2rig, video, folder):
    done = reel2rig("capture", video(), "-o", folder / "a.npz", "--format", "avi")
    told = refused(done, "output.unknown_format", 3)
    assert all(f".{name}" in told for name in ("blend", "glb", "fbx", "bvh", "usdc", "npz"))


def test_a_disk_without_room_is_refused_before_the_capture(folder, monkeypatch):
    import shutil

    from reel2rig.bridge.output import plan_output
    from reel2rig.core.errors import DiskFull

    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**6))
    with pytest.raises(DiskFull, match="free some space"):
        plan_output(folder / "a.npz")
    assert only(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_while_writing_leaves_the_old_file_and_no_other(
    video, folder, tmp_path, monkeypatch
):
    from reel2rig.bridge import capture
    from reel2rig.bridge.client.session import Session
    from reel2rig.bridge.home import Home
    from reel2rig.core.errors import DiskFull

    def onto_a_full_disk(source, target):
        Path(target).write_bytes(b"half")
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(Path(source).read_bytes())

    (folder / "a.npz").write_bytes(b"old")
    monkeypatch.setattr(capture.shutil, "copyfile", onto_a_full_disk)
    worker = [sys.executable, FAKE_CLI.parents[1] / "bridge" / "fake_worker.py"]
    home = Home(tmp_path / "home")
    with Session(sys.executable, home, command=worker) as session, pytest.raises(DiskFull) as caught:
        capture.run_capture(video(), folder / "a.npz", home=home, session=session)
    assert (caught.value.code, caught.value.exit_code) == ("output.disk_full", 3)
    assert (folder / "a.npz").read_bytes() == b"old"
    assert only(folder, "a.npz")


@pytest.mark.parametrize(("name", "words"), [("none.mp4", "no video"), (".", "is a folder")])
def test_a_video_that_is_not_there_is_refused(reel2rig, folder, name, words):
    told = refused(reel2rig("capture", name, "-o", folder / "a.npz"), "video.not_found", 2)
    assert words in told


@pytest.mark.parametrize(
    "options",
    [["--person", "me"], ["--smoothing", "-1"], ["--focal", "nan"], ["--height", "180"], ["--device", "tpu"]],
)
def test_a_setting_out_of_range_is_refused(reel2rig, video, folder, options):
    refused(reel2rig("capture", video(), "-o", folder / "a.npz", *options), "settings.invalid", 2)


def test_two_focal_lengths_are_refused(reel2rig, video, folder):
    options = ["--focal", "1000", "--focal-mm", "26"]
    refused(reel2rig("capture", video(), "-o", folder / "a.npz", *options), "settings.focal_unclear", 2)


@pytest.mark.parametrize(
    ("name", "code", "exit_code", "words"),
    [
        ("die.mp4", "worker.killed", 4, "out of memory"),
        ("leave.mp4", "worker.killed", 4, "exit code 7"),
        ("bug.mp4", "worker.failed", 4, "worker.log"),
        ("full.mp4", "output.disk_full", 3, "free some space"),
        ("corrupt.mp4", "file.corrupt", 5, "download it again"),
        ("nothing.mp4", "file.corrupt", 5, "run the job again"),
    ],
)
def test_a_worker_that_fails_is_one_sentence_and_leaves_nothing(
    reel2rig, video, folder, tmp_path, name, code, exit_code, words
):
    told = refused(reel2rig("capture", video(name), "-o", folder / "a.npz"), code, exit_code)
    assert words in told
    assert only(folder)
    assert only(tmp_path / "home" / "jobs")


def test_debug_shows_the_traceback_as_well(reel2rig, video, folder):
    done = reel2rig("--debug", "capture", video("corrupt.mp4"), "-o", folder / "a.npz")
    assert "Traceback" in done.stderr
    assert "Error [file.corrupt]" in done.stderr


def test_without_setup_a_missing_environment_is_refused(variables, video, folder):
    code = (
        "import sys\n"
        "from reel2rig.bridge.client import environment\n"
        "environment.missing_modules = lambda: ['torch']\n"
        "from reel2rig.bridge.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "capture", video(), "-o", folder / "a.npz", "--no-setup"]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert "reel2rig setup" in refused(done, "worker.environment_missing", 4)


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"])
def test_stopping_half_way_leaves_no_process_and_no_file(variables, video, folder, tmp_path, number):
    command = [sys.executable, FAKE_CLI, "capture", video("slow.mp4"), "-o", folder / "a.npz"]
    process = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True)
    jobs = tmp_path / "home" / "jobs"
    worker = _child_of(process.pid)
    end = time.monotonic() + 30
    while not (jobs.exists() and list(jobs.iterdir())) and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(1.0)
    worker = _child_of(process.pid)
    assert worker
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Cancelled; the worker stopped when asked." in stderr
    assert not pid_alive(worker)
    assert only(folder)
    assert only(jobs)


def test_scan_lists_the_people_as_a_table_and_as_json(reel2rig, video, tmp_path):
    import json

    done = reel2rig("scan", video("two.mp4"))
    assert done.returncode == 0, done.stderr
    assert "90%" in done.stdout
    done = reel2rig("scan", video("two.mp4"), "--json")
    assert [track["id"] for track in json.loads(done.stdout)["tracks"]] == [1, 2]
    assert only(tmp_path / "home" / "jobs")


def _child_of(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children")
    text = children.read_text().split() if children.exists() else []
    return int(text[0]) if text else 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of any bytes are a Linux thing")
def test_a_name_that_is_no_text_works_like_any_other(reel2rig, folder, tmp_path):
    name = os.fsdecode(b"caf\xe9.mp4")
    (tmp_path / name).write_bytes(b"video")
    out = folder / os.fsdecode(b"caf\xe9.npz")
    done = reel2rig("capture", tmp_path / name, "-o", out)
    assert done.returncode == 0, done.stderr
    assert read_clip(out).track == "1"
