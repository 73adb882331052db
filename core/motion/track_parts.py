"""One person's motion out of parts of several: merging, splitting and exchanging tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .clip import MotionClip
from .contacts import FOOT_JOINTS
from .rotations import slerp
from .smoothing import unbroken_runs
from .spaces import axes_between
from .timing import resample_positions, resample_rotations

Array = NDArray[np.float64]

FADE_SECONDS = 0.2  # of two tracks that both see the person: long enough to hide the step between them
APART_METRES, APART_SECONDS = 1.0, 0.5  # so far apart for so long, two tracks are two people


class TracksDiffer(InputError):
    code = "tracks.differ"


class TracksApart(InputError):
    code = "tracks.two_people"


class TrackNotSeen(InputError):
    code = "tracks.not_seen"


def merge_clips(first: MotionClip, second: MotionClip) -> MotionClip:
    """One person, whom the tracker lost and found again as another: `first` under its id goes on as `second`.

    Where only one of them sees the person, that one is taken; where both do, the one that sees more frames,
    with a cross-fade where they take over from each other. In between, where none does, the pose leads from
    one to the other and is not valid. The shape is the mean of both, weighted by their seen frames; as rest
    joints are linear in betas, both agree.

    Raises TracksDiffer when they are not of one capture, TracksApart when they are two people: seen at the
    same time far from each other.
    """
    _of_one_capture(first, second)
    shape = _mean_shape(first, second)
    frames = np.arange(min(first.frames[0], second.frames[0]), max(first.frames[-1], second.frames[-1]) + 1)
    a, b = (_on_frames(_reshaped(clip, shape), frames) for clip in (first, second))
    together = a.valid & b.valid
    apart = np.median(np.linalg.norm(a.root - b.root, axis=-1)[together]) if together.any() else 0.0
    if apart > APART_METRES and together.sum() > APART_SECONDS * first.fps:
        raise TracksApart(
            f"Person {first.track} and person {second.track} are seen at the same time {apart:.1f} m apart; "
            "merge tracks of one person, or split one of them first."
        )
    share = _share_of_second(a.valid, b.valid, round(FADE_SECONDS * first.fps))
    return a.replace(
        rotations=slerp(a.rotations, b.rotations, share[:, None]),
        root=a.root + share[:, None] * (b.root - a.root),
        contacts=np.where(share[:, None] < 0.5, a.contacts, b.contacts),
        valid=a.valid | b.valid,
        camera=first.camera or second.camera,
        notes=tuple(dict.fromkeys([*first.notes, *second.notes])),
    )


def split_clip(clip: MotionClip, frame: int, track: str) -> tuple[MotionClip, MotionClip]:
    """The clip before source frame `frame`, and the rest as a person of its own with the id `track`.

    Raises TrackNotSeen when one of the two would not hold a frame in which the person is seen.
    """
    later = clip.frames >= frame
    if not (_seen(clip) & later).any() or not (_seen(clip) & ~later).any():
        raise TrackNotSeen(
            f"Person {clip.track} is not seen on both sides of this frame; "
            "split at a frame within the person's motion."
        )
    return _part(clip, ~later), _part(clip, later).replace(track=track)


def swap_clips(
    first: MotionClip, second: MotionClip, frame: int | None = None
) -> tuple[MotionClip, MotionClip]:
    """Two people whom the tracker took for each other from source frame `frame` on (None: from the start).

    Each keeps id and shape and goes on with the other's motion.

    Raises TracksDiffer when they are not of one capture, TrackNotSeen when nobody is seen from `frame` on or
    one of the two would not be seen at all.
    """
    _of_one_capture(first, second)
    start = min(first.frames[0], second.frames[0]) if frame is None else frame
    if not any((_seen(clip) & (clip.frames >= start)).any() for clip in (first, second)):
        raise TrackNotSeen("Neither person is seen from this frame on; swap at an earlier frame.")
    return _continued(first, second, start), _continued(second, first, start)


def _continued(person: MotionClip, other: MotionClip, frame: int) -> MotionClip:
    """`person` before `frame`, then `other`'s motion in `person`'s shape."""
    early, late = person.frames < frame, other.frames >= frame
    if not (_seen(person) & early).any() and not (_seen(other) & late).any():
        raise TrackNotSeen(
            f"Nothing would be left of person {person.track}; merge the two, or swap at another frame."
        )
    if not late.any():
        return _part(person, early)
    going_on = _part(_reshaped(other, person), late)
    if not early.any():
        return person.replace(**{name: getattr(going_on, name) for name in _PER_FRAME})
    parts = (_part(person, early), going_on)
    joined = person.replace(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in _PER_FRAME}
    )
    return _on_frames(joined, np.arange(joined.frames[0], joined.frames[-1] + 1))


_PER_FRAME = ("rotations", "root", "frames", "valid", "contacts")


def _part(clip: MotionClip, rows: NDArray[np.bool_]) -> MotionClip:
    return clip.replace(**{name: getattr(clip, name)[rows] for name in _PER_FRAME})


def _on_frames(clip: MotionClip, frames: NDArray[np.int64]) -> MotionClip:
    """The clip on all of `frames` (T,); where it has none it is interpolated, or held, and not valid."""
    if np.array_equal(clip.frames, frames):
        return clip
    rows = np.searchsorted(clip.frames, frames).clip(max=len(clip) - 1)
    there = clip.frames[rows] == frames
    return clip.replace(
        rotations=resample_rotations(clip.rotations, clip.frames, frames),
        root=resample_positions(clip.root, clip.frames, frames),
        frames=frames,
        valid=_seen(clip)[rows] & there,
        contacts=np.where(there[:, None], clip.contacts[rows], 0.0),
    )


def _seen(clip: MotionClip) -> NDArray[np.bool_]:
    """The valid frames, or all when there is none to tell them from."""
    return clip.valid if clip.valid.any() else np.ones(len(clip), dtype=bool)


def _of_one_capture(first: MotionClip, second: MotionClip) -> None:
    if (first.fps, first.space, first.source) != (second.fps, second.space, second.source):
        raise TracksDiffer(
            f"Person {first.track} and person {second.track} come from different captures; "
            "choose two people of one capture."
        )


@dataclass(frozen=True, eq=False)
class _Shape:
    betas: NDArray[np.float32]
    rest_joints: NDArray[np.float32]
    body_scale: float


def _mean_shape(first: MotionClip, second: MotionClip) -> _Shape:
    """The mean of two bodies by seen frames, whose joints scale J(betas) are the mean of both joints."""
    counts = np.array([_seen(clip).sum() for clip in (first, second)], dtype=np.float64)
    weights = counts / counts.sum()
    scale = float(weights @ [first.body_scale, second.body_scale])
    shares = weights * [first.body_scale, second.body_scale] / scale
    betas = shares[0] * first.betas + shares[1] * second.betas
    return _Shape(betas, weights[0] * first.rest_joints + weights[1] * second.rest_joints, scale)


def _reshaped(clip: MotionClip, shape: _Shape | MotionClip) -> MotionClip:
    """The motion on another body, raised or lowered so that its feet stay as high as they were.

    **Convention**: along the vertical of the clip's space (Blender's z), which "camera_cv" has when its
    camera stands level.
    """
    up = axes_between("blender", clip.space) @ [0.0, 0.0, 1.0]
    worn = clip.replace(betas=shape.betas, rest_joints=shape.rest_joints, body_scale=shape.body_scale)
    higher = (clip.joints - worn.joints)[:, FOOT_JOINTS] @ up
    return worn.replace(root=worn.root + higher.mean(axis=1)[:, None] * up)


def _share_of_second(first: NDArray[np.bool_], second: NDArray[np.bool_], fade: int) -> Array:
    """(T,) how much of the second track is taken in each frame, 0 to 1, out of where each one is seen.

    `fade`: frames of a cross-fade, which lies where both are seen.
    """
    longer = float(second.sum() > first.sum())
    both, anyone = first & second, np.flatnonzero(first | second)
    share = np.where(both, longer, np.where(second, 1.0, 0.0))
    # Where nobody is seen, the share leads from the track before to the one after.
    share = np.interp(np.arange(len(share)), anyone, share[anyone])
    for start, stop in unbroken_runs(both):
        enters = start > 0 and share[start - 1] != longer
        leaves = stop < len(share) and share[stop] != longer
        length = min(fade, (stop - start) // (1 + (enters and leaves)))
        u = np.arange(1, length + 1) / (length + 1)
        ramp = u * u * (3.0 - 2.0 * u)
        if enters:
            share[start : start + length] = 1.0 - longer + (2.0 * longer - 1.0) * ramp
        if leaves:
            share[stop - length : stop] = 1.0 - longer + (2.0 * longer - 1.0) * ramp[::-1]
    return share
