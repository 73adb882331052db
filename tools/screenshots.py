#!/usr/bin/env python3
"""Take the documentation's pictures from what the GUI ring has photographed: `python tools/screenshots.py`.

The ring leaves its pictures in .cache/gui/<Blender version>/<story>. A page shows the whole screen, or what
the photograph is about: the sidebar, down to its last line, or the window of the preferences.
Needs numpy and OpenCV, which .venv has.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
RING = ROOT / ".cache" / "gui"
MOST_BYTES = 150_000
# Picture of the documentation -> story, photograph, and the part of it: "screen", a frame noted with it, or
# the right side of the editor, where the sidebar is.
PICTURES = {
    "first-run": ("first_run", "nothing-installed", "sidebar"),
    "preferences": ("first_run", "preferences-choices", "window"),
    "own-python": ("first_run", "own-python-ready", "window"),
    "people-found": ("capture", "people-found", "sidebar"),
    "capturing": ("capture", "capturing", "sidebar"),
    "captured": ("capture", "captured", "screen"),
    "finished-captures": ("interrupted", "finished-waits", "sidebar"),
    "cleanup": ("cleanup", "smoothed", "right"),
    "contacts": ("cleanup", "contacts", "editor"),
    "camera": ("cleanup", "other-lens", "editor"),
    "body": ("cleanup", "taller", "right"),
    "retarget": ("retarget", "retargeted", "right"),
    "error": ("interrupted", "wrong-video-refused", "sidebar"),
}
_RIGHT = 1000  # pixels


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Take the documentation's pictures from those of the GUI ring."
    )
    parser.add_argument("--blender", default="4.3", help="the version whose pictures to take (%(default)s)")
    ring = RING / parser.parse_args().blender
    IMAGES.mkdir(exist_ok=True)
    for name, (story, photograph, part) in PICTURES.items():
        found = sorted((ring / story).glob(f"??-{photograph}.png"))
        if not found:
            print(f"{ring / story} has no {photograph}: run the GUI ring first (make test)", file=sys.stderr)
            return 1
        facts = json.loads((ring / story / "facts.json").read_text(encoding="utf-8"))["facts"]
        picture = cv2.imread(str(found[-1]))
        if part != "screen":
            picture = _cut_out(picture, facts["frames_of_pictures"][photograph], part)
        print(f"{_write(IMAGES / f'{name}.webp', picture)} {picture.shape[1]} x {picture.shape[0]}")
    return 0


def _cut_out(picture: np.ndarray, frames: dict[str, list[int]], part: str) -> np.ndarray:
    """A part of a photograph; a sidebar ends below the last line of text in it."""
    left, top, right, bottom = frames["editor" if part == "right" else part]
    if part == "right":
        left = max(left, right - _RIGHT)
    inside = picture[max(top, 0) : bottom, max(left, 0) : right]
    if part == "sidebar":
        lit = np.nonzero((inside.min(-1) > 200).sum(axis=1) > 2)[0]
        inside = inside[: int(lit.max()) + 18]
    return inside


def _write(path: Path, picture: np.ndarray) -> str:
    """Write as WebP, as good as the size allows; returns name and size."""
    for quality in (95, 90, 80, 70, 60, 50):
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if path.stat().st_size <= MOST_BYTES:
            break
    return f"{path.name} {path.stat().st_size / 1000:.0f} kB, quality {quality}"


if __name__ == "__main__":
    sys.exit(main())
