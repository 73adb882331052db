"""Statistics and markdown of ablation results."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from reel2rig.core.ablate.report import render
from reel2rig.core.ablate.results import ResultsCorrupt, TableResult
from reel2rig.core.ablate.statistics import Spread, least_telling, paired_difference, seed_spread

MakeTable = Callable[[str, dict[str, list[float]]], TableResult]


def test_differences_are_taken_seed_by_seed(table4: TableResult) -> None:
    row, ours = table4.row("fde-identity"), table4.row("ours")
    assert row
    assert ours
    difference = paired_difference(row, ours, "pa_mpjpe")
    assert difference
    assert difference.mean == pytest.approx(0.0, abs=1e-9)
    assert difference.sd == pytest.approx(Spread.of([0.2, -0.1, -0.1]).sd)


def test_seed_spread_is_pooled_over_rows(table4: TableResult) -> None:
    sd, freedom = seed_spread(table4, "pa_mpjpe")
    assert freedom == 6
    assert sd == pytest.approx(math.sqrt((0.4**2 + 0.07 + 0.4**2) / 3))  # 0.07: variance of .2 .3 .7


def test_least_telling_difference_is_the_two_sample_interval(make_table: MakeTable) -> None:
    table = make_table("table4", {"no-dem": [60.0, 62.0], "ours": [60.0, 62.0]})
    # sd = sqrt(2), 2 degrees of freedom: t = 4.3027; n = 2 each.
    assert least_telling(table, "pa_mpjpe", 2) == pytest.approx(4.3027 * math.sqrt(2), rel=1e-4)


def test_report_reads_differences_against_chance(table4: TableResult) -> None:
    text = render(table4)
    boost = next(line for line in text.splitlines() if "instead of `boost`" in line)
    assert boost.count("no more than chance") == 2
    dem = next(line for line in text.splitlines() if "w/o DEM" in line)
    assert "70.40 ± 0.40" in dem
    assert "| **+10.00 ± 0.00** |" in dem
    assert "| 62.2 | +0.8 | 8.7 |" in dem


def test_a_difference_beyond_chance_is_named(make_table: MakeTable) -> None:
    text = render(make_table("table4", {"fde-identity": [70.0, 70.2, 70.4], "ours": [60.0, 60.2, 60.4]}))
    boost = next(line for line in text.splitlines() if "instead of `boost`" in line)
    assert "| +10.00 ± 0.00 | **worse** |" in boost


def test_controls_are_set_in_italics_without_figures_of_the_paper(table4: TableResult) -> None:
    line = next(line for line in render(table4).splitlines() if "(identity)" in line)
    assert "| *branch kept, features unchanged (identity)* |" in line
    assert line.endswith("| – | – | – |")


def test_one_seed_claims_nothing(make_table: MakeTable) -> None:
    text = render(make_table("table4", {"fde-identity": [60.0], "ours": [61.0]}))
    assert "nothing can be said about chance" in text
    assert "one seed" in text
    assert "nan" not in text


def test_results_survive_their_file(table4: TableResult, tmp_path: Path) -> None:
    assert TableResult.read(table4.write(tmp_path / "table4.json")) == table4


@pytest.mark.parametrize(
    "content", ["", "[]", '{"table": "table4"}', '{"table":"t","rows":[{}],"setting":{}}']
)
def test_a_file_that_is_no_result_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(ResultsCorrupt, match=r"broken\.json"):
        TableResult.read(path)
