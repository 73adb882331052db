"""From windows to the loss: the network with its mixed precision, and which of its frames are supervised
(method sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import torch
from torch import Tensor, nn

from ...data.rows import SupervisedRows
from ...losses.method_loss import MethodLoss
from ...network.model import BodyNetwork
from ...network.regressor import STATE, body_from_state
from .config import Precision
from .ranks import Ranks

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class SupervisedNetwork(nn.Module):
    """The network as training sees it: a state for every frame that is supervised.

    Args:
        model: what is trained.
        precision: of the temporal network. The regressor corrects a state thrice by small amounts and stays
            in fp32.
        deep: whether every branch before the last integration is answered for as well.
    """

    def __init__(self, model: BodyNetwork, precision: Precision, deep: bool) -> None:
        super().__init__()
        self.model, self.deep = model, deep
        self.dtype = DTYPES.get(precision)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, C) -> states (B, n, t, 157); t is 1 in ``mid``, T in ``sequence``; n is 1, or with `deep`
        also counts the branches: stage 2's one or two, then stage 1.
        """
        temporal, output, kind = self.model.temporal, self.model.config.output, features.device.type
        with torch.autocast(kind, self.dtype, enabled=self.dtype is not None):
            branches = temporal.branches(temporal.encode(features), output)
            answers = [temporal.join(branches), *(branches if self.deep else ())]
        stacked = torch.stack(answers, 1).float()
        return self.model.regressor(stacked[:, :, None] if output == "mid" else stacked)


def supervised_frames(rows: SupervisedRows, model: BodyNetwork) -> SupervisedRows:
    """The truth of the frames that the network answers for: the middle one, or all; features left out."""
    m = model.config.mid
    frames = slice(m, m + 1) if model.config.output == "mid" else slice(None)
    per_window = ("has_3d", "has_smpl")
    cut = {f.name: getattr(rows, f.name) for f in fields(SupervisedRows)}
    cut = {name: value if name in per_window else value[:, frames] for name, value in cut.items()}
    return SupervisedRows(**cut | {"features": rows.features.new_zeros(len(rows), 0)})


def joint_rows(
    states: Tensor, truth: SupervisedRows, ranks: Ranks, counts: Sequence[int]
) -> tuple[Tensor, SupervisedRows]:
    """States and truth of all ranks' rows, so that every rank knows the loss of the whole batch."""
    if ranks.world == 1:
        return states, truth
    columns = [states, *(getattr(truth, f.name) for f in fields(SupervisedRows))]
    flat = [column.float().flatten(1) if column.dim() > 1 else column.float()[:, None] for column in columns]
    together = ranks.joint(torch.cat(flat, 1), counts).split([f.shape[1] for f in flat], 1)
    parts = [t.reshape(len(t), *c.shape[1:]) for t, c in zip(together, columns, strict=True)]
    return parts[0], SupervisedRows(*parts[1:])


def loss_terms(
    states: Tensor, truth: SupervisedRows, loss: MethodLoss, deep_sup: float = 0.0
) -> dict[str, Tensor]:
    """Weighted terms of the answer; the branches' own, summed up, as `deep_sup` (method section 5).

    Args:
        states: (B, n, t, 157), the answer first.
        truth: of the same t frames.
    """
    assert states.shape[-1] == STATE
    answer, *branches = (body_from_state(state) for state in states.float().unbind(1))
    terms = loss.terms(answer, truth, slice(None))
    if branches and deep_sup:
        each = [torch.stack(list(loss.terms(b, truth, slice(None)).values())).sum() for b in branches]
        terms = terms | {"deep_sup": deep_sup * torch.stack(each).sum()}
    return terms
