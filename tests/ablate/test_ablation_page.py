"""The page of the ablations says what its JSON files say."""

from __future__ import annotations

import json

import pytest
from reel2rig.core.ablate.page import FOLDER, PAGE, MarkersMissing, filled, render_anchors, rendered_page
from reel2rig.core.ablate.results import TableResult
from reel2rig.core.ablate.tables import OURS, TABLES, find_table
from source_tree import ROOT

DOCS = ROOT / "docs"


def test_every_figure_of_the_page_is_rendered_from_its_json() -> None:
    assert (DOCS / PAGE).read_text(encoding="utf-8") == rendered_page(DOCS)


@pytest.mark.parametrize("name", TABLES)
def test_the_committed_tables_are_whole(name: str) -> None:
    result = TableResult.read(DOCS / FOLDER / f"{name}.json")
    assert [item.row for item in result.rows] == list(find_table(name).rows)
    for item in result.rows:
        assert len(item.runs) >= 3
        assert len({run.seed for run in item.runs}) == len(item.runs)


def test_the_committed_tables_share_the_full_method() -> None:
    rows = [TableResult.read(DOCS / FOLDER / f"{name}.json").row(OURS) for name in TABLES]
    runs = [row.runs for row in rows if row is not None]
    assert runs == [runs[0]] * len(TABLES)


def test_committed_pictures_are_small() -> None:
    pictures = [path for path in (DOCS / FOLDER).iterdir() if path.suffix in (".jpg", ".png")]
    assert pictures
    assert sum(path.stat().st_size for path in pictures) < 1_000_000


def test_what_stands_outside_the_markers_is_kept() -> None:
    page = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n"
    new = filled(page, {"a": "new"})
    assert new == "before\n<!-- a -->\nnew\n<!-- /a -->\nafter\n"
    assert filled(new, {"a": "new"}) == new


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(MarkersMissing, match="<!-- table4 -->"):
        filled("no markers", {"table4": "text"})


def test_anchor_errors_are_means_over_pairs() -> None:
    errors = {"pa_mpjpe": 70.0, "head_wrists": 4.0, "perimeter": 9.0, "area": 100.0}
    share = dict.fromkeys(errors, 0.5)
    pairs = [
        {"with": errors, "without": {k: v + 2 for k, v in errors.items()}, "nearer": share},
        {"with": errors, "without": {k: v + 4 for k, v in errors.items()}, "nearer": share},
    ]
    line = render_anchors(json.loads(json.dumps({"pairs": pairs}))).splitlines()[2]
    assert line == "| PA-MPJPE, mm | 70.00 ± 0.00 | 73.00 ± 1.41 | 50% |"
