"""Benchmarks that need bpy, as child processes that print one JSON object."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ..errors import BlenderFailed
from ..headless_blender import find_blender
from ..processes import python_environment


def measure_in_blender(module: str, *arguments: str) -> dict[str, Any]:
    """What `python -m reel2rig.blender_addon.<module>` measured. Raises BlenderMissing, BlenderFailed."""
    blender = find_blender()
    if not blender.module:
        raise BlenderFailed(
            "This benchmark needs the bpy module; install it with pip install 'reel2rig[blender]'."
        )
    done = subprocess.run(
        [str(blender.path), "-m", f"reel2rig.blender_addon.{module}", *arguments],
        capture_output=True,
        text=True,
        env=python_environment(Path(blender.path)),
        check=False,
    )
    # Blender may print notes of its own before the one JSON object.
    _, brace, rest = done.stdout.partition("{\n")
    if done.returncode or not brace:
        raise BlenderFailed(f"The benchmark {module} ended with {done.returncode} and no result.")
    return json.loads(brace + rest)
