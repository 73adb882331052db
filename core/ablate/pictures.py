"""From files to pictures: a video captured and drawn, two checkpoints compared and drawn (figures 5 to 8)."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..body.layer import open_body
from ..data.databases.database import open_database
from ..data.procedural import procedural_motion
from ..errors import InputError, UnknownFormat
from ..evaluate.pipeline_accuracy import FIRST_SEED
from ..evaluate.rendered_clips import View, film_motion
from ..motion.body import load_body
from ..motion.files.atomic import atomic_output
from ..motion.files.npz import read_clip
from ..network.checkpoint import load
from ..pipeline.run import Progress, capture
from ..pipeline.settings import CaptureSettings
from .anchor_frames import compare_anchors
from .anchor_picture import anchor_sheet
from .capture_picture import capture_sheet
from .mesh_view import Image
from .results import write_json

SUFFIXES = (".png", ".jpg", ".jpeg")
JPEG_QUALITY = 80
BODIES = "bodies"  # converted SMPL files


class UnequalPairs(InputError):
    code = "figures.unequal_pairs"


def picture_of_video(
    video: Path,
    out: Path,
    settings: CaptureSettings,
    models: Path,
    *,
    moments: int = 5,
    progress: Progress = lambda stage, done, total: None,
) -> Path:
    """Captures `video` with the shipped network and draws it as the paper's figures 5 to 7.

    Args:
        out: .png or .jpg. models: folder of the landmark models, as `capture`.

    Raises:
        UnknownFormat: `out` is no picture.
        Reel2RigError: as `capture`.
    """
    _check(out)
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder)
        result = capture(video, settings, job, models, progress)
        clips = [read_clip(job / name) for name in result["clips"]]
    return write_picture(out, capture_sheet(video, clips, load_body(), moments))


def film_person(video: Path, seed: int, frames: int = 90) -> Path:
    """A rendered person in random motion before a random camera, as a video: the free body, no dataset.

    The same seed gives the same video; training draws other ones.
    """
    rng = np.random.default_rng(seed)
    motion = procedural_motion(frames, FIRST_SEED + seed)
    view = View(
        yaw=float(rng.uniform(-180, 180)),
        pitch=float(rng.uniform(2, 14)),
        distance=float(rng.uniform(2.8, 3.6)),
    )
    film_motion(video, motion.rotations, motion.trans, rng.normal(0, 0.8, 10), load_body(), view, seed=seed)
    return video


def pictures_of_anchors(
    with_loss: Sequence[Path],
    without_loss: Sequence[Path],
    database: Path,
    out: Path,
    *,
    frames: int = 4,
    seed: int = 0,
    body: Path | None = None,
) -> list[Path]:
    """Draws networks against the truth as the paper's figure 8: ``anchors-most-different.jpg`` and
    ``anchors-random.jpg`` of the first pair, and ``anchors.json`` with what holds over all frames of each.

    Args:
        with_loss, without_loss: checkpoints that differ in the anchor loss alone, such as one pair a seed.
        frames: rows of each picture. seed: decides the frames drawn by chance.

    Raises:
        UnequalPairs: not as many checkpoints with as without.
        CheckpointMissing, CheckpointCorrupt, DatabaseMissing, MissingKey: the file and what was expected.
    """
    if len(with_loss) != len(without_loss) or not with_loss:
        raise UnequalPairs(
            f"Give one checkpoint without the loss for each one with it; there are {len(with_loss)} with and "
            f"{len(without_loss)} without."
        )
    out.mkdir(parents=True, exist_ok=True)
    layer = open_body(body, out / BODIES)
    frames_of = open_database(database)
    compared = [
        compare_anchors(load(a), load(b), frames_of, layer)
        for a, b in zip(with_loss, without_loss, strict=True)
    ]
    first = compared[0]
    chosen = {"most-different": first.most_different(frames), "random": first.drawn(frames, seed)}
    paths = [
        write_picture(
            out / f"anchors-{name}.jpg", anchor_sheet([first.frame(i) for i in indices], layer.template)
        )
        for name, indices in chosen.items()
    ]
    return [*paths, write_json(out / "anchors.json", {"pairs": [one.summary() for one in compared]})]


def write_picture(path: Path, image: Image) -> Path:
    """Writes an RGB picture, whole or not at all.

    Raises:
        UnknownFormat: the name ends in nothing known.
    """
    _check(path)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix.lower() != ".png" else []
    _, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    with atomic_output(path) as temporary:
        temporary.write_bytes(data.tobytes())
    return path


def _check(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise UnknownFormat(f"Name a picture that ends in {', '.join(SUFFIXES)}; {path.name} does not.")
