"""docs/architecture.md names every module, and none that is gone."""

from __future__ import annotations

import re

import module_list
from source_tree import ROOT


def test_every_module_stands_in_the_architecture_page() -> None:
    written = _named(module_list.PAGE.read_text(encoding="utf-8"))
    there = _named(module_list.page_with("", module_list.listing()))
    assert written == there, (
        f"run `python tools/module_list.py`: new {sorted(there - written)}, gone {sorted(written - there)}"
    )


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    without = [
        path.relative_to(ROOT).as_posix()
        for folder in module_list.FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "__init__.py" and not module_list._first_sentence(path)
    ]
    assert not without


def _named(page: str) -> set[str]:
    """`folder/file` of every list item between the two marks."""
    names, folder = set(), ""
    for line in page.partition(module_list.BEGIN)[2].partition(module_list.END)[0].splitlines():
        if heading := re.fullmatch(r"### `(.+)`", line):
            folder = heading[1]
        elif item := re.match(r"- `(.+?)`", line):
            names.add(folder + item[1])
    return names
