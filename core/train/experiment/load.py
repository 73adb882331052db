"""Configurations from YAML: the ones beside this file by name, any other by path, single keys from the
command line (method section 6.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...optional_packages import need
from .config import ExperimentConfig
from .schema import BadConfig, updated
from .simulated import SimulatedTraining

HERE = Path(__file__).parent


def config_names() -> list[str]:
    """The configurations that come with the code: default, e1, e2, e3."""
    return sorted(path.stem for path in HERE.glob("*.yaml"))


def load_training(
    name_or_path: str | Path, overrides: Iterable[str] = ()
) -> ExperimentConfig | SimulatedTraining:
    """A configuration by name or path, with `overrides` such as ``train.epochs=2`` put over it.

    A file with a section `simulated` trains on simulated landmarks; every other one is an experiment on
    databases.

    Raises:
        BadConfig: there is no such configuration, it is no YAML, or a key or value in it does not fit.
        BadModelConfig: the network it describes cannot be built.
        PackageMissing: pyyaml is not installed.
    """
    path = _find(name_or_path)
    values = _read(path)
    given = [_override(text) for text in overrides]
    if "simulated" in values:
        return _layered(SimulatedTraining(), values, path.name, given)
    # The preset first: the network's other keys are changes to it.
    models = (values.get("model"), *(change.get("model") for change in given))
    chosen = [model["preset"] for model in models if isinstance(model, dict) and "preset" in model]
    checked = updated(ExperimentConfig(), {"model": {"preset": chosen[-1]}} if chosen else {}, path.name)
    return _layered(ExperimentConfig.of_preset(checked.model.preset), values, path.name, given)


def load_experiment(name_or_path: str | Path, overrides: Iterable[str] = ()) -> ExperimentConfig:
    """As `load_training`, for an experiment on databases.

    Raises:
        BadConfig: also when the configuration trains on simulated landmarks.
    """
    config = load_training(name_or_path, overrides)
    if isinstance(config, SimulatedTraining):
        raise BadConfig(
            f"Choose an experiment on databases: {name_or_path} trains on simulated landmarks, from motion."
        )
    return config


def _layered(base: Any, values: dict[str, Any], source: str, given: list[dict[str, Any]]) -> Any:
    """All layers at once, so that values which only fit together are judged together."""
    merged: dict[str, Any] = {}
    for layer in (values, *given):
        _merge(merged, layer)
    return updated(base, merged, f"{source} and --set" if given else source)


def _merge(into: dict[str, Any], layer: dict[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _find(name_or_path: str | Path) -> Path:
    given = Path(name_or_path)
    path = HERE / f"{given}.yaml" if str(given) in config_names() else given
    if not path.is_file():
        raise BadConfig(
            f"Choose one of {', '.join(config_names())}, or the path of a YAML file; {given} is neither."
        )
    return path


def _read(path: Path) -> dict[str, Any]:
    yaml = need("yaml")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BadConfig(f"Correct {path}: it cannot be read as YAML ({_first_line(error)}).") from None
    if not isinstance(values or {}, dict):
        raise BadConfig(f"Correct {path}: it has to hold sections such as train: and data:.")
    return values or {}


def _override(text: str) -> dict[str, Any]:
    """``train.epochs=2`` -> {"train": {"epochs": 2}}."""
    yaml = need("yaml")
    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise BadConfig(f"Write --set as section.key=value, such as train.epochs=2; {text!r} is not.")
    try:
        nested = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise BadConfig(f"Correct the value in --set {text}: {_first_line(error)}.") from None
    for name in reversed(key.strip().split(".")):
        nested = {name: nested}
    return nested


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
