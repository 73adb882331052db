"""Training the default network: encoder and regressor on single frames first, then the whole network on
windows (method section 6.2).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..body.layer import BodyLayer
from ..data.motion import load_motion
from ..data.synthetic import Pairs
from ..data.windows import MotionSampler
from ..motion.body import free_body_path
from ..network.checkpoint import save
from ..network.model import BodyNetwork
from ..network.regressor import POSE, SHAPE, apply_folded, body_from_state, neutral_state
from ..network.rotations import matrix_to_6d
from .batches import BatchPlan, batches, build_sampler, make_batch
from .meter import Meter, in_words
from .objective import frame_of, loss_terms
from .run_state import read_state, write_state
from .settings import BadTrainSettings, Say, TrainSettings
from .validation import Errors, film_clips, measure, measure_raw

CLIP_NORM = 1.0
LAST_LR = 0.02  # of the peak
SAMPLE_BATCHES = 8  # that give the inputs' mean and spread


@dataclass
class Progress:
    """Where a run stands; saved with the weights."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    history: list[dict[str, Any]] = field(default_factory=list)


class Trainer:
    """One run. `train_default` drives it; its parts are separate so that tests can take single steps."""

    def __init__(self, settings: TrainSettings, say: Say = print) -> None:
        self.settings, self.say = settings, say
        self.out = Path(settings.out)
        self.out.mkdir(parents=True, exist_ok=True)
        body_path = str(settings.body or free_body_path())
        self.plan = BatchPlan(
            str(settings.motion), body_path, settings.seed, settings.batch, settings.network.T
        )
        self.body = BodyLayer(body_path)
        torch.manual_seed(settings.seed)
        self.model = BodyNetwork(settings.network)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=settings.lr,
            weight_decay=settings.weight_decay,
            betas=(0.9, 0.99),
            fused=True,
        )
        self.progress = Progress()
        if not settings.resume:
            self.start_from_data(build_sampler(settings.motion, settings.seed))
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        if settings.resume:
            self.restore()

    # ---- state
    def start_from_data(self, sampler: MotionSampler) -> None:
        """Input statistics and the mean pose, both from the training motion, become part of the model."""
        assert self.model.encoder is not None
        sample = [make_batch(sampler, self.body, self.plan, -1 - i) for i in range(SAMPLE_BATCHES)]
        self.model.encoder.standardise_by(torch.cat([p.inputs for p in sample]))
        self.model.regressor.initial.copy_(mean_state(sampler, sample))

    def save_state(self) -> None:
        """Everything needed to go on as if nothing had happened."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress),
            "config": self.settings.network.to_dict(),
        }
        write_state(self.out, state)

    def restore(self) -> None:
        """Continues from `save_state`.

        Raises:
            NothingToResume, StateCorrupt: there is no state in `out`, or it is damaged.
            BadTrainSettings: it was another network.
        """
        state = read_state(self.out)
        if state["config"] != self.settings.network.to_dict():
            raise BadTrainSettings(
                "Resume with the same network settings that the training was started with."
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])

    # ---- one step
    def fraction(self) -> float:
        """How much of the run is done, 0 to 1."""
        if self.settings.steps is not None:
            return self.progress.step / self.settings.steps
        assert self.settings.minutes is not None
        return self.progress.seconds / 60 / self.settings.minutes

    def learning_rate(self) -> float:
        """Warm-up, then a cosine down to 2 %; single frames bear a little more."""
        done = self.fraction()
        share = self.settings.frame_share
        alone = done < share
        phase = done / share if alone else (done - share) / (1 - share)
        warm = min(1.0, (self.progress.step + 1) / self.settings.warmup)
        # The first phase ends at half its rate, so that the second starts from settled features.
        cosine = 0.5 * (1 + math.cos(math.pi * min(phase, 1.0) * (0.5 if alone else 1.0)))
        return self.settings.lr * warm * (LAST_LR + (1 - LAST_LR) * cosine)

    def step(self, pairs: Pairs) -> dict[str, float]:
        """One update; returns the loss terms."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        terms = self.losses(pairs, temporal=self.fraction() >= self.settings.frame_share)
        loss = torch.stack(list(terms.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.progress.step += 1
        decay = min(self.settings.average, (1 + self.progress.step) / (10 + self.progress.step))
        average = get_ema_multi_avg_fn(decay)
        average(list(self.average.parameters()), list(self.model.parameters()), self.progress.step)
        return {name: float(value.detach()) for name, value in terms.items()} | {"loss": float(loss.detach())}

    def losses(self, pairs: Pairs, temporal: bool) -> dict[str, Tensor]:
        """Terms of both outputs (`temporal`), or of encoder and regressor alone."""
        model, weights = self.model, self.settings.weights
        mid = None
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = model.features(pairs.inputs)
            if temporal:
                signals = model.temporal.encode(features)
                features = model.temporal.integrate(signals, "sequence")
                mid = model.temporal.integrate(signals, "mid")
        folded = model.regressor.fold(torch.float32)
        state = body_from_state(apply_folded(features.float(), folded))
        terms = loss_terms(self.body, state, pairs, weights, moving=temporal)
        if mid is not None and weights.mid:
            one = body_from_state(apply_folded(mid.float()[:, None], folded))
            answered = loss_terms(self.body, one, frame_of(pairs, model.config.mid), weights, moving=False)
            terms["mid"] = weights.mid * torch.stack(list(answered.values())).sum()
        return terms

    # ---- the run
    def run(self) -> Path:
        """Trains to the end; returns the path of the best checkpoint."""
        settings, progress = self.settings, self.progress
        torch.set_num_threads(settings.threads)
        filmed = film_clips(load_motion(settings.motion).validation, self.body)
        raw = measure_raw(filmed) if filmed else None
        self.say(f"validation: {len(filmed)} chunks of held-out motion; raw world landmarks {raw}")
        with batches(self.plan, progress.step) as stream:
            self._loop(stream, filmed, raw)
        self._checkpoint(filmed, raw)
        return self.out / "best.safetensors"

    def _loop(self, stream: Iterator[Pairs], filmed: list[Pairs], raw: Errors | None) -> None:
        settings, progress = self.settings, self.progress
        meter, since_checkpoint = Meter(), time.monotonic()
        while self.fraction() < 1:
            began = time.monotonic()
            meter.add(self.step(next(stream)))
            progress.seconds += time.monotonic() - began
            if progress.step % settings.report_steps == 0:
                means, pace = meter.read()
                self.say(
                    f"step {progress.step} ({self.fraction():.1%}, {pace:.2f} s/step): {in_words(means)}"
                )
                progress.history.append({"step": progress.step, "loss": means["loss"]})
            due = (
                settings.checkpoint_minutes
                and time.monotonic() - since_checkpoint > 60 * settings.checkpoint_minutes
            )
            due = due or (settings.checkpoint_steps and progress.step % settings.checkpoint_steps == 0)
            if due and self.fraction() < 1:
                self._checkpoint(filmed, raw)
                since_checkpoint = time.monotonic()

    def _checkpoint(self, filmed: list[Pairs], raw: Errors | None) -> None:
        """Measures the averaged weights, writes them, and keeps the best by PA-MPJPE."""
        model, progress = self.average.eval(), self.progress
        notes: dict[str, Any] = {
            "steps": progress.step,
            "minutes": round(progress.seconds / 60, 1),
            "seed": self.settings.seed,
            "windows": progress.step * self.settings.batch,
        }
        better = True
        if filmed and self.fraction() >= self.settings.frame_share:
            sequence, mid = (measure(model, filmed, self.body, output) for output in ("sequence", "mid"))
            notes |= {"validation": {"raw": vars(raw), "sequence": vars(sequence), "mid": vars(mid)}}
            better, progress.best = sequence.pa_mpjpe <= progress.best, min(progress.best, sequence.pa_mpjpe)
            self.say(f"step {progress.step}: sequence {sequence} | mid {mid} | raw {raw}")
        save(model, self.out / "last.safetensors", notes)
        if better:
            save(model, self.out / "best.safetensors", notes)
        self.save_state()


def mean_state(sampler: MotionSampler, sample: list[Pairs]) -> Tensor:
    """(157,) the mean of the training motion: 6D pose, mean shape, the crop camera that fits best on average.

    The mean of roots over all headings points nowhere; an upright body facing the camera stands for it.
    """
    state = neutral_state()
    pose = matrix_to_6d(sampler.rotations).mean(0)
    state[6 : 6 * 24] = pose[1:].flatten()
    points = torch.cat([p.points for p in sample]).flatten(0, 1)
    seen = torch.cat([p.seen for p in sample]).flatten(0, 1)
    # Scale: how far the points spread in the crop against how far they spread in metres.
    scale = (seen.std(1) / points[..., :2].std(1).clamp_min(1e-3)).median(0).values.mean()
    state[POSE + SHAPE] = scale
    state[POSE + SHAPE + 1 :] = seen[:, 0].mean(0) / scale  # the pelvis is the first point
    return state


def train_default(settings: TrainSettings, say: Say = print) -> Path:
    """Trains the default network as `settings` say; returns the best checkpoint's path.

    Raises:
        BadTrainSettings, BadMotionFile: the settings or the motion file cannot be used.
        BatchMakerDied: the process that makes the batches ended.
    """
    return Trainer(settings, say).run()
