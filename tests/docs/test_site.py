"""The documentation site: its pages are there, lead to each other, and are built without a complaint."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib

import pytest
import site_pages
from source_tree import ROOT

DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
MOST_BYTES = 150_000  # of a picture

LOADED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//[^ >]+")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")


def pages() -> dict[str, str]:
    """Every page of the site by its name, as its author wrote it, with links as they are on the site."""
    written = {
        page.relative_to(DOCS).as_posix(): site_pages.linked(page.read_text(encoding="utf-8"), "docs")
        for page in DOCS.rglob("*.md")
    }
    made = {
        page: site_pages.linked((ROOT / name).read_text(encoding="utf-8"), "")
        for page, name in site_pages.PAGES.items()
    }
    return written | made


PAGES = pages()


def anchors(text: str) -> set[str]:
    """Where a link into a page may lead: its headings, as the site names them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


def slug(heading: str) -> str:
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"[-\s]+", "-", kept)


def test_every_page_of_the_navigation_exists() -> None:
    named = set(re.findall(r"^ *- .+: (\S+\.md)$", CONFIG, flags=re.MULTILINE))
    assert named == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_between_pages_leads_to_a_page_and_a_heading_that_exist(name) -> None:
    for target in LINK.findall(PAGES[name]):
        if "://" in target:
            continue
        page, _, anchor = target.partition("#")
        if page.endswith(".md") or not page:
            assert (page or name) in PAGES, f"{name} leads to {target}"
            assert not anchor or anchor in anchors(PAGES[page or name]), f"{name} leads to {target}"
        else:
            assert (DOCS / page).is_file(), f"{name} shows {target}"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_lists_and_tables_begin_after_an_empty_line(name) -> None:
    # GitHub would show them all the same; the site shows dashes and bars in the middle of a paragraph.
    begins = re.compile(r"[-*] |\d+\. |\|.*\|$")
    for block in re.sub(r"^```.*?^```", "", PAGES[name], flags=re.DOTALL | re.MULTILINE).split("\n\n"):
        first, *others = block.strip("\n").split("\n")
        if not begins.match(first) and not first.startswith(("    ", "<!--")):
            assert not [line for line in others if begins.match(line)], f"{name}: {block}"


def test_every_picture_is_shown_somewhere_and_small() -> None:
    shown = {target for text in PAGES.values() for target in LINK.findall(text)}
    for picture in IMAGES.glob("*"):
        assert f"images/{picture.name}" in shown, f"{picture.name} is on no page"
        assert picture.stat().st_size <= MOST_BYTES, f"{picture.name} is too large for a page"


def test_links_to_files_of_the_checkout_hold_on_the_site() -> None:
    text = "[the log](../CHANGELOG.md#unreleased), [`a.py`](../core/a.py), [page](body.md), [out](https://a.org/b)"
    there = site_pages.linked(text, "docs")
    assert there == "[the log](changes.md#unreleased), `a.py`, [page](body.md), [out](https://a.org/b)"
    assert site_pages.linked("[b](docs/body.md#shape) ![p](docs/p.png)", "") == (
        "[b](body.md#shape) ![p](docs/p.png)"
    )


def test_the_site_is_built_by_a_pinned_theme() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [item for item in extras["optional-dependencies"]["docs"] if re.search(r",<\d+$", item)]


@pytest.mark.skipif(importlib.util.find_spec("material") is None, reason="mkdocs-material is not installed")
def test_the_site_is_built_without_a_complaint_and_asks_no_other_host_for_anything(tmp_path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = LOADED.findall(text)
        assert not loaded, f"{page.name} loads {loaded[0]}"
