"""Tables 1 and 2 of the paper as they are printed."""

import pytest
from reel2rig.core.evaluate.paper.protocols import PROTOCOLS
from reel2rig.core.evaluate.paper.published import TABLE_1, TABLE_2, Measures

METHODS_1 = ["EFT", "Zanfir et al.", "STRAPS", "HMMR", "VIBE", "MEVA", "TCMR", "MPS-Net", "The paper"]
METHODS_2 = ["HMR", "SPIN", "DC-GNet", "VIBE", "TCMR", "TePose", "The paper"]


def numbers(table):
    return [
        [getattr(row.sets.get(name, Measures()), measure) for name, measure in table.columns]
        for row in table.rows
    ]


def test_every_method_has_its_row_in_the_printed_order():
    assert [row.method for row in TABLE_1.rows] == METHODS_1
    assert [row.method for row in TABLE_2.rows] == METHODS_2
    assert [row.input for row in TABLE_1.rows] == ["image", "image", "image", 20, 16, 90, 16, 16, 16]
    assert [row.input for row in TABLE_2.rows] == ["image"] * 3 + ["video"] * 4


def test_the_columns_are_those_of_the_measured_sets():
    assert len(TABLE_1.columns) == 10
    assert len(TABLE_2.columns) == 3
    assert {name for name, _ in TABLE_1.columns} == set(PROTOCOLS) - {"h36m_frontal"}
    assert TABLE_1.columns[2] == ("3dpw", "mpvpe")


def test_as_many_numbers_are_given_as_are_printed():
    given = [[value for value in row if value is not None] for row in numbers(TABLE_1)]
    assert [len(row) for row in given] == [3, 2, 2, 5, 9, 9, 10, 10, 10]
    assert [len([v for v in row if v is not None]) for row in numbers(TABLE_2)] == [2, 2, 2, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("table", "method", "expected"),
    [
        (TABLE_1, "HMMR", [116.5, 72.6, 139.3, 15.2, None, None, None, None, 56.9, None]),
        (TABLE_1, "VIBE", [91.9, 57.6, None, 25.4, 103.9, 68.9, 27.3, 78.0, 53.3, 27.3]),
        (TABLE_1, "TCMR", [86.5, 52.7, 103.2, 6.8, 97.6, 63.5, 8.5, 73.6, 52.0, 3.9]),
        (TABLE_1, "The paper", [83.4, 51.7, 98.9, 7.2, 98.2, 62.5, 8.6, 73.2, 51.0, 3.6]),
        (TABLE_2, "SPIN", [105.2, 67.5, None]),
        (TABLE_2, "TePose", [99.5, 62.9, 17.2]),
        (TABLE_2, "The paper", [95.2, 61.4, 8.5]),
    ],
)
def test_a_row_reads_as_printed(table, method, expected):
    index = [row.method for row in table.rows].index(method)
    assert numbers(table)[index] == expected


def test_the_sums_of_the_columns_catch_a_mistyped_number():
    sums = [
        round(sum(v for v in column if v is not None), 1) for column in zip(*numbers(TABLE_1), strict=True)
    ]
    assert sums == [639.5, 517.5, 441.1, 73.6, 492.8, 390.1, 65.1, 370.2, 413.0, 53.7]
    sums = [
        round(sum(v for v in column if v is not None), 1) for column in zip(*numbers(TABLE_2), strict=True)
    ]
    assert sums == [715.5, 470.3, 64.2]
