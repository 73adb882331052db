"""The validation of an experiment: the measures of method section 8 on one database."""

from __future__ import annotations

from collections.abc import Mapping

from ...body.layer import BodyLayer
from ...data.databases.database import Database
from ...evaluate.paper.protocols import protocol_for
from ...evaluate.paper.scores import evaluate_database
from ...network.model import BodyNetwork
from .config import ExperimentConfig


class Validation:
    """Measures a network on `database` as the configuration's sections `data.val` and `eval` say.

    `gendered` are the bodies "male" and "female" where `eval.gt_body` asks for them.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        database: Database,
        body: BodyLayer,
        gendered: Mapping[str, BodyLayer] | None = None,
    ) -> None:
        self.settings, self.database, self.body, self.gendered = config.eval, database, body, gendered
        self.protocol = protocol_for(config.data.val.dataset)

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
