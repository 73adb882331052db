"""The page of the ablations: every figure on it is rendered from the JSON files beside it, between markers
(tables 3 to 5, figure 8).

    python -m reel2rig.core.ablate.page docs
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError
from .report import plus_minus, render
from .results import TableResult, read_json
from .statistics import Spread
from .tables import OURS, TABLES

PAGE, FOLDER, ANCHORS = "ablations.md", "ablations", "anchors.json"


class MarkersMissing(InputError):
    code = "ablate.markers_missing"


def rendered_page(docs: Path) -> str:
    """The text of ``docs/ablations.md`` as the JSON files in ``docs/ablations`` have it.

    Raises:
        ResultsCorrupt: a file is missing or no result. MarkersMissing: the page lacks a place for one.
    """
    page = (docs / PAGE).read_text(encoding="utf-8")
    tables = [TableResult.read(docs / FOLDER / f"{name}.json") for name in TABLES]
    return filled(page, sections(tables, read_json(docs / FOLDER / ANCHORS)))


def sections(tables: list[TableResult], anchors: dict[str, Any]) -> dict[str, str]:
    """Markdown by marker: each table by its name, ``setting``, ``curve`` and ``anchors``."""
    return {
        **{table.table: render(table) for table in tables},
        "setting": render_setting(tables),
        "curve": render_curve(tables[0]),
        "anchors": render_anchors(anchors),
    }


def filled(page: str, texts: dict[str, str]) -> str:
    """`page` with each text between its markers, ``<!-- table3 -->`` and ``<!-- /table3 -->``.

    Raises:
        MarkersMissing: the page lacks the markers of a text.
    """
    for name, text in texts.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if not pattern.search(page):
            raise MarkersMissing(f"Put {begin} and {end} into the page where that part belongs.")
        between = f"{begin}\n{text}\n{end}"
        page = pattern.sub(lambda _, between=between: between, page)
    return page


def render_setting(tables: list[TableResult]) -> str:
    """What was run, on which data and machine, and what it cost."""
    setting = tables[0].setting
    config, machine, versions = setting["config"], setting["machine"], setting["versions"]
    runs = {(item.row.key, run.seed): run for table in tables for item in table.rows for run in item.runs}
    seconds = Spread.of([run.seconds for run in runs.values()])
    iterations = config["train.epochs"] * config["train.iters"]
    share = config["train.ratio_2d"]
    waits = config["train.plateau.patience"] + 1
    patience = "an epoch" if waits == 1 else f"{waits} epochs"
    data = ", ".join(
        f"{name} {size['tracks']} people of {size['frames'] // size['tracks']} frames"
        for name, size in setting["data"].items()
    )
    lines = {
        "data": data,
        "measured on": f"{setting['measured']}: {setting['protocol']}; edge `{config['eval.edge']}`",
        "network": (
            f"C = {config['model.C']}, T = {config['model.T']}, output `{config['model.output']}`; GRU "
            f"{config['gru.hidden']} a direction, d_k {config['stage1.d_k']}, dynamic integration "
            f"{config['dis.hidden']}, regressor {config['regressor.hidden']}, dropout "
            f"{config['regressor.dropout']:g}"
        ),
        "training": (
            f"{iterations} steps of {config['train.batch']} windows, {share:.0%} of them with 2D truth "
            f"alone; Adam {config['train.lr']:g}, times {config['train.plateau.factor']:g} after {patience} "
            f"of {config['train.iters']} steps without a better validation; the best epoch is measured"
        ),
        "losses": f"2D {config['loss.kp2d']:g}, 3D {config['loss.kp3d']:g}, pose {config['loss.pose']:g}, "
        f"shape {config['loss.shape']:g}, anchors {config['loss.anchor']:g}",
        "seeds": ", ".join(str(seed) for seed in sorted({seed for _, seed in runs})),
        "runs": f"{len(runs)}, each {seconds.mean:.0f} ± {seconds.sd:.0f} s of processor time, one thread",
        "machine": f"{machine['processor']}, {machine['cores']} cores; Python {versions['python']}, "
        f"torch {versions['torch']}",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in lines.items())])


def render_curve(table: TableResult) -> str:
    """How the full method's validation error falls, epoch by epoch."""
    ours = table.row(OURS)
    assert ours is not None
    epochs = range(1, len(ours.runs[0].curve) + 1)
    steps = table.setting["config"]["train.iters"]
    head = ["steps", *(str(steps * epoch) for epoch in epochs)]
    lines = [head, ["---", *["--:"] * len(epochs)]]
    for run in ours.runs:
        lines.append([f"seed {run.seed}", *(f"{value:.1f}" for value in run.curve)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def render_anchors(summary: dict[str, Any]) -> str:
    """Figure 8 in numbers: errors with and without the anchor loss over all frames of all seeds."""
    names = {
        "pa_mpjpe": "PA-MPJPE, mm",
        "head_wrists": "distance from head to wrists, off by, cm",
        "perimeter": "outline of the five anchors, off by, cm",
        "area": "triangle of head and ankles, off by, cm²",
    }
    lines = ["| | with | without | frames where with is nearer |", "|---|--:|--:|--:|"]
    for key, name in names.items():
        sides = [Spread.of([one[side][key] for one in summary["pairs"]]) for side in ("with", "without")]
        nearer = Spread.of([one["nearer"][key] for one in summary["pairs"]])
        lines.append(f"| {name} | {plus_minus(sides[0])} | {plus_minus(sides[1])} | {nearer.mean:.0%} |")
    return "\n".join(lines)


def main() -> None:
    """Rewrites the page in the folder that the command line names."""
    docs = Path(sys.argv[1])
    (docs / PAGE).write_text(rendered_page(docs), encoding="utf-8")


if __name__ == "__main__":
    main()
