"""`reel2rig doctor`: what is installed, what is missing, what to do."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from ..doctor import Finding, examine
from ..errors import WorkerError
from ..home import Home
from .options import JsonOption

COLOURS = {"ok": "green", "missing": "red", "note": "yellow"}


def doctor(as_json: JsonOption = False) -> None:
    """Say what is installed, what is missing, and what to do; exits with 4 when captures cannot run."""
    findings = examine(Home.find())
    if as_json:
        ready = not _blocking(findings)
        typer.echo(json.dumps({"ready": ready, "findings": [asdict(each) for each in findings]}, indent=1))
    else:
        for each in findings:
            state = typer.style(f"{each.state:8}", fg=COLOURS[each.state])
            typer.echo(f"{state}{each.name}: {each.found}")
            if each.advice:
                typer.echo(f"{'':8}-> {each.advice}")
    if _blocking(findings):
        raise typer.Exit(WorkerError.exit_code)


def _blocking(findings: list[Finding]) -> bool:
    return any(each.state == "missing" for each in findings)
