"""Whoever reads a function of the method finds the equation or section it comes from."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from source_tree import ROOT

# The rooms that the method page walks through.
ROOMS = ("ablate", "data", "evaluate/paper", "features", "losses", "network", "train", "world")
CITATION = re.compile(r"sections? \d|equations? \d|eqs?\. \d|tables? \d|figures? \d", re.IGNORECASE)
METHOD_SECTION = re.compile(r"method sections? (\d+b?(?:\.\d+)?)")
PAGE = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
FILES = sorted(file for room in ROOMS for file in (ROOT / "core" / room).rglob("*.py") if file.stat().st_size)


def docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT / "core")) for file in FILES])
def test_every_public_function_or_its_module_cites_the_method(file: Path) -> None:
    module = ast.parse(file.read_text(encoding="utf-8"))
    if CITATION.search(docstring(module)):
        return
    public = [
        node
        for node in module.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert [node.name for node in public if not CITATION.search(docstring(node))] == []


def test_every_cited_section_stands_in_the_method_page() -> None:
    cited = {
        number
        for file in (ROOT / "core").rglob("*.py")
        for number in METHOD_SECTION.findall(" ".join(file.read_text(encoding="utf-8").split()))
    }
    headings = set(re.findall(r"^(?:## |\*\*)(\d+b?(?:\.\d+)?)\b", PAGE, flags=re.MULTILINE))
    assert len(cited) > 20
    assert sorted(cited - headings) == []
