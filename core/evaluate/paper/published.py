"""Tables 1 and 2 of the paper, every row and number as printed.

Source: Zhang, Ma, Wu, Yuan, "Two-stage Co-segmentation Network Based on Discriminative Representation for
Recovering Human Mesh from Videos", CVPR 2023. Its numbers are claims: no weights were published with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OURS = "The paper"
_SETS = {"wild": "3dpw", "inf": "mpii3d", "h36m": "h36m"}
_WITH_MESH = ("mpjpe", "pa_mpjpe", "mpvpe", "accel")
_JOINTS_ONLY = ("mpjpe", "pa_mpjpe", "accel")
_X = None  # not printed


@dataclass(frozen=True)
class Measures:
    """Errors on one set: mm, mm, mm, mm/frame² (printed as mm/s² in places); None where none is given."""

    mpjpe: float | None = None
    pa_mpjpe: float | None = None
    mpvpe: float | None = None
    accel: float | None = None


@dataclass(frozen=True)
class PublishedRow:
    """One method. `input` is what the table's last column says: frames in a window, or ``image``."""

    method: str
    year: int
    input: int | str
    sets: Mapping[str, Measures]


@dataclass(frozen=True)
class PublishedTable:
    """A table of the paper.

    Attributes:
        number, caption: as cited, the caption in our words.
        columns: (set, measure) pairs in the printed order; sets are the names of `protocols.PROTOCOLS`.
        rows: in the printed order; the last one is the paper's own.
    """

    number: int
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[PublishedRow, ...]


def _row(method: str, year: int, input: int | str, **sets: tuple[float | None, ...]) -> PublishedRow:
    return PublishedRow(method, year, input, {_SETS[key]: _measures(values) for key, values in sets.items()})


def _measures(values: tuple[float | None, ...]) -> Measures:
    names = _WITH_MESH if len(values) == len(_WITH_MESH) else _JOINTS_ONLY
    return Measures(**dict(zip(names, values, strict=True)))


TABLE_1 = PublishedTable(
    1,
    "Table 1 of the paper: every video method but HMMR was trained with the 3DPW training split, and without "
    "Human3.6M's SMPL parameters.",
    (
        *(("3dpw", measure) for measure in _WITH_MESH),
        *(("mpii3d", measure) for measure in _JOINTS_ONLY),
        *(("h36m", measure) for measure in _JOINTS_ONLY),
    ),
    (
        _row("EFT", 2020, "image", wild=(_X, 52.2, _X, _X), inf=(_X, 67.0, _X), h36m=(_X, 43.8, _X)),
        _row("Zanfir et al.", 2020, "image", wild=(90.0, 57.1, _X, _X)),
        _row("STRAPS", 2020, "image", wild=(_X, 66.8, _X, _X), h36m=(_X, 55.4, _X)),
        _row("HMMR", 2019, 20, wild=(116.5, 72.6, 139.3, 15.2), h36m=(_X, 56.9, _X)),
        _row("VIBE", 2020, 16, wild=(91.9, 57.6, _X, 25.4), inf=(103.9, 68.9, 27.3), h36m=(78.0, 53.3, 27.3)),
        _row("MEVA", 2020, 90, wild=(86.9, 54.7, _X, 11.6), inf=(96.4, 65.4, 11.1), h36m=(76.0, 53.2, 15.3)),
        _row("TCMR", 2021, 16, wild=(86.5, 52.7, 103.2, 6.8), inf=(97.6, 63.5, 8.5), h36m=(73.6, 52.0, 3.9)),
        _row(
            "MPS-Net", 2022, 16, wild=(84.3, 52.1, 99.7, 7.4), inf=(96.7, 62.8, 9.6), h36m=(69.4, 47.4, 3.6)
        ),
        _row(OURS, 2023, 16, wild=(83.4, 51.7, 98.9, 7.2), inf=(98.2, 62.5, 8.6), h36m=(73.2, 51.0, 3.6)),
    ),
)

TABLE_2 = PublishedTable(
    2,
    "Table 2 of the paper: nobody was trained with 3DPW.",
    tuple(("mpii3d", measure) for measure in _JOINTS_ONLY),
    (
        _row("HMR", 2018, "image", inf=(124.2, 89.8, _X)),
        _row("SPIN", 2019, "image", inf=(105.2, 67.5, _X)),
        _row("DC-GNet", 2021, "image", inf=(97.2, 62.5, _X)),
        _row("VIBE", 2020, "video", inf=(97.7, 63.4, 29.0)),
        _row("TCMR", 2021, "video", inf=(96.5, 62.8, 9.5)),
        _row("TePose", 2022, "video", inf=(99.5, 62.9, 17.2)),
        _row(OURS, 2023, "video", inf=(95.2, 61.4, 8.5)),
    ),
)

TABLES = {1: TABLE_1, 2: TABLE_2}
