"""The choices that several commands share, so that they read and behave alike everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

VideoArgument = Annotated[Path, typer.Argument(help="The video file.", metavar="VIDEO")]
StartOption = Annotated[str | None, typer.Option(help="First frame (120) or time (4.5s).")]
EndOption = Annotated[str | None, typer.Option(help="End of the trim, exclusive: a frame or a time.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
ModelOption = Annotated[str, typer.Option(help="Landmark model: full, or the path of a .task file.")]
MaxPeopleOption = Annotated[int, typer.Option(help="How many people are looked for.")]
PartialOption = Annotated[
    bool, typer.Option("--allow-partial", help="Use what can be read of a damaged video.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SetupOption = Annotated[
    bool, typer.Option("--setup/--no-setup", help="Install what is missing first (needs the network).")
]


class GtBody(StrEnum):
    """Whose body 3DPW's truth is."""

    neutral = "neutral"
    gendered = "gendered"
