"""An evaluation as somebody asks for it: checkpoints, databases, and the protocol's choices (method section
8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from ...body.layer import BodyLayer, open_body
from ...data.databases.catalogue import find_database
from ...data.databases.database import open_database
from ...device import choose_device
from ...network.checkpoint import load
from ...network.windows import Edge
from .protocols import PROTOCOLS, Protocol, protocol_for
from .scores import Filter, Scores, evaluate_database
from .truth import GtBody, MissingGender

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Entry:
    """One row of ours: `scores` by set, as the catalogue names it."""

    label: str
    window: int  # frames that the network sees at a time
    scores: Mapping[str, Scores]
    databases: Mapping[str, str]  # what each set was read from


@dataclass(frozen=True)
class EvaluationRequest:
    """What the command line of an evaluation says.

    Attributes:
        checkpoints: each becomes a row, and one more with `filter`.
        data: the folder of all databases. sets: names known to the catalogue, or the user's own.
        camera: of Human3.6M: ``all`` four, or the ``frontal`` one.
        body: an SMPL file or folder, or None for the free body. male, female: for `gt_body` gendered.
        bodies: where converted SMPL files are kept.
    """

    checkpoints: tuple[Path, ...]
    data: Path
    sets: tuple[str, ...]
    bodies: Path
    split: str = "test"
    camera: Literal["all", "frontal"] = "all"
    edge: Edge = "static"
    gt_body: GtBody = "neutral"
    filter: Filter = "none"
    match_vibe: bool = False
    body: Path | None = None
    male: Path | None = None
    female: Path | None = None
    device: str = "auto"

    def run(self, progress: Progress | None = None) -> list[Entry]:
        """Measures every checkpoint on every set; all files are found before anything is computed.

        Raises:
            DatasetMissing, and every error of `open_database`, `load`, `open_body` and `evaluate_database`.
        """
        places = {name: find_database(self.data, name, self.split) for name in self.sets}
        device = choose_device(self.device)
        models = [load(path, device) for path in self.checkpoints]
        body, gendered = self._open_bodies(device)
        databases = {name: open_database(place) for name, place in places.items()}
        read_from = {name: str(place) for name, place in places.items()}
        entries = []
        for name, model in zip(labels(self.checkpoints), models, strict=True):
            filters: tuple[Filter, ...] = ("none",) if self.filter == "none" else ("none", self.filter)
            for filter in filters:
                scores = {
                    key: evaluate_database(
                        model,
                        database,
                        self.protocol(key),
                        body,
                        edge=self.edge,
                        gt_body=self.gt_body,
                        filter=filter,
                        gendered=gendered,
                        match_vibe=self.match_vibe,
                        progress=progress,
                    )
                    for key, database in databases.items()
                }
                row = name if filter == "none" else f"{name} + {filter}"
                entries.append(Entry(row, model.config.T, scores, read_from))
        return entries

    def protocol(self, name: str) -> Protocol:
        """The protocol of a set under this request."""
        if name == "h36m" and self.camera == "frontal":
            return PROTOCOLS["h36m_frontal"]
        return protocol_for(name)

    @property
    def body_name(self) -> str:
        """Whose mesh, for the caption."""
        return "the free body (the published numbers are SMPL's)" if self.body is None else self.body.name

    def _open_bodies(self, device: torch.device) -> tuple[BodyLayer, dict[str, BodyLayer]]:
        def opened(path: Path | None) -> BodyLayer:
            return open_body(path, self.bodies).to(device)

        if self.gt_body == "neutral":
            return opened(self.body), {}
        if self.male is None or self.female is None:
            raise MissingGender("Give --male and --female, two SMPL files, for a gendered truth.")
        return opened(self.body), {"male": opened(self.male), "female": opened(self.female)}


def labels(checkpoints: Sequence[Path]) -> list[str]:
    """A short name for each: the file's, with its folder's before it where two files have the same."""
    stems = [path.stem for path in checkpoints]
    return [
        stem if stems.count(stem) == 1 else f"{path.absolute().parent.name}/{stem}"
        for path, stem in zip(checkpoints, stems, strict=True)
    ]
