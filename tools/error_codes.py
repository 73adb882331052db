#!/usr/bin/env python3
"""Write docs/troubleshooting.md anew: every error code of the program, what it means and what to do.

The codes are found in the source; what is said of each stands in `error_advice.toml` beside this file. Run
after adding, renaming or removing an error: `python tools/error_codes.py`.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "troubleshooting.md"
ADVICE = Path(__file__).with_name("error_advice.toml")
BEGIN = "<!-- error codes: written by tools/error_codes.py -->"
END = "<!-- end of the error codes -->"
FOLDERS = ("core", "bridge", "blender_addon")


@dataclass(frozen=True)
class Source:
    """Where a code stands in the source, and what is said of it there."""

    code: str
    path: Path
    name: str
    sentence: str


@dataclass(frozen=True)
class Family:
    """The codes that begin alike, in a section of the page.

    Attributes:
        codes: what each code means and what to do, by its full name.
    """

    name: str
    title: str
    intro: str
    codes: dict[str, tuple[str, str]]


def sources() -> list[Source]:
    """Every code in the source: `code = "..."` of a class, and the first text of a `Problem(...)`."""
    found: list[Source] = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found += [
                    Source(code, path.relative_to(ROOT), name, text) for code, name, text in _codes(node)
                ]
    return found


def families() -> list[Family]:
    """What is said of the codes, in the order of the page."""
    table = tomllib.loads(ADVICE.read_text(encoding="utf-8"))
    return [
        Family(
            name,
            part["title"],
            part.get("intro", ""),
            {f"{name}.{code}": (means, do) for code, (means, do) in part["codes"].items()},
        )
        for name, part in table.items()
    ]


def differences() -> list[str]:
    """Codes that the table lacks, and codes in it that no source has any more, as sentences."""
    found = {source.code: source for source in sources()}
    told = {code for family in families() for code in family.codes}
    missing = [
        f"{code} is missing in {ADVICE.name}: {source.name} in {source.path}. {source.sentence}".strip()
        for code, source in sorted(found.items())
        if code not in told
    ]
    return missing + [f"{code} in {ADVICE.name} is no code any more" for code in sorted(told - set(found))]


def listing() -> str:
    """One section a title, one heading a code."""
    lines: list[str] = []
    for title, group in itertools.groupby(families(), key=lambda family: family.title):
        lines += ["", f"## {title}", ""]
        for family in group:
            lines += [family.intro, ""] if family.intro else []
            for code, (means, do) in family.codes.items():
                lines += [f"### `{code}`", "", f"{means} {do}", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def page_with(text: str, codes: str) -> str:
    """The page's text with the part between the two marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{codes}\n\n{END}{after}"


def _codes(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Code, name and first sentence, of those that a node of the source defines."""
    if isinstance(node, ast.ClassDef):
        for line in node.body:
            names = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
            value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
            if any(isinstance(name, ast.Name) and name.id == "code" for name in names) and (
                code := _text(value)
            ):
                docstring = (ast.get_docstring(node) or "").split("\n\n")[0]
                yield code, node.name, " ".join(docstring.split())
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
        texts = [text for text in map(_text, node.args) if text]
        if texts:
            yield texts[0], "Problem", " ".join(texts[1:2])


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


if __name__ == "__main__":
    if found := differences():
        sys.exit("\n".join(found))
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), listing()), encoding="utf-8")
