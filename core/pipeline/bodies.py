"""What tells bodies in a capture: the network on landmarks, or on features of the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..device import choose_device
from ..network import checkpoint
from ..network.model import BodyNetwork
from ..network.predict import predict_bodies
from ..people.detect import PeopleScan, PersonTrack
from ..world.prediction import TrackPrediction
from .cache import StageCache
from .fit import require_landmarks
from .image_bodies import ImageModel
from .progress import Progress, share_out
from .seen import SeenPerson
from .settings import CaptureSettings


class BodyModel(Protocol):
    def predict(
        self,
        scan: PeopleScan,
        tracks: Sequence[PersonTrack],
        focal_px: float,
        cache: StageCache,
        progress: Progress,
    ) -> list[TrackPrediction]:
        """One prediction for every track, in their order."""
        ...


def load_model(settings: CaptureSettings) -> BodyModel:
    """The model that `settings` ask for, ready on its device.

    Raises:
        Reel2RigError: a file is missing, damaged, or made for other features.
    """
    return ImageModel.load(settings) if settings.features == "resnet50" else LandmarkModel.load(settings)


@dataclass(frozen=True, eq=False)
class LandmarkModel:
    """The network on landmarks: shipped, or the user's checkpoint."""

    network: BodyNetwork

    @classmethod
    def load(cls, settings: CaptureSettings) -> LandmarkModel:
        """Raises CheckpointMissing, CheckpointCorrupt, WrongFeatures."""
        device = str(choose_device(settings.device))
        if settings.checkpoint == "default":
            return cls(checkpoint.load_default(device))
        network = checkpoint.load(settings.checkpoint, device)
        require_landmarks(network.config, Path(settings.checkpoint).name)
        return cls(network)

    def predict(
        self,
        scan: PeopleScan,
        tracks: Sequence[PersonTrack],
        focal_px: float,
        cache: StageCache,
        progress: Progress,
    ) -> list[TrackPrediction]:
        """Nothing is cached: the network takes a hundredth of the time that finding people took."""
        people = [SeenPerson.of(scan, track, focal_px) for track in tracks]
        shares = share_out(progress, [len(person.times) for person in people])
        return [self._track(person, share) for person, share in zip(people, shares, strict=True)]

    def _track(self, person: SeenPerson, progress: Progress) -> TrackPrediction:
        found = predict_bodies(self.network, person.evidence, person.times, progress=progress)
        return person.prediction(found.rotations, found.betas, found.cam, found.boxes, found.evidence)
