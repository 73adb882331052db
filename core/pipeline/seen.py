"""One tracked person in every frame from first to last: where both kinds of features begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..features.evidence import LandmarkEvidence
from ..features.gate import fill_gaps
from ..motion.rotations import quaternion_from_matrix, quaternion_to_matrix
from ..motion.timing import resample_positions, resample_rotations
from ..people.detect import PeopleScan, PersonTrack
from ..world.prediction import Floats, TrackPrediction


@dataclass(frozen=True, eq=False)
class SeenPerson:
    """A track with its gaps filled.

    Attributes:
        rows: (T,) positions into the scan, without gaps. times: (T,) seconds of these frames.
        evidence: landmarks of every row.
    """

    scan: PeopleScan
    track: PersonTrack
    rows: NDArray[np.int64]
    times: NDArray[np.float64]
    evidence: LandmarkEvidence

    @classmethod
    def of(cls, scan: PeopleScan, track: PersonTrack, focal_px: float) -> SeenPerson:
        info = scan.info
        rows = np.arange(track.frames[0], track.frames[-1] + 1)
        times = np.asarray(scan.times, dtype=np.float64)[rows]
        evidence = fill_gaps(
            track.frames - rows[0],
            track.image[..., :2],
            track.visibility,
            track.world,
            times,
            focal_px,
            info.width,
            info.height,
        )
        return cls(scan, track, rows, times, evidence)

    @property
    def frames(self) -> NDArray[np.int64]:
        """(T,) source frame numbers."""
        return np.asarray(self.scan.indices)[self.rows]

    def prediction(
        self,
        rotations: Floats,
        betas: Floats,
        cam: Floats,
        boxes: Floats,
        evidence: LandmarkEvidence,
        notes: tuple[str, ...] = (),
    ) -> TrackPrediction:
        """Bodies of every row -> one row per frame of the result's constant rate.

        Args:
            rotations: (T, 24, 3, 3). betas: (T, 10). cam, boxes: (T, 3), as `TrackPrediction` has them.
            evidence: the landmarks to trust, after the gate.
            notes: sentences for the user beside the scan's.

        Frames in which the person was missed are not valid.
        """
        info = self.scan.info
        prediction = TrackPrediction(
            track=str(self.track.id),
            rotations=rotations,
            betas=betas,
            image=evidence.image,
            visibility=evidence.visibility,
            frames=self.frames,
            valid=np.isin(self.rows, self.track.frames),
            fps=info.fps,
            cam=cam,
            boxes=boxes,
            source=Path(info.path).name,
            notes=(*self.scan.notes, *notes),
        )
        return even_rate(prediction, self.times) if info.variable_rate else prediction


def even_rate(prediction: TrackPrediction, times: np.ndarray) -> TrackPrediction:
    """A prediction at the uneven `times` (T,) s of variable-rate footage -> at its constant nominal rate.

    Frame numbers then count frames of that rate from the start of the video, as in its constant-rate proxy.
    """
    fps = prediction.fps
    frames = np.arange(int(np.ceil(times[0] * fps - 0.5)), int(np.floor(times[-1] * fps + 0.5)) + 1)
    wanted = np.clip(frames / float(fps), times[0], times[-1])
    nearest = np.abs(times[None, :] - wanted[:, None]).argmin(1)
    quaternions = resample_rotations(quaternion_from_matrix(prediction.rotations), times, wanted)

    def at(values: np.ndarray | None) -> np.ndarray | None:
        if values is None:
            return None
        flat = resample_positions(values.reshape(len(times), -1), times, wanted)
        return flat.reshape(len(wanted), *values.shape[1:])

    return prediction.replace(
        rotations=quaternion_to_matrix(quaternions),
        betas=at(prediction.betas),
        image=at(prediction.image),
        visibility=at(prediction.visibility),
        cam=at(prediction.cam),
        boxes=at(prediction.boxes),
        frames=frames,
        valid=prediction.valid[nearest],
    )
