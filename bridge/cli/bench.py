"""`reel2rig bench NAME`: a benchmark as a table or as one JSON object."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ...core.errors import InputError
from ..home import Home
from ..setup import ensure_ready
from .options import JsonOption
from .prepare import continue_in_worker_python, tell

PACKAGE = "reel2rig.bridge.bench"


class UnknownBenchmark(InputError):
    code = "bench.unknown"


def bench(
    name: Annotated[str, typer.Argument(help="The benchmark, such as pipeline.", metavar="NAME")],
    as_json: JsonOption = False,
) -> None:
    """Measure this machine: ratios with their spread, versions and inputs beside them."""
    known = benchmarks()
    if name not in known:
        raise UnknownBenchmark(f"There is no benchmark '{name}'; choose one of {', '.join(known) or 'none'}.")
    continue_in_worker_python(ensure_ready(Home.find(), say=tell))
    measured: dict[str, Any] = import_module(f"{PACKAGE}.{name}").run()
    if as_json:
        typer.echo(json.dumps(measured, indent=1))
        return
    table = Table("ratio", "min", "median", "max", title=f"bench {name}")
    for ratio, spread in measured.get("ratios", {}).items():
        table.add_row(ratio, *(f"{spread[key]:.3g}" for key in ("min", "median", "max")))
    Console().print(table)
    rest = {key: value for key, value in measured.items() if key != "ratios"}
    typer.echo(json.dumps(rest, indent=1))


def benchmarks() -> list[str]:
    """The names that `bench` knows: the public modules of `bridge.bench` that have a `run`."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return sorted(module.name for module in iter_modules(places) if not module.name.startswith("_"))
