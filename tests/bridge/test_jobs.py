import os
import stat
import subprocess
import sys
import time

import pytest
from reel2rig.bridge import jobs
from reel2rig.bridge.files import read_json, write_json
from reel2rig.bridge.processes import pid_alive
from reel2rig.core.errors import FileCorrupt, OutputError


def old(job, days=30):
    then = time.time() - days * 86400
    os.utime(job.folder / "job.json", (then, then))


def orphan(job):
    """Pretend that the job's owner has died."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    write_json(job.folder / "owner.json", {"pid": process.pid})


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_job_folder_is_private(tmp_path):
    job = jobs.create_job(tmp_path, "capture", "video.mp4", {})
    assert stat.S_IMODE(job.folder.stat().st_mode) == 0o700


def test_a_job_is_found_again_by_its_folder(tmp_path):
    job = jobs.create_job(tmp_path, "scan", "/videos/tänzer (1).mp4", {"person": "all"})
    assert jobs.open_job(job.folder) == job


def test_two_jobs_of_one_video_never_share_a_folder(tmp_path):
    folders = {jobs.create_job(tmp_path, "capture", "a.mp4", {}).folder for _ in range(20)}
    assert len(folders) == 20


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.mp4", "ä/ö.mp4", "." * 200, "x" * 300 + ".mp4", "con:.mp4"]
)
def test_any_video_name_gives_a_folder_below_the_jobs(tmp_path, name):
    job = jobs.create_job(tmp_path, "capture", name, {})
    assert job.folder.resolve().parent == tmp_path.resolve()


def test_only_old_jobs_without_a_living_owner_are_cleaned(tmp_path):
    young, held, stale = (jobs.create_job(tmp_path, "capture", "a.mp4", {}) for _ in range(3))
    old(held)
    old(stale)
    orphan(stale)
    orphan(young)
    assert jobs.clean_jobs(tmp_path, days=7) == [stale.folder]
    assert young.folder.exists()
    assert held.folder.exists()


def test_cleaning_and_removing_never_touch_what_is_no_job(tmp_path):
    folder = tmp_path / "holiday videos"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"x")
    (tmp_path / "file").write_text("x")
    jobs.remove_job(folder)
    assert jobs.clean_jobs(tmp_path, days=0) == []
    assert (folder / "a.mp4").exists()


def test_cleaning_where_there_are_no_jobs_is_fine(tmp_path):
    assert jobs.clean_jobs(tmp_path / "none") == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 99}'])
def test_a_folder_without_a_readable_job_is_refused(tmp_path, text):
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(FileCorrupt):
        jobs.open_job(tmp_path)


def test_a_result_that_is_missing_or_half_is_refused(tmp_path):
    job = jobs.create_job(tmp_path, "capture", "a.mp4", {})
    with pytest.raises(FileCorrupt):
        job.result()
    (job.folder / "result.json").write_text('{"schema": 1, "cl')
    with pytest.raises(FileCorrupt):
        job.result()


def test_a_home_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        jobs.create_job(tmp_path / "file" / "jobs", "capture", "a.mp4", {})


def test_a_json_file_that_cannot_be_written_leaves_the_old_one_and_no_other(tmp_path):
    write_json(tmp_path / "a.json", {"old": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"new": object()})
    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_process_is_alive_until_it_is_not():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert pid_alive(process.pid)
    process.communicate(b"\n")
    assert not pid_alive(process.pid)
    assert not pid_alive(0)
    assert not pid_alive(-1)
