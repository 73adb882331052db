"""The paper's ablations, tables 3 to 5, as data: every row with its figures and the switches that make it.

Switches are dotted keys of the configuration (method section 8b). Rows without figures are controls of ours:
they separate what a row is named for from what else changes with it (capacity, a branch, a gain). The
ablation switch table of method section 8b says why each row reads as it does; where the paper leaves two
readings, both are rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import InputError

Switch = bool | int | float | str


class UnknownTable(InputError):
    code = "ablate.unknown_table"


class UnknownRow(InputError):
    code = "ablate.unknown_row"


@dataclass(frozen=True)
class Row:
    """One network to train.

    Attributes:
        key: short name for files and `--rows`; rows of different tables with one key are one network.
        group: the paper's first column. label: the paper's second column, or what our control changes.
        overrides: dotted configuration keys and their values; empty for the full method.
        pa_mpjpe: the paper's figure, mm, or None for a control. accel: likewise, mm per frame squared.
    """

    key: str
    group: str
    label: str
    overrides: dict[str, Switch] = field(default_factory=dict)
    pa_mpjpe: float | None = None
    accel: float | None = None

    @property
    def control(self) -> bool:
        """Whether the row is ours rather than the paper's."""
        return self.pa_mpjpe is None


@dataclass(frozen=True)
class Comparison:
    """A question that two rows answer: is `key` worse than `against`?"""

    key: str
    against: str
    question: str


