"""The paper's experiments, from the files that other researchers published to a row beside its tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from published_databases import LAYOUTS, published, write_published
from reel2rig.core.evaluate.paper.report import sheets
from reel2rig.core.evaluate.paper.request import EvaluationRequest
from reel2rig.core.train.experiment.load import load_experiment
from reel2rig.core.train.experiment.run import train_experiment

SMALL = (
    *("model.C=8", "stage1.d_k=4", "dis.hidden=8", "gru.hidden=8", "regressor.hidden=16"),
    *("train.epochs=1", "train.iters=2", "train.stride=4"),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every published file, in small, in one folder."""
    folder = tmp_path_factory.mktemp("published")
    for name in LAYOUTS:
        write_published(folder, name)
    write_published(folder, "3dpw_val_db.pt", published("3dpw_test_db.pt"))
    write_published(folder, "h36m_test_25fps_db.pt", published("h36m_train_25fps_db.pt"))
    return folder


@pytest.mark.parametrize(
    ("name", "table", "measured"), [("e1", 1, "3dpw"), ("e2", 1, "h36m"), ("e3", 2, "mpii3d")]
)
def test_an_experiment_runs_from_published_files_to_the_paper_s_table(
    root: Path, tmp_path: Path, name: str, table: int, measured: str
) -> None:
    config = load_experiment(name, [f"data.root={root}", *SMALL])
    result = train_experiment(config, tmp_path, device="cpu", say=lambda _: None)
    assert result.history[-1]["pa_mpjpe"] > 0
    request = EvaluationRequest((result.best,), root, (measured,), bodies=tmp_path)
    entries = request.run()
    (sheet,) = sheets(entries, request, (table,))
    assert any("TCMR" in row.method and not row.ours for row in sheet.rows)
    (ours,) = [row for row in sheet.rows if row.ours]
    column = sheet.columns.index((measured, "pa_mpjpe"))
    assert ours.values[column] == pytest.approx(entries[0].scores[measured].pa_mpjpe)
