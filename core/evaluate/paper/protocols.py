"""How each set is measured: which joints, about which root, over which frames, against which truth.

Method section 8. A number without its protocol means little: the differences between protocols are larger
than those between methods.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...body.spin_joints import COMMON_14, COMMON_LEFT_HIP, COMMON_RIGHT_HIP, SPIN_JOINT_NAMES
from ...data.databases.database import Database, Track
from ...errors import InputError

Mask = NDArray[np.bool_]

SEEN = 0.3  # a keypoint counts as visible above this confidence (method section 3)
LEAST_SEEN = 7  # of the 14: with six or fewer, a frame of 3DPW is left out
CHUNK = 16  # frames in VIBE's chunks, whose frame set `match_vibe` keeps

_MID_HIP = (COMMON_RIGHT_HIP, COMMON_LEFT_HIP)
# The 17 joints of MPI-INF-3DHP's test set, in its order; the root is the pelvis, number 14.
MPII3D_17 = (
    *("head_top", "neck", "right_shoulder", "right_elbow", "right_wrist"),
    *("left_shoulder", "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle"),
    *("left_hip", "left_knee", "left_ankle", "pelvis_mpii", "spine_h36m", "head_h36m"),
)


class MissingCamera(InputError):
    """A protocol wants one camera, and no track says that it was filmed by it."""

    code = "evaluate.missing_camera"


@dataclass(frozen=True)
class Protocol:
    """What is compared on one set.

    Attributes:
        name: of the set, or of the variant of it. dataset: as the catalogue of databases knows it.
        title: for people, with what sets this protocol apart.
        predicted: ``h36m`` takes the 14 common joints that Human3.6M's regressor reads off the predicted
            mesh, ``spin`` takes `joints` of the body's own 49.
        joints: which of the 49 SPIN joints are compared, in this order.
        root: places within `joints` whose mean is put at the origin.
        truth: ``mesh`` builds the true body from pose and shape where the database has them (and falls back
            on its 14 joints), ``joints3D`` takes the annotated joints.
        mesh_error: whether MPVPE is measured, over all vertices, where the truth is a mesh.
        drop_unseen: frames without a known camera pose (`valid` = 0) or with six visible keypoints or fewer
            are removed before windows are made, so that windows jump over the gaps.
        scored_key: array that says which frames count; windows and predictions run over all of them.
        track_mark: only tracks that this expression finds in their name, source, images or database's name.
        fps: of the set's frames, where the database does not say.
    """

    name: str
    dataset: str
    title: str
    predicted: Literal["h36m", "spin"]
    joints: tuple[int, ...] = tuple(COMMON_14)
    root: tuple[int, ...] = _MID_HIP
    truth: Literal["mesh", "joints3D"] = "joints3D"
    mesh_error: bool = False
    drop_unseen: bool = False
    scored_key: str | None = None
    track_mark: str | None = None
    fps: float | None = None


PROTOCOLS: dict[str, Protocol] = {
    "3dpw": Protocol(
        name="3dpw",
        dataset="3dpw",
        title="3DPW test: 14 joints, mid-hip; frames without camera or with <= 6 keypoints removed",
        predicted="h36m",
        truth="mesh",
        mesh_error=True,
        drop_unseen=True,
        fps=30,
    ),
    "mpii3d": Protocol(
        name="mpii3d",
        dataset="mpii3d",
        title="MPI-INF-3DHP test: 17 joints, pelvis; valid frames only",
        predicted="spin",
        joints=tuple(SPIN_JOINT_NAMES.index(name) for name in MPII3D_17),
        root=(MPII3D_17.index("pelvis_mpii"),),
        scored_key="valid_i",
    ),
    "h36m": Protocol(
        name="h36m",
        dataset="h36m",
        title="Human3.6M S9 and S11: 14 joints, mid-hip; all four cameras",
        predicted="h36m",
        fps=25,
    ),
}
PROTOCOLS["h36m_frontal"] = replace(
    PROTOCOLS["h36m"],
    name="h36m_frontal",
    title="Human3.6M S9 and S11: 14 joints, mid-hip; the frontal camera alone (protocol 2)",
    track_mark=r"ca_?0?4(?!\d)|cam_?0?3(?!\d)|60457274|front",
)
COMMON = Protocol(
    name="common14",
    dataset="",
    title="14 common joints of the 49, mid-hip; all frames",
    predicted="spin",
    truth="mesh",
    mesh_error=True,
)


def protocol_for(name: str) -> Protocol:
    """The protocol of a set, or for any other database `COMMON` under its name."""
    return PROTOCOLS.get(name) or replace(COMMON, dataset=name)


def measured_tracks(protocol: Protocol, database: Database) -> Sequence[Track]:
    """The tracks that a protocol measures.

    Raises MissingCamera when it wants one camera and no track names it.
    """
    if protocol.track_mark is None:
        return database.tracks
    mark = re.compile(protocol.track_mark, re.IGNORECASE)
    images = database.array("img_name")

    def marked(track: Track) -> bool:
        first = "" if images is None else images[track.start : track.start + 1]
        return mark.search(f"{database.path.name} {track.name} {track.source} {first}") is not None

    chosen = [track for track in database.tracks if marked(track)]
    if not chosen:
        raise MissingCamera(
            f"{database.path}: no track is marked as filmed by the frontal camera (ca_04 in its name, source "
            f"or img_name), which the protocol {protocol.name} wants; measure all cameras instead."
        )
    return chosen


def kept_frames(protocol: Protocol, database: Database, track: Track) -> Mask:
    """(n,) which frames of a track exist for this protocol; windows join what is left."""
    kept = np.ones(track.length, bool)
    if not protocol.drop_unseen:
        return kept
    rows = slice(track.start, track.stop)
    valid, keypoints = database.array("valid"), database.array("joints2D")
    if valid is not None:
        kept &= np.asarray(valid[rows]).reshape(track.length, -1)[:, 0] != 0
    if keypoints is not None:
        kept &= (np.asarray(keypoints[rows])[..., 2] > SEEN).sum(1) >= LEAST_SEEN
    return kept


def scored_frames(protocol: Protocol, database: Database, track: Track, kept: Mask, match_vibe: bool) -> Mask:
    """(kept frames,) which of the kept frames count.

    Args:
        match_vibe: drop what does not fill a chunk of 16 frames at the end of a track, the set of frames that
            VIBE is measured on.
    """
    scored = np.ones(int(kept.sum()), bool)
    marks = database.array(protocol.scored_key) if protocol.scored_key else None
    if marks is not None:
        rows = np.asarray(marks[track.start : track.stop]).reshape(track.length, -1)
        scored &= rows[kept, 0] != 0
    if match_vibe:
        scored[len(scored) // CHUNK * CHUNK :] = False
    return scored