@dataclass(frozen=True)
class AblationTable:
    """One of the paper's tables; the last row is always the full method, key ``ours``.

    `comparisons` are the questions that our controls were added for.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...] = ()

    def chosen(self, keys: list[str] | None) -> tuple[Row, ...]:
        """The rows called `keys` in the table's order, and always ``ours``; None is every row.

        Raises:
            UnknownRow: the table has no such row.
        """
        if keys is None:
            return self.rows
        known = [row.key for row in self.rows]
        for key in keys:
            if key not in known:
                raise UnknownRow(f"Choose rows of {self.name} among {', '.join(known)}; there is no {key!r}.")
        return tuple(row for row in self.rows if row.key in (*keys, OURS))


OURS = "ours"
PAPER_OURS = 61.4  # mm PA-MPJPE of the full method, the same row in all three tables

TABLE_3 = AblationTable(
    "table3",
    "Segmentation: channel patches of stage 1, time fragments of stage 2",
    (
        Row("patches1", "Stage 1", "Not segmented", {"stage1.patches": 1}, 62.6, 8.5),
        Row("no-stage1", "Stage 1", "Not segmented, read as: stage removed", {"stage1.enabled": False}),
        Row("patches4", "Stage 1", "4 patches", {"stage1.patches": 4}, 61.8, 8.6),
        Row("patches8", "Stage 1", "8 patches", {"stage1.patches": 8}, 62.8, 8.8),
        Row("fragments1", "Stage 2", "Not segmented", {"stage2.fragments": 1}, 62.3, 8.7),
        Row("no-stage2", "Stage 2", "Not segmented, read as: stage removed", {"stage2.enabled": False}),
        Row("fragments4", "Stage 2", "4 fragments", {"stage2.fragments": 4}, 61.8, 10.5),
        Row("fragments8", "Stage 2", "8 fragments", {"stage2.fragments": 8}, 63.1, 11.6),
        Row("shared2", "Stage 2", "2 fragments, one encoder for all", {"stage2.encoder": "shared"}),
        Row(
            "shared4",
            "Stage 2",
            "4 fragments, one encoder for all",
            {"stage2.fragments": 4, "stage2.encoder": "shared"},
        ),
        Row(
            "shared8",
            "Stage 2",
            "8 fragments, one encoder for all",
            {"stage2.fragments": 8, "stage2.encoder": "shared"},
        ),
        Row(OURS, "Ours", "2 patches & fragments", {}, PAPER_OURS, 8.5),
    ),
    (
        Comparison("shared2", OURS, "One encoder for both fragments instead of two"),
        Comparison("fragments4", OURS, "4 fragments instead of 2, an encoder each"),
        Comparison("shared4", "shared2", "4 fragments instead of 2, equal encoders"),
        Comparison("fragments8", OURS, "8 fragments instead of 2, an encoder each"),
        Comparison("shared8", "shared2", "8 fragments instead of 2, equal encoders"),
    ),
)

TABLE_4 = AblationTable(
    "table4",
    "Parts: dual excitation, fragments superposition, frequency enhancement",
    (
        Row("no-dem", "Excitation", "Ours w/o DEM", {"stage1.dem": False}, 62.2, 8.7),
        Row(
            "no-superposition",
            "Superposition",
            "Ours w/o Fragments Superposition",
            {"stage2.superpose": "none"},
            62.5,
            8.6,
        ),
        Row(
            "superpose-gain1",
            "Superposition",
            "branch kept, nothing added (gain 1)",
            {"stage2.superpose": "gain1"},
        ),
        Row("superpose-learned", "Superposition", "gain learned", {"stage2.superpose": "learned"}),
        Row(
            "superpose-cumulative",
            "Superposition",
            "added to all fragments before",
            {"stage2.superpose": "cumulative"},
        ),
        Row("superpose-cross", "Superposition", "added to its mirror image", {"stage2.superpose": "cross"}),
        Row("no-fde", "Frequency", "Ours w/o FDE", {"fde.mode": "off"}, 62.3, 8.6),
        Row(
            "fde-identity",
            "Frequency",
            "branch kept, features unchanged (identity)",
            {"fde.mode": "identity"},
        ),
        Row("fde-highpass", "Frequency", "only what moves (highpass)", {"fde.mode": "highpass"}),
        Row("fde-even", "Frequency", "imaginary part dropped (even)", {"fde.mode": "even"}),
        Row(OURS, "Ours", "Ours", {}, PAPER_OURS, 8.5),
    ),
    (
        Comparison("fde-identity", OURS, "`identity` instead of `boost`: the frequencies themselves"),
        Comparison("no-fde", "fde-identity", "No third branch instead of `identity`: its capacity"),
        Comparison("superpose-gain1", OURS, "`gain1` instead of `self`: the doubling itself"),
        Comparison("no-superposition", "superpose-gain1", "No second branch instead of `gain1`"),
    ),
)

_AREA: dict[str, Switch] = {"loss.w_perim": 0.0}
_PERIMETER: dict[str, Switch] = {"loss.w_area": 0.0}

TABLE_5 = AblationTable(
    "table5",
    "Landmark anchor loss: which anchors, which parts",
    (
        Row("area-wrists", "Area", "Head-double wrist", {"loss.anchor_set": "wrists", **_AREA}, 62.6, 8.7),
        Row("area-five", "Area", "Five anchors", {"loss.anchor_set": "five", **_AREA}, 62.9, 8.7),
        Row("area-random", "Area", "Random Anchor", {"loss.anchor_set": "random", **_AREA}, 62.3, 8.8),
        Row("area-only", "Area", "Ours (only area)", _AREA, 61.8, 9.0),
        Row(
            "perimeter-random",
            "Perimeter",
            "Random Anchor",
            {"loss.anchor_set": "random", **_PERIMETER},
            61.6,
            8.7,
        ),
        Row("perimeter-only", "Perimeter", "Ours (only perimeter)", _PERIMETER, 61.7, 8.8),
        Row("no-anchor", "L_A", "without", {"loss.anchor": 0.0}, 61.9, 8.6),
        Row(OURS, "L_A", "Ours (area + perimeter)", {}, PAPER_OURS, 8.5),
    ),
    (
        Comparison("no-anchor", OURS, "No anchor loss at all"),
        Comparison("area-random", "area-only", "Random instead of chosen anchors, area"),
        Comparison("perimeter-random", "perimeter-only", "Random instead of chosen anchors, perimeter"),
    ),
)

TABLES = {table.name: table for table in (TABLE_3, TABLE_4, TABLE_5)}


def find_table(name: str) -> AblationTable:
    """The table called `name`.

    Raises:
        UnknownTable: there is none.
    """
    if name not in TABLES:
        raise UnknownTable(f"Choose one of the tables {', '.join(TABLES)}; {name!r} is not one of them.")
    return TABLES[name]
