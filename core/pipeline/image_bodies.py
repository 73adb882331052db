"""The paper's own way in a capture: crops of a person, ResNet-50 features, bodies (method section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..device import choose_device
from ..features.evidence import LandmarkEvidence
from ..features.gate import gate_evidence
from ..features.images.boxes import box_from_keypoints, scaled, smooth_boxes
from ..features.images.crops import translation
from ..features.images.extract import CropTrack, FeatureExtractor, Features, Picture, cached_features
from ..features.images.sampling import PicturePlan, features_at_network_times, plan_pictures
from ..features.images.spin_checkpoint import load_spin
from ..network import checkpoint
from ..network.clip import run_clip
from ..network.model import BodyNetwork
from ..network.predict import weak_perspective
from ..network.regressor import BodyState, IterativeRegressor, apply_folded, body_from_state
from ..network.resampling import Retiming, bodies_at_source_times, interpolate
from ..people.detect import PeopleScan, PersonTrack
from ..video.ahead import read_ahead
from ..video.reader import read_frames
from ..world.prediction import TrackPrediction
from .cache import StageCache, content_digest
from .fit import WrongFeatures, require_images
from .progress import Progress, share_out
from .seen import SeenPerson
from .settings import CaptureSettings

FRAME_BY_FRAME = (
    "The bodies come from the backbone's own regressor, one picture at a time: a --checkpoint trained on its "
    "features gives a calmer motion."
)


@dataclass(frozen=True, eq=False)
class ImageModel:
    """What answers from pictures: the temporal network, or the backbone's own regressor where there is none.

    Exactly one of `network` and `regressor` is given; `loaded` tells what was taken from the backbone's file.
    """

    extractor: FeatureExtractor
    network: BodyNetwork | None
    regressor: IterativeRegressor | None
    loaded: str

    @classmethod
    def load(cls, settings: CaptureSettings) -> ImageModel:
        """The backbone and checkpoint that `settings` name.

        Raises:
            BackboneMissing, BackboneUnsafe, BackboneCorrupt, CheckpointMissing, CheckpointCorrupt.
            WrongFeatures: the checkpoint is not for these features, or nothing here can tell a body.
        """
        assert settings.backbone is not None, "CaptureSettings demands a backbone for resnet50"
        path, device = Path(settings.backbone), choose_device(settings.device)
        spin = load_spin(path)
        extractor = FeatureExtractor(spin.trunk, device, content_digest(path))
        if settings.checkpoint != "default":
            network = checkpoint.load(settings.checkpoint, device)
            require_images(network.config, Path(settings.checkpoint).name)
            return cls(extractor, network, None, str(spin.report))
        if spin.regressor is None:
            raise WrongFeatures(
                f"{path.name} gives features but no bodies: add --checkpoint with a network trained on "
                "them, or give a SPIN checkpoint, which holds a body regressor of its own."
            )
        return cls(extractor, None, spin.regressor, str(spin.report))

    def predict(
        self,
        scan: PeopleScan,
        tracks: Sequence[PersonTrack],
        focal_px: float,
        cache: StageCache,
        progress: Progress,
    ) -> list[TrackPrediction]:
        """One prediction for every track, from one reading of the video; from none where `cache` has it all.

        The landmarks of the people stage place the crops, and stay in the prediction as its image evidence.

        **Convention**: the answered root orientation is taken as that in the true camera, as results of this
        lineage are: training labels are turned into the camera (R_cam R_root), not into the ray through the
        crop's middle, and the published errors are measured without such a turn.
        """
        people = [_Filmed.of(scan, track, focal_px) for track in tracks]
        crops = [person.crops for person in people]
        digest = cache.digest(Path(scan.info.path))
        features = cached_features(self.extractor, crops, cache, digest, partial(_read, scan), progress)
        shares = share_out(progress, [len(found) for found in features])
        return [
            person.prediction(self, found, share)
            for person, found, share in zip(people, features, shares, strict=True)
        ]

    def bodies(self, features: Tensor, plan: PicturePlan, progress: Progress) -> tuple[BodyState, Retiming]:
        """Features (n, 2048) of the pictures -> bodies, and the times they belong to."""
        if self.network is not None:
            state = run_clip(self.network, features_at_network_times(features, plan), progress=progress)
            return state, plan.retiming
        assert self.regressor is not None
        M, k = self.regressor.fold()
        state = body_from_state(apply_folded(features, (M.float(), k.float())))
        progress("network", len(features), len(features))
        return state, plan.per_picture()


@dataclass(frozen=True, eq=False)
class _Filmed:
    """One person on the way from landmarks to bodies: `boxes` (n, 3) are the crops of the plan's pictures."""

    person: SeenPerson
    evidence: LandmarkEvidence
    plan: PicturePlan
    boxes: np.ndarray

    @classmethod
    def of(cls, scan: PeopleScan, track: PersonTrack, focal_px: float) -> _Filmed:
        person = SeenPerson.of(scan, track, focal_px)
        evidence = gate_evidence(person.evidence, person.times).evidence
        plan = plan_pictures(person.times)
        keypoints = np.concatenate([evidence.image, evidence.visibility[..., None]], -1)
        boxes = smooth_boxes(box_from_keypoints(keypoints)[plan.rows], rate=plan.rate)
        return cls(person, evidence, plan, scaled(boxes))

    @property
    def crops(self) -> CropTrack:
        return CropTrack(self.person.frames[self.plan.rows], self.boxes)

    def prediction(self, model: ImageModel, features: Features, progress: Progress) -> TrackPrediction:
        state, retiming = model.bodies(torch.from_numpy(features), self.plan, progress)
        evidence = self.evidence
        focal, size = evidence.focal_px, (evidence.width, evidence.height)
        # Place travels beside the body, so that both return to the source's times in one way.
        there = interpolate(self.boxes, self.plan.seen, retiming.network)
        place = translation(state.cam.numpy(), there, focal, *size)
        placed = BodyState(state.rotations, state.betas, torch.from_numpy(place).float())
        bodies = bodies_at_source_times(placed, retiming)
        boxes = interpolate(self.boxes, self.plan.seen, retiming.source)
        about_centre = torch.from_numpy(boxes - np.array([size[0] / 2, size[1] / 2, 0.0])).float()
        cam = weak_perspective(bodies.cam, about_centre, focal)
        notes = (model.loaded, FRAME_BY_FRAME) if model.network is None else (model.loaded,)
        return self.person.prediction(
            bodies.rotations.numpy(), bodies.betas.numpy(), cam.numpy(), boxes, evidence, notes
        )


def _read(scan: PeopleScan, first: int, last: int) -> Iterator[tuple[int, Picture]]:
    """Source frames from `first` to before `last`, decoded ahead in a thread."""
    # What may be read of a damaged file was settled when the people were found.
    for frame in read_ahead(read_frames(scan.info, first, last, allow_partial=True)):
        yield frame.index, frame.image
