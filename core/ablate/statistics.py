"""How sure a difference between two rows is: mean and spread over seeds, paired differences, and the
smallest difference that this many seeds can tell from chance (tables 3 to 5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from .results import RowResult, TableResult

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of n values; the deviation of a single value is not known (nan)."""

    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        n = len(values)
        mean = math.fsum(values) / n
        sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1)) if n > 1 else math.nan
        return cls(mean, sd, n)


def spread(row: RowResult, measure: str) -> Spread:
    """Mean and spread of one measure (``pa_mpjpe``, ``mpjpe``, ``accel``) over a row's seeds."""
    return Spread.of([getattr(run, measure) for run in row.runs])


def paired_difference(row: RowResult, against: RowResult, measure: str) -> Spread | None:
    """`row` minus `against`, seed by seed; None where they share no seed.

    The seed decides the order of the data and every random draw, so that a pair differs in the switch alone
    as far as two different networks can.
    """
    other = {run.seed: run for run in against.runs}
    values = [
        getattr(run, measure) - getattr(other[run.seed], measure) for run in row.runs if run.seed in other
    ]
    return Spread.of(values) if values else None


def seed_spread(table: TableResult, measure: str) -> tuple[float, int]:
    """Standard deviation between seeds of one row, pooled over the rows, and its degrees of freedom.

    Three seeds alone say little about a row's spread; all rows together say it well. (nan, 0) where no row
    has two seeds.
    """
    squares, freedom = 0.0, 0
    for row in table.rows:
        if len(row.runs) > 1:
            squares += spread(row, measure).sd ** 2 * (len(row.runs) - 1)
            freedom += len(row.runs) - 1
    return (math.sqrt(squares / freedom), freedom) if freedom else (math.nan, 0)


def least_telling(table: TableResult, measure: str, seeds: int) -> float:
    """The difference of two means of `seeds` runs below which chance is as good an explanation: the half
    width of the 95 % interval, from the pooled spread; nan where there is no spread to judge by.
    """
    sd, freedom = seed_spread(table, measure)
    if not freedom:
        return math.nan
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * sd * math.sqrt(2 / seeds)
