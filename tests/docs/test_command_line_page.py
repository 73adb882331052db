"""The page about the command line names what the program offers, all of it and nothing else."""

from __future__ import annotations

import re

import pytest
from reel2rig.bridge.cli.app import app
from source_tree import ROOT
from typer.main import get_command

PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def options(command: str) -> set[str]:
    found = {
        option
        for parameter in COMMANDS[command].params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }
    return found - {"--help"}


def section(title: str, page: str = PAGE) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_command_is_named() -> None:
    told = PAGE.partition("\n## ")[0]
    assert {name for name in COMMANDS if not re.search(rf"`(reel2rig )?{name}\b", told)} == set()


@pytest.mark.parametrize(
    ("title", "command"),
    [("Capture", "capture"), ("Convert", "convert"), ("Scan", "scan"), ("Setup", "setup")],
)
def test_a_section_names_all_options_of_its_command_and_no_other(title, command) -> None:
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section(title))) == options(command)


def test_the_page_of_batches_names_all_their_options_and_no_other() -> None:
    page = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section("Options", page))) == options("batch")


def test_whatever_prints_json_is_said_to() -> None:
    named = {name for name in COMMANDS if "--json" in options(name)}
    told = set(re.findall(r"`(?:reel2rig )?(\w+) --json`", section("Scripts")))
    assert told <= named
    assert {"doctor", "scan"} <= told
