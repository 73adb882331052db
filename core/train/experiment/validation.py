"""The validation of an experiment: the measures of method section 8 on one database."""

from __future__ import annotations

from ...body.layer import BodyLayer, body_layer
from ...data.databases.database import Database
from ...evaluate.paper.protocols import protocol_for
from ...evaluate.paper.scores import evaluate_database
from ...network.model import BodyNetwork
from .config import ExperimentConfig


class Validation:
    """Measures a network on `database` as the configuration's sections `data.val` and `eval` say."""

    def __init__(self, config: ExperimentConfig, database: Database, body: BodyLayer) -> None:
        self.settings, self.database, self.body = config.eval, database, body
        self.protocol = protocol_for(config.data.val.dataset)
        files = {"male": config.eval.male, "female": config.eval.female}
        wanted = files.items() if config.eval.gt_body == "gendered" else ()
        self.gendered = {
            gender: body_layer(file).to(body.v_template.device) for gender, file in wanted if file
        }

    def __call__(self, model: BodyNetwork) -> dict[str, float]:
        """mpjpe, pa_mpjpe and accel (mm, mm, mm/frame²), and mpvpe where a true mesh is known."""
        scores = evaluate_database(
            model,
            self.database,
            self.protocol,
            self.body,
            edge=self.settings.edge,
            gt_body=self.settings.gt_body,
            filter=self.settings.filter,
            gendered=self.gendered,
        )
        metrics = {name: getattr(scores, name) for name in ("mpjpe", "pa_mpjpe", "mpvpe", "accel")}
        return {name: value for name, value in metrics.items() if value is not None}
