"""What `make demo` and `make test` say on a machine that lacks something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import machine
import pytest


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Every command that would have been run; all of them seem to succeed."""
    called: list[list[str]] = []

    def call(command: list[str], **_options: object) -> int:
        called.append(list(command))
        return 0

    monkeypatch.setattr(machine.subprocess, "call", call)
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"/usr/bin/{name}")
    return called


def test_the_libraries_of_mediapipe_opencv_and_blender_are_all_checked() -> None:
    line = "libegl1 libgles2 libgl1 libglib2.0-0 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6"
    assert sorted(machine.system_libraries().values()) == sorted(line.split())


def test_missing_libraries_are_named_with_the_apt_line_that_brings_them(commands, monkeypatch) -> None:
    monkeypatch.setattr(machine, "missing_libraries", lambda: ["libEGL.so.1", "libSM.so.6"])
    monkeypatch.setattr(machine, "_root_prefix", lambda: None)
    with pytest.raises(machine.SetupProblem) as problem:
        machine.check_system_libraries()
    assert "libEGL.so.1, libSM.so.6 are missing" in str(problem.value)
    assert "sudo apt-get install -y --no-install-recommends libegl1 libsm6\n" in str(problem.value)
    assert not any("apt-get" in command for command in commands)


def test_missing_libraries_are_installed_where_that_is_allowed(commands, monkeypatch) -> None:
    answers = iter([["libXi.so.6"], []])
    monkeypatch.setattr(machine, "missing_libraries", lambda: next(answers))
    monkeypatch.setattr(machine, "_root_prefix", lambda: ["sudo", "-n"])
    machine.check_system_libraries()
    install = ["sudo", "-n", "apt-get", "install", "-y", "--no-install-recommends", "libxi6"]
    assert commands[-2:] == [["sudo", "-n", "apt-get", "update", "-q"], install]


def test_a_library_that_apt_did_not_bring_is_said(commands, monkeypatch) -> None:
    monkeypatch.setattr(machine, "missing_libraries", lambda: ["libXi.so.6"])
    monkeypatch.setattr(machine, "_root_prefix", list)
    with pytest.raises(machine.SetupProblem, match=r"apt could not bring libXi\.so\.6"):
        machine.check_system_libraries()


def test_without_apt_the_libraries_are_named_all_the_same(commands, monkeypatch) -> None:
    monkeypatch.setattr(machine, "missing_libraries", lambda: ["libGL.so.1"])
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    with pytest.raises(machine.SetupProblem, match=r"libGL\.so\.1.*your distribution"):
        machine.check_system_libraries()


def test_a_machine_with_everything_is_left_alone(commands, monkeypatch) -> None:
    monkeypatch.setattr(machine, "missing_libraries", list)
    machine.check_system_libraries()
    assert not any("apt-get" in command for command in commands)


def test_an_unfit_python_is_refused_by_name(monkeypatch) -> None:
    monkeypatch.setattr(machine.sys, "version_info", (3, 12, 3))
    with pytest.raises(machine.SetupProblem, match=r"Python 3\.12.*3\.11 and 3\.13"):
        machine.check_python()


def test_too_little_disk_is_said_with_the_size_of_each_part(tmp_path: Path) -> None:
    needs = {"the packages": (tmp_path / "not" / "yet", 4e18), "the cache": (tmp_path, 1e18)}
    with pytest.raises(machine.SetupProblem) as problem:
        machine.check_free_disk(needs)
    assert "5000000000.0 GB are needed" in str(problem.value)
    assert "the packages 4000000000.0 GB, the cache 1000000000.0 GB" in str(problem.value)


def test_enough_disk_is_silent(tmp_path: Path, capsys) -> None:
    machine.check_free_disk({"the packages": (tmp_path / "not" / "yet", 1e3)})
    assert capsys.readouterr().out == ""


def test_help_names_the_commands_without_installing_anything() -> None:
    script = Path(machine.__file__).with_name("bootstrap.py")
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    for command in ("demo", "test", "test-matrix", "docs", "lint", "install", "clean"):
        assert f"\n  {command} " in done.stdout
