"""Ablation results as markdown, and the pages that carry them between markers (tables 3 to 5)."""

from __future__ import annotations

import math

from .results import RowResult, TableResult
from .statistics import CONFIDENCE, Spread, least_telling, paired_difference, seed_spread, spread
from .tables import OURS, PAPER_OURS, find_table

HEADINGS = (
    *("", "row", "parameters", "PA-MPJPE", "minus ours", "MPJPE", "Accel", "minus ours"),
    *("paper: PA-MPJPE", "minus ours", "Accel"),
)
MISSING = "–"


def render(table: TableResult) -> str:
    """Markdown of one table: measured mean ± spread over seeds beside the paper's figures, what chance alone
    explains, and the questions that the controls answer. Differences to ours beyond chance are bold.
    """
    lines = [_line(HEADINGS), _line(["---"] * 2 + ["--:"] * (len(HEADINGS) - 2))]
    group = ""
    for item in table.rows:
        lines.append(_line(_cells(item, table, first=item.row.group != group)))
        group = item.row.group
    parts = ["\n".join(lines), _chance(table), _questions(table)]
    return "\n\n".join(part for part in parts if part)


def _cells(item: RowResult, table: TableResult, first: bool) -> list[str]:
    row = item.row
    name = f"*{row.label}*" if row.control else row.label
    paper = [MISSING] * 3
    if row.pa_mpjpe is not None:
        paper = [
            f"{row.pa_mpjpe:.1f}",
            MISSING if row.key == OURS else f"{row.pa_mpjpe - PAPER_OURS:+.1f}",
            MISSING if row.accel is None else f"{row.accel:.1f}",
        ]
    return [
        row.group if first else "",
        name,
        count(item.runs[0].parameters),
        plus_minus(spread(item, "pa_mpjpe")),
        _minus_ours(item, table, "pa_mpjpe"),
        plus_minus(spread(item, "mpjpe")),
        plus_minus(spread(item, "accel")),
        _minus_ours(item, table, "accel"),
        *paper,
    ]


def _minus_ours(item: RowResult, table: TableResult, measure: str) -> str:
    ours = table.row(OURS)
    difference = paired_difference(item, ours, measure) if ours and item.row.key != OURS else None
    if difference is None:
        return MISSING
    beyond = abs(difference.mean) >= least_telling(table, measure, difference.n)  # never, if that is nan
    return f"**{signed(difference)}**" if beyond else signed(difference)


def _chance(table: TableResult) -> str:
    sd, freedom = seed_spread(table, "pa_mpjpe")
    if not freedom:
        return "One seed: nothing can be said about chance."
    seeds = min(len(item.runs) for item in table.rows)
    limit, smooth = (least_telling(table, name, seeds) for name in ("pa_mpjpe", "accel"))
    return (
        f"Between seeds a row varies by {sd:.2f} mm (standard deviation, {freedom} degrees of freedom). "
        f"With {seeds} seeds a difference of PA-MPJPE below {limit:.2f} mm, or of Accel below {smooth:.2f}, "
        f"is no more than chance explains (at {CONFIDENCE:.0%}, one comparison at a time)."
    )


def _questions(table: TableResult) -> str:
    head = ["changed", "PA-MPJPE", "reading", "Accel", "reading"]
    lines = [_line(head), _line(["---", "--:", "---", "--:", "---"])]
    for asked in find_table(table.table).comparisons:
        row, against = table.row(asked.key), table.row(asked.against)
        if row is None or against is None:
            continue
        cells = [asked.question]
        for measure, words in (("pa_mpjpe", ("better", "worse")), ("accel", ("smoother", "less smooth"))):
            difference = paired_difference(row, against, measure)
            if difference is not None:
                limit = least_telling(table, measure, difference.n)
                cells += [signed(difference), verdict(difference, limit, *words)]
        lines.append(_line(cells))
    return "\n".join(lines) if len(lines) > 2 else ""


def verdict(difference: Spread, limit: float, below: str, above: str) -> str:
    """What a difference of errors means, given the least telling one: `below` where they fell beyond
    chance, `above` where they rose.
    """
    if math.isnan(limit):
        return "one seed"
    if abs(difference.mean) < limit:
        return "no more than chance"
    return f"**{above if difference.mean > 0 else below}**"


def plus_minus(value: Spread) -> str:
    """``61.42 ± 0.31``; without a spread the mean alone."""
    return f"{value.mean:.2f}" + ("" if math.isnan(value.sd) else f" ± {value.sd:.2f}")


def signed(value: Spread) -> str:
    """``+0.31 ± 0.10``."""
    return f"{value.mean:+.2f}" + ("" if math.isnan(value.sd) else f" ± {value.sd:.2f}")


def count(parameters: int) -> str:
    """Parameters with a fitting unit: ``96.2 M``, ``412 k``."""
    if parameters >= 10_000_000:
        return f"{parameters / 1e6:.1f} M"
    return f"{parameters / 1e3:.0f} k"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
