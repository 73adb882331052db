"""What a running job is doing, in words of the trade."""

from __future__ import annotations

from ...bridge.protocol import Progress

_STAGES = {
    "starting": "Preparing",
    "people": "Finding people",
    "features": "Looking at pictures",
    "network": "Reading motion",
    "refine": "Fitting the body",
    "world": "Finding the floor",
    "files": "Writing files",
    "convert": "Reading the motion file",
}
_COUNTED = {"people": "frames", "features": "frames", "network": "frames"}


def stage_text(progress: Progress | None) -> str:
    """The stage and how far it is: "Finding people 120/450"."""
    if progress is None:
        return "Starting the worker"
    name = _STAGES.get(progress.stage, progress.stage)
    if progress.total <= 1:
        return name
    if progress.stage in _STAGES and progress.stage not in _COUNTED:
        return f"{name} {100 * progress.done // progress.total} %"
    return f"{name} {progress.done}/{progress.total}"


def left_text(progress: Progress | None) -> str:
    """The time left: "0:43 left", or nothing while it would be a guess."""
    return f"{clock(progress.eta)} left" if progress and progress.eta >= 0 else ""


def clock(seconds: float) -> str:
    """Minutes and seconds: "1:05"; with hours when there are some."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
