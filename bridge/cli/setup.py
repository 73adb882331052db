"""`reel2rig setup`: the worker's environment and the landmark model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..client.install import InstallChoice, install, remove
from ..client.system_libraries import WORKER, apt_line, missing_libraries
from ..client.torch_build import TORCH_INDEX_VARIABLE
from ..errors import SetupFailed
from ..home import Home
from .interrupts import interrupts
from .prepare import tell


class LibrariesMissing(SetupFailed):
    code = "setup.libraries_missing"


class TorchBuild(StrEnum):
    """The builds of PyTorch."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    rocm = "rocm"
    custom = "custom"


def setup(
    torch_build: Annotated[
        TorchBuild, typer.Option(help="The build of PyTorch; auto takes the one of pip's own index.")
    ] = TorchBuild.auto,
    torch_index: Annotated[
        str | None,
        typer.Option(
            help="The package index that has this build, as pytorch.org names it. "
            f"With auto, the variable {TORCH_INDEX_VARIABLE} does the same.",
        ),
    ] = None,
    wheels: Annotated[
        Path | None, typer.Option(help="A folder of wheels to install from, without any network.")
    ] = None,
    proxy: Annotated[str, typer.Option(help="A proxy for pip, such as http://host:8080.")] = "",
    landmark_model: Annotated[str, typer.Option(help="The landmark model to fetch.")] = "full",
    own: Annotated[
        bool, typer.Option("--own", help="Make a separate environment even if this Python has the packages.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Make the environment anew.")] = False,
    remove_it: Annotated[bool, typer.Option("--remove", help="Remove the environment.")] = False,
    wheel: Annotated[Path | None, typer.Option(help="The project's wheel or checkout to install.")] = None,
    python: Annotated[Path | None, typer.Option(help="The Python (3.11 to 3.13) to build on.")] = None,
) -> None:
    """Install what captures need: the worker's environment (unless this Python has it) and the model."""
    home = Home.find()
    if remove_it:
        found = remove(home)
        tell(f"Removed {home.environment}." if found else f"There is no environment in {home.environment}.")
        return
    if missing := missing_libraries(WORKER):
        raise LibrariesMissing(
            f"This system lacks {', '.join(missing)}; install them with: {apt_line(missing)}"
        )
    choice = InstallChoice(
        source=wheel.expanduser().absolute() if wheel else None,
        python=python,
        torch_build=torch_build.value,
        torch_index=torch_index,
        wheels=wheels.expanduser().absolute() if wheels else None,
        proxy=proxy,
        landmark_model=landmark_model,
        own=own or wheel is not None or python is not None,
        repair=repair,
    )
    with interrupts() as wish:
        environment = install(home, choice, say=tell, should_stop=lambda: bool(wish))
    typer.echo(environment.python)
