"""The landmark model is fetched once, checked, and never half there."""

from __future__ import annotations

import hashlib
import shutil
import stat
import sys
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest
from reel2rig.core.errors import DiskFull
from reel2rig.core.people import model_files
from reel2rig.core.people.model_files import (
    LandmarkModelCorrupt,
    LandmarkModelDownloadFailed,
    LandmarkModelMissing,
    LandmarkModelUnknown,
    fetch_landmark_model,
    is_landmark_bundle,
    landmark_model_path,
)
from reel2rig.core.people.tflite_metadata import with_normalisation


def stand_in_python(folder: Path, script: str) -> str:
    """An interpreter that runs `script` in place of pip; `dest` is the folder to download to."""
    path = folder / "python"
    path.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        'dest = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])\n' + script
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def offline(tmp_path: Path) -> str:
    return stand_in_python(
        tmp_path,
        'sys.stderr.write("WARNING: retrying\\nERROR: No matching distribution found\\n"); sys.exit(1)',
    )


def test_the_fetched_model_is_a_sound_bundle_with_its_normalisation(landmark_model: Path):
    from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
    from mediapipe.tasks.metadata import schema_py_generated as schema

    assert is_landmark_bundle(landmark_model)
    expected = {model_files.DETECTOR: (127.5, 127.5), model_files.LANDMARKER: (0.0, 255.0)}
    with zipfile.ZipFile(landmark_model) as bundle:
        for entry, (mean, std) in expected.items():
            model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bundle.read(entry), 0))
            found = [item for item in model.metadata if item.name == b"TFLITE_METADATA"]
            assert len(found) == 1
            content = bytes(model.buffers[found[0].buffer].data)
            assert content[4:8] == b"M001"
            image = metadata.ModelMetadataT.InitFromObj(metadata.ModelMetadata.GetRootAs(content, 0))
            options = image.subgraphMetadata[0].inputTensorMetadata[0].processUnits[0].options
            assert (options.mean[0], options.std[0]) == (mean, std)
            start = bundle.getinfo(entry).header_offset
            raw = landmark_model.read_bytes()[start : start + 30]
            data = start + 30 + int.from_bytes(raw[26:28], "little") + int.from_bytes(raw[28:30], "little")
            assert data % 16 == 0  # mapped into memory and read in place


def test_a_model_that_is_there_is_not_fetched_again(landmark_model: Path, tmp_path: Path, offline: str):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(landmark_model, folder / landmark_model.name)
    said: list[str] = []
    assert fetch_landmark_model(folder, python=offline, say=said.append) == folder / landmark_model.name
    assert said == []


def test_without_a_connection_a_sentence_says_what_to_do(tmp_path: Path, offline: str):
    folder = tmp_path / "models"
    with pytest.raises(LandmarkModelDownloadFailed, match="internet") as caught:
        fetch_landmark_model(folder, python=offline, say=lambda line: None)
    assert caught.value.code == "people.model_download_failed"
    assert "No matching distribution" in caught.value.message
    assert list(folder.iterdir()) == []


def test_a_failed_fetch_can_be_repeated(
    tmp_path: Path, offline: str, landmark_model: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "models"
    with pytest.raises(LandmarkModelDownloadFailed):
        fetch_landmark_model(folder, python=offline, say=lambda line: None)
    with zipfile.ZipFile(landmark_model) as bundle:
        parts = {entry: bundle.read(entry) for entry in model_files.SOURCES}
    wheel = tmp_path / "mediapipe-0.10.21-any.whl"
    sources = {}
    with zipfile.ZipFile(wheel, "w") as archive:
        for entry, (inside, _, mean, std) in model_files.SOURCES.items():
            archive.writestr(inside, parts[entry])
            sources[entry] = (inside, hashlib.sha256(parts[entry]).hexdigest(), mean, std)
    monkeypatch.setattr(model_files, "SOURCES", sources)
    working = stand_in_python(tmp_path, f"import shutil; shutil.copy({str(wheel)!r}, dest)")
    path = fetch_landmark_model(folder, python=working, say=lambda line: None)
    assert is_landmark_bundle(path)
    assert [entry.name for entry in folder.iterdir()] == [path.name]


def test_a_wheel_with_other_content_is_refused(tmp_path: Path):
    script = (
        "import zipfile\n"
        'with zipfile.ZipFile(dest / "mediapipe-0.10.21-any.whl", "w") as archive:\n'
        '    archive.writestr("mediapipe/modules/pose_detection/pose_detection.tflite", b"something else")\n'
    )
    folder = tmp_path / "models"
    with pytest.raises(LandmarkModelDownloadFailed, match="checksum"):
        fetch_landmark_model(folder, python=stand_in_python(tmp_path, script), say=lambda line: None)
    assert list(folder.iterdir()) == []


def test_a_damaged_wheel_is_refused(tmp_path: Path):
    python = stand_in_python(tmp_path, '(dest / "mediapipe-0.10.21-any.whl").write_bytes(b"PK no zip")')
    with pytest.raises(LandmarkModelDownloadFailed, match="damaged"):
        fetch_landmark_model(tmp_path / "models", python=python, say=lambda line: None)


def test_an_interpreter_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(LandmarkModelDownloadFailed):
        fetch_landmark_model(tmp_path / "models", python=str(tmp_path / "none"), say=lambda line: None)


def test_a_full_disk_is_noticed_before_the_download(
    tmp_path: Path, offline: str, monkeypatch: pytest.MonkeyPatch
):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(model_files.shutil, "disk_usage", lambda path: usage(10**9, 10**9, 10**6))
    with pytest.raises(DiskFull, match="100 MB"):
        fetch_landmark_model(tmp_path / "models", python=offline, say=lambda line: None)


def test_a_missing_model_names_setup_and_a_damaged_one_too(tmp_path: Path):
    with pytest.raises(LandmarkModelMissing, match="reel2rig setup"):
        landmark_model_path(tmp_path)
    (tmp_path / "pose_landmarker_full.task").write_bytes(b"half a file")
    with pytest.raises(LandmarkModelCorrupt, match="reel2rig setup"):
        landmark_model_path(tmp_path)


def test_the_users_own_task_file_is_taken_as_it_is(landmark_model: Path, tmp_path: Path):
    own = tmp_path / "my heavy model.task"
    shutil.copy(landmark_model, own)
    assert landmark_model_path(tmp_path / "nowhere", str(own)) == own
    with pytest.raises(LandmarkModelMissing, match="other"):
        landmark_model_path(tmp_path, str(tmp_path / "other.task"))
    (tmp_path / "song.task").write_bytes(b"la la la")
    with pytest.raises(LandmarkModelCorrupt, match="song"):
        landmark_model_path(tmp_path, str(tmp_path / "song.task"))


def test_an_unknown_model_name_is_refused(tmp_path: Path):
    for act in (landmark_model_path, fetch_landmark_model):
        with pytest.raises(LandmarkModelUnknown, match="gigantic"):
            act(tmp_path, "gigantic")


def test_metadata_is_not_written_into_anything_but_a_tflite_model():
    with pytest.raises(ValueError, match="TFL3"):
        with_normalisation(b"x" * 100, 0, 1)
