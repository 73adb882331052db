"""Errors at the command line: one sentence, the code to search for, and an exit code; never a traceback."""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from typing import Any

import typer

from ...core.errors import Cancelled, Reel2RigError

VARIABLE = "REEL2RIG_DEBUG"


def debugging(wanted: bool) -> None:
    """Show tracebacks from now on, in the processes started from here too."""
    if wanted:
        os.environ[VARIABLE] = "1"


def explained(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose errors are told in one sentence on stderr."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except Reel2RigError as error:
            _tell(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("Cancelled.", err=True)
            raise typer.Exit(Cancelled.exit_code) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("typer", "click"):
                raise  # its own way to say that the command line was wrong
            _tell(
                Reel2RigError(
                    f"Something unexpected happened ({type(error).__name__}: {error}); try --debug."
                )
            )
            raise typer.Exit(Reel2RigError.exit_code) from None

    return run


def _tell(error: Reel2RigError) -> None:
    if os.environ.get(VARIABLE):
        traceback.print_exc()
    prefix = "" if isinstance(error, Cancelled) else f"Error [{error.code}]: "
    typer.echo(f"{prefix}{error.message}", err=True)
