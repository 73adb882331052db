#!/usr/bin/env python3
"""Write the module list of docs/architecture.md anew from the first sentence of every module's docstring.

Run after adding, moving or removing a module: `python tools/module_list.py`.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN = "<!-- module list: written by tools/module_list.py -->"
END = "<!-- end of the module list -->"
FOLDERS = ("core", "bridge", "blender_addon")


def listing() -> str:
    """One heading per folder, one line per module; empty `__init__.py` files are left out."""
    lines: list[str] = []
    folder = None
    for name in FOLDERS:
        for path in sorted((ROOT / name).rglob("*.py"), key=lambda path: (path.parent.parts, path.name)):
            sentence = _first_sentence(path)
            if path.name == "__init__.py" and not sentence:
                continue
            if path.parent != folder:
                folder = path.parent
                lines += ["", f"### `{folder.relative_to(ROOT).as_posix()}/`", ""]
            lines.append(f"- `{path.name}`: {sentence}" if sentence else f"- `{path.name}`")
    return "\n".join(lines).strip()


def page_with(text: str, modules: str) -> str:
    """The page's text with the part between the two marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{modules}\n\n{END}{after}"


def _first_sentence(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), listing()), encoding="utf-8")
