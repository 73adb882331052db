"""The validation of an experiment: the measures of method section 8 on one database."""

from __future__ import annotations

from collections.abc import Mapping

from ...body.layer import BodyLayer
from ...data.databases.database import Database
from ...evaluate.paper.protocols import Protocol
from ...evaluate.paper.scores import Scores, evaluate_database
from ...network.model import BodyNetwork
from .config import EvalConfig


class Validation:
    """Measures a network on `database` under `protocol`, as the configuration's section `eval` says.

    `gendered` are the bodies "male" and "female" where `settings.gt_body` asks for them.
    """

    def __init__(
        self,
        settings: EvalConfig,
        protocol: Protocol,
        database: Database,
        body: BodyLayer,
        gendered: Mapping[str, BodyLayer] | None = None,
    ) -> None:
        self.settings, self.protocol, self.database = settings, protocol, database
        self.body, self.gendered = body, gendered

    def scores(self, model: BodyNetwork) -> Scores:
        """All measures of `model`. Raises what `evaluate_database` raises."""
        return evaluate_database(
            model,
            self.database,
            self.protocol,
            self.body,
            edge=self.settings.edge,
            gt_body=self.settings.gt_body,
            filter=self.settings.filter,
            gendered=self.gendered,
        )

    def __call__(self, model: BodyNetwork) -> dict[str, float]:
        """mpjpe, pa_mpjpe and accel (mm, mm, mm/frame²), and mpvpe where a true mesh is known."""
        scores = self.scores(model)
        metrics = {name: getattr(scores, name) for name in ("mpjpe", "pa_mpjpe", "mpvpe", "accel")}
        return {name: value for name, value in metrics.items() if value is not None}
