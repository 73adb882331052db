"""Every script in examples/ runs, on a short motion or a fake capture."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from farm import farm_variables
from reel2rig import load, save
from source_tree import ROOT
from walking import walking_person

EXAMPLES = ROOT / "examples"
TRIED = {
    "capture_video.py",
    "clean_up_motion.py",
    "convert_motion.py",
    "build_in_blender.py",
    "retarget_to_rig.py",
    "export_for_engine.py",
    "slurm_array.sh",
}


@pytest.fixture
def motion(tmp_path) -> Path:
    path = tmp_path / "walk.npz"
    save(path, walking_person(1.0, seed=3))
    return path


def run(name: str, *arguments: object, variables: dict[str, str] | None = None) -> str:
    program = [sys.executable] if name.endswith(".py") else ["sh"]
    done = subprocess.run(
        [*program, EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=variables,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_is_tried_here_and_listed_on_its_page() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in EXAMPLES.iterdir()} - {"README.md", "__pycache__"}
    assert names == TRIED
    assert {name for name in names if f"`{name} " not in page} == set()


def test_capture_video(tmp_path) -> None:
    video = tmp_path / "two.mp4"
    video.write_bytes(b"the fake worker goes by the name")
    told = run("capture_video.py", video, tmp_path / "out.npz", variables=farm_variables(tmp_path / "farm"))
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out_p01.npz", "out_p02.npz"]
    assert "person 2, 3 frames at 30 a second" in told


def test_clean_up_motion(tmp_path, motion) -> None:
    told = run("clean_up_motion.py", motion, tmp_path / "clean.npz")
    (cleaned,) = load(tmp_path / "clean.npz")
    assert cleaned.space == "blender"
    assert "The left foot stands in" in told


def test_convert_motion(tmp_path, motion) -> None:
    run("convert_motion.py", motion, tmp_path / "walk.csv")
    assert (tmp_path / "walk.csv").read_text(encoding="utf-8").count("\n") == len(load(motion)[0]) + 1


@pytest.mark.blender
def test_build_in_blender(tmp_path, motion) -> None:
    told = run("build_in_blender.py", motion, tmp_path / "walk.blend")
    assert "frames (1.0, 30.0)" in told
    assert (tmp_path / "walk.blend").stat().st_size > 100_000


@pytest.mark.blender
def test_retarget_to_rig(tmp_path, motion) -> None:
    rig = tmp_path / "rig.blend"
    made = (
        "import sys, bpy\n"
        "bpy.ops.wm.read_factory_settings(use_empty=True)\n"
        "from rigs import build_rig\n"
        "build_rig('mixamo').name = 'metarig'\n"
        "build_rig('mixamo')\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(rig)!r})\n"
    )
    path = {"PYTHONPATH": str(ROOT / "tests" / "support")}
    subprocess.run([sys.executable, "-c", made], env=os.environ | path, capture_output=True, check=True)
    before = rig.read_bytes()
    told = run("retarget_to_rig.py", motion, rig, tmp_path / "out.blend")
    assert "mixamo plays Person 1" in told
    assert (tmp_path / "out.blend").is_file()
    assert rig.read_bytes() == before


@pytest.mark.blender
@pytest.mark.parametrize("engine", ["unreal", "unity"])
def test_export_for_engine(tmp_path, motion, engine) -> None:
    run("export_for_engine.py", motion, tmp_path / "walk.fbx", engine)
    assert (tmp_path / "walk.fbx").read_bytes().startswith(b"Kaydara FBX Binary")


def test_slurm_array(tmp_path) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    for number in range(3):
        (clips / f"one {number}.mp4").write_bytes(b"%d" % number)
    program = Path(sys.executable).parent
    for task in ("1", "2"):
        farm = farm_variables(tmp_path / f"farm{task}", SLURM_ARRAY_TASK_ID=task, SLURM_ARRAY_TASK_COUNT="2")
        run(
            "slurm_array.sh",
            clips,
            out,
            variables=farm | {"PATH": f"{program}{os.pathsep}{os.environ['PATH']}"},
        )
    assert sorted(path.name for path in out.glob("*.fbx")) == [f"one {number}_p01.fbx" for number in range(3)]
    assert {path.name for path in (out / "reel2rig-batch").glob("report*")} == {
        "report-1of2.json",
        "report-2of2.json",
    }
