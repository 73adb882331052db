"""A hook of MkDocs: the files at the top of the checkout as pages, and links that hold on the site.

On the site there are only pages. A link from a page to a file at the top of the checkout leads to the page
made of it; a link to any other file of the checkout becomes its text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"changes.md": "CHANGELOG.md", "licences.md": "LICENSE.md", "third-party.md": "THIRD_PARTY.md"}

_OF_FILE = {name: page for page, name in PAGES.items()} | {"README.md": "index.md"}
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^()\s#]+)(#[^()\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of files at the top of the checkout."""
    from mkdocs.structure.files import File

    for page, name in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=linked(text, "")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of a page in docs into links of the site."""
    return markdown if page.file.src_uri in PAGES else linked(markdown, "docs")


def linked(text: str, folder: str) -> str:
    """A page's text with its links to files outside docs turned.

    Args:
        folder: in which the text stands, relative to the checkout.
    """

    def turn(link: re.Match[str]) -> str:
        label, target, anchor = link[1], link[2], link[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path in _OF_FILE:
            return f"[{label}]({_OF_FILE[path]}{anchor})"
        if path.startswith("docs/"):
            return f"[{label}]({path.removeprefix('docs/')}{anchor})"
        return label

    return _LINK.sub(turn, text)
