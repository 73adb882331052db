"""`from reel2rig import ...`: each name is there, described, and what command line and operators call."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import reel2rig
from source_tree import ROOT

PAGE = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")


def test_the_page_names_all_that_is_offered_and_imports_nothing_else() -> None:
    offered = set(reel2rig._WHERE)
    assert {name for name in offered - {"__version__"} if not re.search(rf"\b{name}\b", PAGE)} == set()
    imported = re.findall(r"^from reel2rig import (.*)$", PAGE, flags=re.MULTILINE)
    assert {name.strip() for line in imported for name in line.split(",")} <= offered


@pytest.mark.parametrize("name", sorted(reel2rig._ANYWHERE))
def test_a_name_that_needs_no_blender_is_there_and_described(name) -> None:
    value = getattr(reel2rig, name)
    assert isinstance(value, str) or value.__doc__


@pytest.mark.blender
@pytest.mark.parametrize("name", sorted(reel2rig._IN_BLENDER))
def test_a_name_that_needs_blender_is_there_and_described(name) -> None:
    assert getattr(reel2rig, name).__doc__


def test_without_blender_the_names_that_need_it_say_so() -> None:
    code = "import sys; sys.modules['bpy'] = None\nfrom reel2rig import build"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        "reel2rig.build works inside Blender: run it there, or pip install 'reel2rig[blender]'" in done.stderr
    )


def test_each_function_is_the_one_that_command_line_or_operators_call() -> None:
    """A function that only scripts call would drift away from what the panel does."""
    product = [*(ROOT / "bridge").rglob("*.py"), *(ROOT / "blender_addon").rglob("*.py")]
    sources = [path.read_text(encoding="utf-8") for path in product if path.parent.name != "api"]
    for name, (_, attribute) in reel2rig._WHERE.items():
        # `capture` calls `capture_to_file`, as the command does; the others are called themselves.
        if name.islower() and name not in ("capture", "__version__"):
            calls = [text for text in sources if re.search(rf"(?<!def )\b{attribute}\(", text)]
            assert calls, f"nothing but scripts calls {attribute}"
