"""The paper's ablations as data."""

from __future__ import annotations

import pytest
from reel2rig.core.ablate.tables import OURS, TABLES, UnknownRow, UnknownTable, find_table

PAPER = {
    "table3": [62.6, 61.8, 62.8, 62.3, 61.8, 63.1, 61.4],
    "table4": [62.2, 62.5, 62.3, 61.4],
    "table5": [62.6, 62.9, 62.3, 61.8, 61.6, 61.7, 61.9, 61.4],
}
PAPER_ACCEL = {
    "table3": [8.5, 8.6, 8.8, 8.7, 10.5, 11.6, 8.5],
    "table4": [8.7, 8.6, 8.6, 8.5],
    "table5": [8.7, 8.7, 8.8, 9.0, 8.7, 8.8, 8.6, 8.5],
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_of_the_paper_carry_its_figures_in_its_order(name: str) -> None:
    rows = [row for row in find_table(name).rows if not row.control]
    assert [row.pa_mpjpe for row in rows] == PAPER[name]
    assert [row.accel for row in rows] == PAPER_ACCEL[name]


def test_rows_with_one_key_are_one_network() -> None:
    seen: dict[str, dict[str, object]] = {}
    for table in TABLES.values():
        assert len({row.key for row in table.rows}) == len(table.rows)
        for row in table.rows:
            assert seen.setdefault(row.key, dict(row.overrides)) == row.overrides
    different = [tuple(sorted(overrides.items())) for overrides in seen.values()]
    assert len(set(different)) == len(different), "two keys for one network would be trained twice"


def test_comparisons_name_rows_of_their_table() -> None:
    for table in TABLES.values():
        keys = {row.key for row in table.rows}
        assert {key for item in table.comparisons for key in (item.key, item.against)} <= keys


def test_choosing_rows_always_keeps_ours() -> None:
    assert [row.key for row in find_table("table4").chosen(["fde-identity"])] == ["fde-identity", OURS]


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownTable, match="table3, table4, table5"):
        find_table("table9")
    with pytest.raises(UnknownRow, match="no-dem"):
        find_table("table4").chosen(["no-fdf"])
