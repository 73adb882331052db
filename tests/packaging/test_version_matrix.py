"""Over which Blender versions the Blender tests run, and what is said of those that cannot."""

from __future__ import annotations

import pytest
import version_matrix
from machine import SetupProblem


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order; there is a Python 3.11 and no 3.13, and 5.0 fails."""
    done: list[str] = []

    def run_tests(entry: version_matrix.Entry) -> int:
        done.append(f"test {entry.version}")
        return 1 if entry.version == "5.0" else 0

    found = {(3, 11): "python3.11", (3, 13): None}
    monkeypatch.setattr(version_matrix, "find_python", lambda version: found[version])
    monkeypatch.setattr(
        version_matrix, "prepare", lambda entry, base: done.append(f"prepare {entry.version} on {base}")
    )
    monkeypatch.setattr(version_matrix, "_run_tests", run_tests)
    return done


def test_every_version_with_its_python_is_run_and_the_others_are_named(runs, capsys) -> None:
    assert version_matrix.run_matrix() == 1
    assert [step for step in runs if step.startswith("test")] == ["test 4.2", "test 4.5", "test 5.0"]
    told = capsys.readouterr().out
    assert "Blender 4.2: passed" in told
    assert "Blender 5.0: FAILED" in told
    assert "Blender 5.2: left out, no Python 3.13 found" in told


def test_versions_can_be_chosen(runs) -> None:
    assert version_matrix.run_matrix(["4.2"]) == 0
    assert runs == ["prepare 4.2 on python3.11", "test 4.2"]


def test_an_unknown_version_is_refused_before_anything_is_installed(runs) -> None:
    with pytest.raises(SetupProblem, match=r"no Blender 3\.6 here; choose of 4\.2, 4\.5, 5\.0, 5\.2"):
        version_matrix.run_matrix(["4.2", "3.6"])
    assert runs == []
