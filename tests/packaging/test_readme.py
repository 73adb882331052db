"""The pages at the top of the checkout speak of things that exist."""

from __future__ import annotations

import re

import pytest
from source_tree import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_inside_the_repository_leads_somewhere(page) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_and_option_of_the_readme_exists() -> None:
    from reel2rig.bridge.cli.app import app
    from typer.main import get_command

    lines = re.findall(r"^reel2rig .*$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert lines
    for line in lines:
        command, rest = get_command(app), line.partition("#")[0].split()[1:]
        while (choices := getattr(command, "commands", {})) and rest and not rest[0].startswith("-"):
            assert rest[0] in choices, line
            command, rest = choices[rest[0]], rest[1:]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("-")} <= known, line


def test_the_readme_begins_with_the_two_commands() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:25]
    assert any(line.startswith("make demo") for line in first_screen)
    assert any(line.startswith("make test") for line in first_screen)


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert "make test" in commands
    assert script.stat().st_mode & 0o100
