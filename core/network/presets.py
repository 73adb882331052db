"""Every switch of the network as frozen dataclasses, and the named presets built from them.

One definition serves all widths: a preset is only numbers and names (method sections 4.7 and 8b). The key
names follow the configuration table, so that a row of an ablation is one changed field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_args

from ..errors import InputError

Output = Literal["mid", "sequence"]
Motion = Literal["same", "adjacent", "raw"]
Merge = Literal["slot", "concat", "project"]
FdeMode = Literal["boost", "highpass", "identity", "even", "fnet", "off"]
FragmentEncoder = Literal["separate", "shared"]
Superpose = Literal["self", "learned", "cumulative", "cross", "gain1", "none"]


class UnknownPreset(InputError):
    code = "model.unknown_preset"


class BadModelConfig(InputError):
    code = "model.bad_config"


@dataclass(frozen=True)
class Stage1Config:
    """Intra-frame stage: channel patches, dual excitation (`dem`), how the branches are merged."""

    enabled: bool = True
    patches: int = 2
    dem: bool = True
    motion: Motion = "same"
    d_k: int = 512
    merge: Merge = "slot"


@dataclass(frozen=True)
class FdeConfig:
    """Frequency enhancement: bins from `k_c` up are touched, by `gamma` in ``boost``."""

    mode: FdeMode = "boost"
    k_c: int = 1
    gamma: float = 1.0


@dataclass(frozen=True)
class Stage2Config:
    """Inter-frame stage: contiguous time fragments and their superposition branch."""

    enabled: bool = True
    fragments: int = 2
    encoder: FragmentEncoder = "separate"
    superpose: Superpose = "self"


@dataclass(frozen=True)
class DisConfig:
    """Dynamic integration: width of the weighting network, and whether its logits are bounded."""

    hidden: int = 256
    final_tanh: bool = True
    shared_reduce: bool = False


@dataclass(frozen=True)
class GruConfig:
    """The recurrent encoders; `hidden` is per direction, and is divided by the patches in stage 1."""

    layers: int = 1
    hidden: int = 1024
    bidirectional: bool = True
    residual: bool = False


@dataclass(frozen=True)
class RegressorConfig:
    hidden: int = 1024
    iterations: int = 3
    dropout: float = 0.5


@dataclass(frozen=True)
class EncoderConfig:
    """Landmark encoder; `hidden` = 0 means that features come from elsewhere (an image backbone)."""

    inputs: int = 0
    hidden: int = 0


@dataclass(frozen=True)
class NetworkConfig:
    """The whole network. `T` frames per window, `C` feature width, `output` one body (`mid`) or T bodies."""

    T: int = 16
    C: int = 2048
    output: Output = "mid"
    stage1: Stage1Config = field(default_factory=Stage1Config)
    fde: FdeConfig = field(default_factory=FdeConfig)
    stage2: Stage2Config = field(default_factory=Stage2Config)
    dis: DisConfig = field(default_factory=DisConfig)
    gru: GruConfig = field(default_factory=GruConfig)
    regressor: RegressorConfig = field(default_factory=RegressorConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)

    def __post_init__(self) -> None:
        P, H = self.stage1.patches, self.stage2.fragments
        if not (self.stage1.enabled or self.stage2.enabled):
            raise BadModelConfig(
                "Keep at least one of the two stages: stage1.enabled and stage2.enabled are both off."
            )
        if P < 1 or self.C % P or self.gru.hidden % P:
            raise BadModelConfig(
                f"Choose stage1.patches so that it divides C={self.C} and gru.hidden={self.gru.hidden}."
            )
        if H < 1 or self.T % H:
            raise BadModelConfig(f"Choose stage2.fragments so that it divides the window of {self.T} frames.")
        for name, value, allowed in (
            ("output", self.output, Output),
            ("stage1.motion", self.stage1.motion, Motion),
            ("stage1.merge", self.stage1.merge, Merge),
            ("fde.mode", self.fde.mode, FdeMode),
            ("stage2.encoder", self.stage2.encoder, FragmentEncoder),
            ("stage2.superpose", self.stage2.superpose, Superpose),
        ):
            if value not in get_args(allowed):
                raise BadModelConfig(
                    f"Set {name} to one of {', '.join(get_args(allowed))}; {value!r} is not known."
                )

    @property
    def mid(self) -> int:
        """Index of the frame that `mid` output describes (0-based)."""
        return self.T // 2

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dict, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NetworkConfig:
        """Inverse of `to_dict`.

        Raises:
            BadModelConfig: a key is not known or a value does not fit.
        """
        return _build(cls, values)


def _build(cls: Any, values: dict[str, Any]) -> Any:
    known = {f.name: f for f in fields(cls)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise BadModelConfig(f"Remove the unknown model setting {unknown[0]!r}.")
    defaults = cls()
    built = {
        name: _build(type(getattr(defaults, name)), value) if is_dataclass(getattr(defaults, name)) else value
        for name, value in values.items()
    }
    return cls(**built)


# 33 landmarks x (2 image + 1 visibility + 3 world) + 3 numbers about the crop's place and size.
LANDMARK_INPUTS = 33 * 6 + 3

PRESETS: dict[str, NetworkConfig] = {
    "base": NetworkConfig(),
    "fast": NetworkConfig(gru=GruConfig(hidden=512)),
    "lite": NetworkConfig(
        stage1=Stage1Config(d_k=256), stage2=Stage2Config(encoder="shared"), gru=GruConfig(hidden=512)
    ),
    "paper_l2": NetworkConfig(gru=GruConfig(layers=2)),
    "default": NetworkConfig(
        C=512,
        output="sequence",
        stage1=Stage1Config(d_k=128),
        gru=GruConfig(hidden=256),
        regressor=RegressorConfig(dropout=0.0),
        encoder=EncoderConfig(inputs=LANDMARK_INPUTS, hidden=768),
    ),
}


def preset(name: str) -> NetworkConfig:
    """The configuration called `name`: base, fast, lite, paper_l2 (C = 2048) or default (C = 512).

    Raises:
        UnknownPreset: no preset has that name.
    """
    if name not in PRESETS:
        raise UnknownPreset(f"Choose one of the presets {', '.join(PRESETS)}; {name!r} is not one of them.")
    return PRESETS[name]
