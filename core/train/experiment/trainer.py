"""The loop of an experiment: batches in, checkpoints out, interruptible at every step (method section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ...data.rows import SupervisedRows
from ...errors import Reel2RigError
from ...losses.method_loss import MethodLoss
from ...network.checkpoint import save
from ...network.model import BodyNetwork
from ..meter import Meter, duration, in_words
from ..run_state import read_state, write_state
from ..settings import Say
from .board import Board
from .config import ExperimentConfig
from .interrupts import Interrupts
from .mixture import Mixture, ahead
from .ranks import Ranks
from .schema import BadConfig, flat
from .supervised import SupervisedNetwork, joint_rows, loss_terms, supervised_frames

BEST, LAST = "best.safetensors", "last.safetensors"
# What may differ when a training goes on: how long, how often, where the data lie now.
FREE_TO_CHANGE = ("train.epochs", "train.save_iters", "train.report_iters", "data.root")

Validate = Callable[[BodyNetwork], dict[str, float]]  # metrics, "pa_mpjpe" (mm) among them


class Diverged(Reel2RigError):
    code = "train.diverged"


@dataclass
class Position:
    """Where a run stands; saved with the weights. `iteration` counts within `epoch`, both from 0."""

    epoch: int = 0
    iteration: int = 0
    best: float = math.inf
    history: list[dict[str, float]] = field(default_factory=list)  # one entry per finished epoch


class ExperimentTrainer:
    """One run of one experiment, as one of `ranks`.

    Args:
        model: what is trained, initialised.
        mixture: where the batches come from.
        loss: the method's terms.
        validate: measures a model; only the first rank calls it.
        out: folder for checkpoints, the state and TensorBoard's files.
        say: takes lines of progress.

    The same configuration and data give the same weights on one machine's CPU, interrupted or not: a step's
    number decides its batch and its dropout.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        model: BodyNetwork,
        mixture: Mixture,
        loss: MethodLoss,
        validate: Validate,
        out: Path,
        ranks: Ranks,
        say: Say,
    ) -> None:
        self.config, self.out, self.ranks, self.say = config, out, ranks, say
        self.model = model.to(ranks.device).train()
        self.mixture, self.loss, self.validate = mixture, loss.to(ranks.device), validate
        settings = config.train
        network = SupervisedNetwork(self.model, settings.precision, deep=config.loss.deep_sup > 0)
        self.network = ranks.wrap(network)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings.lr, weight_decay=settings.wd, fused=True
        )
        self.scheduler = ReduceLROnPlateau(
            self.optimizer, "min", factor=settings.plateau.factor, patience=settings.plateau.patience
        )
        # Only fp16 has so small a range that gradients vanish in it.
        self.scaler = torch.amp.GradScaler(ranks.device.type, enabled=settings.precision == "fp16")
        self.position = Position()
        self.counts = mixture.counts(ranks)

    # ---- state
    def save_state(self) -> None:
        """Everything needed to go on as if nothing had happened; the first rank writes it."""
        if self.ranks.first:
            state = {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "scaler": self.scaler.state_dict(),
                "position": vars(self.position),
                "config": flat(self.config),
            }
            write_state(self.out, state)

    def restore(self) -> None:
        """Continues from `save_state`.

        Raises:
            NothingToResume, StateCorrupt: there is no state in `out`, or it is damaged.
            BadConfig: it belongs to another configuration; names the first key that differs.
        """
        state = read_state(self.out, self.ranks.device)
        now, then = flat(self.config), state["config"]
        for key in sorted(set(now) | set(then)):
            if now.get(key) != then.get(key) and key not in FREE_TO_CHANGE:
                raise BadConfig(
                    f"Resume with {key} = {then.get(key)!r} as the training in {self.out} was started, or "
                    f"train into another folder: now it is {now.get(key)!r}."
                )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.scaler.load_state_dict(state["scaler"])
        self.position = Position(**state["position"])

    # ---- one step
    @property
    def number(self) -> int:
        """The step that comes next, counted over all epochs."""
        return self.position.epoch * self.config.train.iters + self.position.iteration

    def step(self, rows: SupervisedRows) -> dict[str, torch.Tensor]:
        """One update from this rank's share of a batch; returns the terms of the whole batch."""
        settings, ranks = self.config.train, self.ranks
        # Dropout follows from the step and the rank alone, so that no generator's state need be kept.
        torch.manual_seed((settings.seed * 1_000_003 + self.number) * ranks.world + ranks.rank)
        rows = rows.to(ranks.device)
        truth = supervised_frames(rows, self.model)
        states, truth = joint_rows(self.network(rows.features), truth, ranks, self.counts)
        terms = loss_terms(states, truth, self.loss, self.config.loss.deep_sup)
        loss = torch.stack(list(terms.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        # Every rank knows the loss of all rows but the gradient of its own, and the ranks' gradients are
        # averaged: times their number it is the gradient of the joint batch.
        self.scaler.scale(loss * ranks.world).backward()
        if settings.clip_norm:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.position.iteration += 1
        return {name: value.detach() for name, value in terms.items()} | {"loss": loss.detach()}

    # ---- the run
    def run(self) -> None:
        """Trains to the last epoch.

        Raises:
            KeyboardInterrupt: on Ctrl-C or SIGTERM, after the state was written (at a second one, at once).
            Diverged: the loss or the validation's error is no number any more.
        """
        position, settings = self.position, self.config.train
        with Interrupts() as interrupts, Board(self.out if self.ranks.first else None, self.number) as board:
            try:
                while position.epoch < settings.epochs:
                    with interrupts.held():
                        self._epoch(board, interrupts)
                    self._close_epoch(board, interrupts)
            except KeyboardInterrupt:
                if not interrupts.torn:
                    self.save_state()
                    where = f"epoch {position.epoch + 1}, step {position.iteration}"
                    self.say(f"interrupted at {where}; resume goes on from there")
                raise

    def _epoch(self, board: Board, interrupts: Interrupts) -> None:
        position, settings, meter = self.position, self.config.train, Meter()
        first, left = self.number, settings.iters - position.iteration
        for rows in ahead(lambda n: self.mixture.rows(n, self.ranks), first, first + left):
            meter.add(self.step(rows))
            ended = position.iteration == settings.iters
            saves = bool(settings.save_iters) and position.iteration % settings.save_iters == 0
            if saves or ended or position.iteration % settings.report_iters == 0:
                self._report(meter, board)
            if saves:  # after the report: what has diverged must not replace a good state
                self.save_state()
            if self.ranks.any(interrupts.asked):
                raise KeyboardInterrupt

    def _report(self, meter: Meter, board: Board) -> None:
        position, settings = self.position, self.config.train
        means, pace = meter.read()
        if not math.isfinite(means["loss"]):
            raise Diverged(
                f"Train again with a lower train.lr or with train.clip_norm: the loss of epoch "
                f"{position.epoch + 1} is {means['loss']}."
            )
        board.write(self.number, {f"train/{name}": value for name, value in means.items()})
        board.write(self.number, {"train/lr": self.lr, "train/seconds_per_step": pace})
        remaining = duration(pace * (settings.epochs * settings.iters - self.number))
        self.say(
            f"epoch {position.epoch + 1}/{settings.epochs}, step {position.iteration}/{settings.iters} "
            f"({pace:.3g} s each, {remaining} left): {in_words(means)}"
        )

    def _close_epoch(self, board: Board, interrupts: Interrupts) -> None:
        """Validates, adapts the learning rate, writes the checkpoints, moves on to the next epoch."""
        position = self.position
        metrics: dict[str, float] = {}
        if self.ranks.first:
            metrics = self.validate(self.model.eval())
            self.model.train()
        pa_mpjpe = self.ranks.from_first(metrics.get("pa_mpjpe", 0.0))
        if math.isnan(pa_mpjpe):
            raise Diverged("Train again with a lower train.lr: the validation's error is no number any more.")
        with interrupts.held():
            board.write(self.number, {f"val/{name}": value for name, value in metrics.items()})
            better, position.best = pa_mpjpe < position.best, min(pa_mpjpe, position.best)
            lr = self.lr
            self.scheduler.step(pa_mpjpe)
            position.epoch, position.iteration = position.epoch + 1, 0
            if self.ranks.first:
                position.history.append({"epoch": position.epoch, "lr": lr, **metrics})
                praise = " (best so far)" if better else ""
                self.say(f"epoch {position.epoch}: validation {in_words(metrics)}{praise}")
                self._write_weights(LAST, metrics)
                if better:
                    self._write_weights(BEST, metrics)
            self.save_state()
            self.ranks.wait()  # whoever goes on finds the files of this epoch

    @property
    def lr(self) -> float:
        """The learning rate now."""
        return float(self.optimizer.param_groups[0]["lr"])

    def _write_weights(self, name: str, metrics: dict[str, float]) -> None:
        notes: dict[str, Any] = {
            "epoch": self.position.epoch,
            "steps": self.number,
            "validation": metrics,
            "experiment": flat(self.config),
        }
        save(self.model, self.out / name, notes)
