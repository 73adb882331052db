"""Which Blender the GUI ring takes, and what is said where there is none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import gui_blender
import pytest
from machine import SetupProblem


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH; no Blender is named."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(gui_blender.VARIABLE, raising=False)
    return folder


def program(path: Path, says: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_blender_on_the_path_is_taken_with_the_x_server_beside_it(programs, tmp_path) -> None:
    program(programs / "blender", "Blender 4.2.3 LTS")
    xvfb = program(programs / "Xvfb")
    found = gui_blender.find(tmp_path / "nothing")
    assert found == gui_blender.GuiBlender(programs / "blender", (4, 2, 3), (str(xvfb),))


def test_a_blender_without_an_x_server_an_old_one_and_a_python_are_not_taken(
    programs, tmp_path, monkeypatch
) -> None:
    program(programs / "blender", "Blender 4.3.2")
    assert gui_blender.find(tmp_path / "nothing") is None
    program(programs / "Xvfb")
    program(programs / "blender", "Blender 3.4.1")
    assert gui_blender.find(tmp_path / "nothing") is None
    monkeypatch.setenv(gui_blender.VARIABLE, str(program(programs / "python3.11", "Blender 4.5.0")))
    assert gui_blender.find(tmp_path / "nothing") is None


def test_the_named_blender_comes_before_the_one_on_the_path(programs, tmp_path, monkeypatch) -> None:
    program(programs / "blender", "Blender 4.2.3")
    program(programs / "Xvfb")
    named = program(tmp_path / "other" / "blender", "Blender 5.2.0")
    monkeypatch.setenv(gui_blender.VARIABLE, str(named))
    found = gui_blender.find(tmp_path / "nothing")
    assert found is not None
    assert (found.program, found.version) == (named, (5, 2, 0))


def debian(folder: Path) -> Path:
    """What of a bootstrapped folder the launchers depend on; its loader starts the host's programs."""
    libraries = folder / "usr" / "lib" / "x86_64-linux-gnu"
    loader = program(libraries / "ld-linux-x86-64.so.2")
    loader.write_text('#!/bin/sh\nshift 2\nprogram=$1\nshift\nexec "$program" "$@"\n', encoding="utf-8")
    (libraries / "blas").mkdir()
    program(folder / "usr" / "bin" / "Xvfb")
    program(folder / "usr" / "bin" / "python3.13")
    blender = program(folder / "usr" / "bin" / "blender")
    blender.write_text(
        '#!/bin/sh\necho "Blender 4.3.2"; echo "$BLENDER_SYSTEM_PYTHON $1"\n', encoding="utf-8"
    )
    return folder


def test_the_launcher_of_a_bootstrapped_folder_starts_its_blender_and_tells_it_of_its_python(
    tmp_path,
) -> None:
    folder = debian(tmp_path / "with a space")
    launcher = gui_blender.write_launcher(folder)
    done = subprocess.run([launcher, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Blender 4.3.2", f"{folder}/python --version"]
    assert (folder / "python" / "bin" / "python3.13").stat().st_mode & 0o100
    assert (folder / "python" / "lib").resolve() == folder / "usr" / "lib"


def test_a_bootstrapped_folder_is_found_and_its_x_server_runs_by_chroot(
    programs, tmp_path, monkeypatch
) -> None:
    folder = debian(tmp_path / "debian")
    gui_blender.write_launcher(folder)
    monkeypatch.setattr(gui_blender.os, "geteuid", lambda: 0)
    found = gui_blender.find(folder)
    assert found is not None
    assert found.program == folder / "blender"
    assert found.xvfb == ("chroot", str(folder), "/usr/bin/Xvfb")
    assert found.xvfb_root == folder
    monkeypatch.setattr(gui_blender.os, "geteuid", lambda: 1000)
    assert gui_blender.find(folder) is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="bootstrapping is for Linux")
@pytest.mark.parametrize(
    ("platform", "user", "said"),
    [("darwin", 0, "on Linux only"), ("linux", 1000, "only root"), ("linux", 0, "so is apt")],
)
def test_a_machine_that_cannot_bootstrap_is_told_what_to_do(
    programs, tmp_path, monkeypatch, platform, user, said
) -> None:
    monkeypatch.setattr(gui_blender.sys, "platform", platform)
    monkeypatch.setattr(gui_blender.os, "geteuid", lambda: user)
    monkeypatch.setattr(gui_blender, "check_free_disk", lambda needs: None)
    with pytest.raises(SetupProblem, match=f"{said}.*put `blender` on PATH"):
        gui_blender.make(tmp_path / "new")


def test_a_bootstrap_that_fails_leaves_no_folder_behind(programs, tmp_path, monkeypatch) -> None:
    program(programs / "mmdebstrap")
    folder = tmp_path / "new"

    def fail(command: list[str]) -> int:
        assert command[-2:] == [gui_blender.SUITE, str(folder)]
        folder.mkdir()
        return 1

    monkeypatch.setattr(gui_blender.sys, "platform", "linux")
    monkeypatch.setattr(gui_blender.os, "geteuid", lambda: 0)
    monkeypatch.setattr(gui_blender, "check_free_disk", lambda needs: None)
    monkeypatch.setattr(gui_blender.subprocess, "call", fail)
    with pytest.raises(SetupProblem, match="mmdebstrap failed"):
        gui_blender.make(folder)
    assert not folder.exists()
