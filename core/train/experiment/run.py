"""One experiment from its configuration to its best checkpoint (method section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ...body.layer import BodyLayer, open_body
from ...body.spin_joints import SpinJoints
from ...errors import OutputError
from ...evaluate.paper.protocols import protocol_for
from ...features.images.spin_checkpoint import load_spin
from ...losses.method_loss import MethodLoss
from ...network.model import BodyNetwork, count_parameters
from ..run_state import STATE
from ..settings import Say
from .config import ExperimentConfig
from .databases import DatabasePlaces, find_databases, open_databases
from .mixture import Mixture
from .ranks import Ranks, ranks
from .schema import BadConfig
from .trainer import BEST, LAST, ExperimentTrainer
from .validation import Validation

BODIES = "bodies"  # of the folder of a run: converted SMPL files
SMPL_SETS = {"3dpw", "h36m"}  # their pose and shape belong to that body


class FolderInUse(OutputError):
    code = "train.folder_in_use"


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves behind.

    Attributes:
        best, last: checkpoints (safetensors) with the lowest validation PA-MPJPE, and of the last epoch.
        history: of every epoch its number (from 1), learning rate and validation metrics.
    """

    best: Path
    last: Path
    history: list[dict[str, float]]


def train_experiment(
    config: ExperimentConfig,
    out: str | Path,
    *,
    resume: bool = False,
    device: str = "auto",
    say: Say = print,
) -> TrainingResult:
    """Trains as `config` says; under `torchrun` as one of its processes (only the first one reports).

    Args:
        config: see `load.load_experiment`.
        out: folder for the two checkpoints, the state to resume from and TensorBoard's files.
        resume: go on from the state in `out`.
        device: "auto", "cpu", "cuda" or "mps".
        say: takes lines of progress.

    Raises:
        DatasetMissing: before anything else, and for all sets at once.
        BadConfig, FolderInUse, NothingToResume, StateCorrupt: this run cannot start.
        Diverged: the loss is no number any more.
        KeyboardInterrupt: the state was written first.
    """
    places = find_databases(config)
    out = Path(out)
    if not resume and (out / STATE).exists():
        raise FolderInUse(f"Resume, or name another folder: {out} holds a training already.")
    with ranks(device) as here:
        trainer = prepared(config, places, out, here, say)
        if resume:
            trainer.restore()
        trainer.run()
        return TrainingResult(out / BEST, out / LAST, trainer.position.history)


def prepared(
    config: ExperimentConfig, places: DatabasePlaces, out: Path, here: Ranks, say: Say
) -> ExperimentTrainer:
    """A run at its first step.

    Args:
        places: what `find_databases` found.
        here: which of the processes this is; the first one reports.

    Raises:
        BadConfig, and whatever is wrong with the databases, the body file or the SPIN checkpoint.
    """
    _check_device(config, here)
    train = config.train
    data = open_databases(config, places)
    body, gendered = open_bodies(config, out / BODIES, here.device)
    torch.manual_seed(train.seed)
    tell: Say = say if here.first else lambda _: None
    model = initial_network(config, tell)
    tell(str(data))
    tell(f"network: {count_parameters(model) / 1e6:.2f} M parameters on {here.world} x {here.device}")
    if config.data.body is None and SMPL_SETS & {*config.data.sets_3d, config.data.val.dataset}:
        tell("body: the free one; the datasets' body parameters mean SMPL, which data.body names")
    out.mkdir(parents=True, exist_ok=True)
    return ExperimentTrainer(
        config,
        model,
        Mixture(data.sets_2d, data.sets_3d, train.rows_2d, train.batch - train.rows_2d, train.seed),
        MethodLoss(config.loss, SpinJoints(body), train.seed),
        Validation(config.eval, protocol_for(config.data.val.dataset), data.validation, body, gendered),
        out,
        here,
        tell,
    )


def open_bodies(
    config: ExperimentConfig, folder: Path, device: torch.device
) -> tuple[BodyLayer, dict[str, BodyLayer]]:
    """The body of the targets' joints, and those of both genders where the validation wants them, on
    `device`.

    SMPL files are converted once, into `folder`. Raises what `open_body` raises.
    """
    wanted = {"male": config.eval.male, "female": config.eval.female}
    if config.eval.gt_body == "neutral":
        wanted = {}
    return open_body(config.data.body, folder).to(device), {
        gender: open_body(file, folder).to(device) for gender, file in wanted.items()
    }


def initial_network(config: ExperimentConfig, tell: Say = lambda _: None) -> BodyNetwork:
    """The network before its first step: by chance, and the regressor from SPIN where `init.spin` says so.

    `tell` hears what was taken from that file.

    Raises:
        BadConfig: the checkpoint holds no regressor, or one of another width.
        BackboneMissing, BackboneCorrupt, BackboneUnsafe: see `load_spin`.
    """
    model = BodyNetwork(config.network)
    if config.init.spin is not None:
        loaded = load_spin(config.init.spin)
        tell(str(loaded.report))
        spin = loaded.regressor
        if spin is None:
            raise BadConfig(f"Set init.spin to a SPIN checkpoint: {config.init.spin} has no body regressor.")
        ours, theirs = model.regressor.first.weight.shape, spin.first.weight.shape
        if ours != theirs:
            raise BadConfig(
                f"Set model.C and regressor.hidden so that SPIN's regressor fits, or init.spin to null: its "
                f"first layer is {tuple(theirs)}, the network's {tuple(ours)}."
            )
        model.regressor.load_state_dict(spin.state_dict())
    return model


def _check_device(config: ExperimentConfig, here: Ranks) -> None:
    if config.train.precision == "fp16" and here.device.type != "cuda":
        raise BadConfig(f"Set train.precision to bf16 or fp32: fp16 needs a CUDA device, not {here.device}.")
    if config.train.batch < here.world:
        raise BadConfig(f"Set train.batch to {here.world} or more: every process needs a window.")
