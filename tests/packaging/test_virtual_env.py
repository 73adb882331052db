"""When the environment in .venv is made, refreshed or left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import virtual_env

PYPROJECT = """
[project]
dependencies = ["numpy"]
[project.optional-dependencies]
worker = ["torch>=2.6", "scipy"]
blender = ["bpy"]
dev = ["pytest"]
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "errors.py").touch()
    (tmp_path / "build").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    monkeypatch.setattr(virtual_env, "ROOT", tmp_path)
    monkeypatch.setattr(virtual_env, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(virtual_env, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(virtual_env, "program", lambda name: "true")
    monkeypatch.setattr(virtual_env, "_brings_cuda", lambda torch: False)
    monkeypatch.setattr(virtual_env.machine, "check_free_disk", lambda needs: None)
    monkeypatch.delenv(virtual_env.TORCH_INDEX, raising=False)
    return tmp_path


@pytest.fixture
def steps(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order: an environment made, requirements installed, the project linked."""
    done: list[str] = []

    def call(command: list[str], doing: str, silent: bool = False) -> None:
        done.append(f"{doing}: {' '.join(command[4:])}" if doing == "installing the packages" else doing)

    monkeypatch.setattr(virtual_env, "_call", call)
    return done


def test_the_first_call_does_everything_and_the_second_nothing(steps) -> None:
    virtual_env.install(("worker", "blender"))
    assert [step.split(":")[0] for step in steps] == [
        "making the virtual environment",
        "updating pip",
        "installing the packages",
        "installing the project itself",
    ]
    assert steps[2].endswith("numpy bpy torch>=2.6 scipy")
    steps.clear()
    virtual_env.install(("worker", "blender"))
    assert steps == []


def test_a_new_file_refreshes_the_links_only(steps, checkout) -> None:
    virtual_env.install(("worker",))
    steps.clear()
    (checkout / "core" / "clip.py").touch()
    virtual_env.install(("worker",))
    assert steps == ["installing the project itself"]


def test_a_changed_pyproject_installs_the_packages_again(steps, checkout) -> None:
    virtual_env.install(("worker",))
    steps.clear()
    (checkout / "pyproject.toml").write_text(PYPROJECT.replace("scipy", "safetensors"), encoding="utf-8")
    virtual_env.install(("worker",))
    assert steps[0].endswith("numpy torch>=2.6 safetensors")
    assert steps[1:] == ["installing the project itself"]


def test_what_was_installed_for_the_tests_stays_when_the_demo_is_made(steps) -> None:
    virtual_env.install(("worker", "dev"))
    steps.clear()
    virtual_env.install(("worker",))
    assert steps == []


def test_torch_comes_from_the_index_that_the_user_names(steps, monkeypatch) -> None:
    monkeypatch.setenv(virtual_env.TORCH_INDEX, "https://torch.invalid/cpu")
    virtual_env.install(("worker",))
    assert "installing torch from REEL2RIG_TORCH_INDEX" in steps


def test_a_failed_step_leaves_no_stamp(checkout, monkeypatch) -> None:
    def fail(command: list[str], doing: str, silent: bool = False) -> None:
        raise virtual_env.machine.SetupProblem(f"{doing} failed")

    monkeypatch.setattr(virtual_env, "_call", fail)
    with pytest.raises(virtual_env.machine.SetupProblem):
        virtual_env.install(("worker",))
    assert not virtual_env.STAMP.exists()


def test_a_moved_checkout_gets_a_new_environment(steps, checkout, monkeypatch) -> None:
    virtual_env.install(("worker",))
    steps.clear()
    text = virtual_env.STAMP.read_text(encoding="utf-8")
    virtual_env.STAMP.write_text(text.replace(str(checkout), "/elsewhere"), encoding="utf-8")
    virtual_env.install(("worker",))
    assert steps[0] == "making the virtual environment"


def test_a_folder_that_is_no_environment_is_not_overwritten(steps, checkout) -> None:
    (checkout / ".venv" / "pyvenv.cfg").unlink()
    with pytest.raises(virtual_env.machine.SetupProblem, match="not a virtual environment"):
        virtual_env.install(("worker",))
