"""Everything an experiment can be told, with the method's defaults (method section 8b)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...losses.config import LossConfig
from ...network.presets import (
    DisConfig,
    FdeConfig,
    GruConfig,
    NetworkConfig,
    Output,
    RegressorConfig,
    Stage1Config,
    Stage2Config,
    preset,
)
from .schema import BadConfig

Precision = Literal["fp32", "bf16", "fp16"]
Split = Literal["train", "val", "test"]


@dataclass(frozen=True)
class ModelConfig:
    """The preset that the sections stage1 to regressor start from, and the window."""

    preset: Literal["base", "fast", "lite", "paper_l2"] = "base"
    T: int = 16
    C: int = 2048
    output: Output = "mid"


@dataclass(frozen=True)
class PlateauConfig:
    """The learning rate is multiplied by `factor` after more than `patience` epochs without a better
    validation."""

    factor: float = 0.1
    patience: int = 5


@dataclass(frozen=True)
class TrainConfig:
    """How to train (method section 6).

    Attributes:
        iters: updates in an epoch; the data need not be seen through.
        batch: windows in an update, over all processes together.
        ratio_2d: share of the batch that comes from the 2D sets, rounded down to whole windows.
        stride: frames between the starts of two windows of a track.
        clip_norm: largest norm of the gradient; 0 leaves it alone.
        precision: of the temporal network; the regressor and the losses stay in fp32.
        save_iters: write the state to resume from every so many updates as well, 0: at every epoch's end.
        report_iters: updates between two lines of progress.
    """

    epochs: int = 30
    iters: int = 500
    batch: int = 32
    ratio_2d: float = 0.6
    lr: float = 5e-5
    wd: float = 0.0
    plateau: PlateauConfig = field(default_factory=PlateauConfig)
    stride: int = 1
    seed: int = 1
    clip_norm: float = 0.0
    precision: Precision = "fp32"
    save_iters: int = 0
    report_iters: int = 50

    def __post_init__(self) -> None:
        least = {"epochs": 1, "iters": 1, "batch": 1, "stride": 1, "report_iters": 1, "save_iters": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise BadConfig(f"Set train.{name} to {low} or more; it is {getattr(self, name)}.")
        if not 0 <= self.ratio_2d <= 1:
            raise BadConfig(f"Set train.ratio_2d to a share from 0 to 1; it is {self.ratio_2d}.")
        if self.lr <= 0 or self.wd < 0 or self.clip_norm < 0:
            raise BadConfig("Set train.lr above 0, and train.wd and train.clip_norm to 0 or more.")
        if not 0 < self.plateau.factor < 1 or self.plateau.patience < 0:
            raise BadConfig(
                "Set train.plateau.factor between 0 and 1 and train.plateau.patience to 0 or more."
            )

    @property
    def rows_2d(self) -> int:
        """Windows of the 2D sets in a batch."""
        return int(self.batch * self.ratio_2d + 1e-9)  # 10 windows at 0.3 are 3, whatever binary says


@dataclass(frozen=True)
class ValidationSet:
    """What decides the learning rate and the best checkpoint."""

    dataset: str = "3dpw"
    split: Split = "val"


@dataclass(frozen=True)
class DataConfig:
    """Which databases to learn from; `core/data/databases/catalogue.py` says where each has to lie.

    Attributes:
        root: the folder of all databases.
        sets_2d, sets_3d: their names; anything but a known dataset is a folder ``root/<name>_<split>``.
        penn: PennAction as one more 2D set: the paper lists it, its lineage never enabled it.
        h36m_smpl: learn from the SMPL labels of Human3.6M where its database has them.
        crop_scale: scale of the 2D targets' crop instead of the one that each database was extracted with;
            1.2 reproduces the lineage, which used it everywhere.
        dup_edges: count the first window of a track eight times more and the last one seven times more, so
            that there are as many windows as frames, as the lineage does at stride 1.
        body: SMPL file that the targets' joints are compared on; nothing means the free body.
    """

    root: str = "data"
    sets_2d: tuple[str, ...] = ("insta",)
    sets_3d: tuple[str, ...] = ("3dpw", "mpii3d", "h36m")
    val: ValidationSet = field(default_factory=ValidationSet)
    penn: bool = False
    h36m_smpl: bool = False
    crop_scale: float | None = None
    dup_edges: bool = False
    body: str | None = None

    @property
    def all_2d(self) -> tuple[str, ...]:
        """The 2D sets, PennAction included where it is wanted."""
        return (*self.sets_2d, "penn") if self.penn and "penn" not in self.sets_2d else self.sets_2d


@dataclass(frozen=True)
class EvalConfig:
    """How the validation is measured (method section 8).

    `male` and `female` are SMPL-format files, needed where the truth is to be built with gendered bodies.
    """

    edge: Literal["static", "replicate"] = "static"
    gt_body: Literal["neutral", "gendered"] = "neutral"
    filter: Literal["none", "slerp0.3"] = "none"
    male: str | None = None
    female: str | None = None

    def __post_init__(self) -> None:
        if self.gt_body == "gendered" and not (self.male and self.female):
            raise BadConfig("Set eval.male and eval.female to SMPL files, or eval.gt_body to neutral.")


@dataclass(frozen=True)
class InitConfig:
    """What the weights start from: a SPIN checkpoint for the regressor, or chance."""

    spin: str | None = None


@dataclass(frozen=True)
class ExperimentConfig:
    """One experiment, complete. `load.load_experiment` makes it from YAML; every key has the method's
    default.

    Raises:
        BadConfig: values that contradict one another.
        BadModelConfig: a network that cannot be built.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    stage1: Stage1Config = field(default_factory=Stage1Config)
    fde: FdeConfig = field(default_factory=FdeConfig)
    stage2: Stage2Config = field(default_factory=Stage2Config)
    dis: DisConfig = field(default_factory=DisConfig)
    gru: GruConfig = field(default_factory=GruConfig)
    regressor: RegressorConfig = field(default_factory=RegressorConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    data: DataConfig = field(default_factory=DataConfig)
    eval: EvalConfig = field(default_factory=EvalConfig)
    init: InitConfig = field(default_factory=InitConfig)

    def __post_init__(self) -> None:
        _ = self.network
        train, data = self.train, self.data
        for kind, rows, names in (
            ("2d", train.rows_2d, data.all_2d),
            ("3d", train.batch - train.rows_2d, data.sets_3d),
        ):
            if rows and not names:
                raise BadConfig(
                    f"Name a database in data.sets_{kind}, or set train.ratio_2d so that no window is drawn "
                    f"from there: train.batch {train.batch} asks for {rows}."
                )
        if self.loss.velocity and self.model.output == "mid":
            raise BadConfig("Set loss.velocity to 0 or model.output to sequence: one frame has no velocity.")
        if data.dup_edges and train.stride != 1:
            raise BadConfig(
                "Set train.stride to 1 or data.dup_edges to false: edges are counted at stride 1."
            )

    @classmethod
    def of_preset(cls, name: str) -> ExperimentConfig:
        """The defaults, with the network's sections as the preset `name` has them."""
        of = preset(name)
        return cls(
            model=ModelConfig(name, of.T, of.C, of.output),  # type: ignore[arg-type]
            stage1=of.stage1,
            fde=of.fde,
            stage2=of.stage2,
            dis=of.dis,
            gru=of.gru,
            regressor=of.regressor,
        )

    @property
    def network(self) -> NetworkConfig:
        """The network that these settings describe."""
        return NetworkConfig(
            T=self.model.T,
            C=self.model.C,
            output=self.model.output,
            stage1=self.stage1,
            fde=self.fde,
            stage2=self.stage2,
            dis=self.dis,
            gru=self.gru,
            regressor=self.regressor,
        )
