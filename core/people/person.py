"""One person being followed: the landmarker that does it, what was seen, and what is expected next."""

from __future__ import annotations

from collections import deque

import numpy as np

from .appearance import clothes_colours, cut_out, likeness, palette, sharpness
from .landmarker import VideoLandmarker
from .poses import Pose

MEMORY = 6  # frames that the motion is extrapolated from
LOOK_AHEAD = 0.6  # s, farther than this a steady motion is not believed
REACH = 0.35  # m, how far a person may be from where expected in the next frame
GUESS_REACH = 0.12  # m, the same for a guess about somebody hidden
SPEED = 4.0  # m/s, what every further second without a sight adds to it
SIZE_CHANGE = 1.5
MOMENT = 1.5  # s, so long after the last sight the place still says who somebody is
SETTLE_AFTER, SETTLE = 3, 2  # after so many missed frames, so many poses are not yet trusted
COLOUR_EVERY, COLOUR_BLEND = 5, 0.2
THUMBNAIL_EVERY = 10


class Person:
    """Followed from the frame where somebody was found until lost for good; may be resumed later.

    Attributes:
        poses: position of the frame in the scan -> accepted landmarks.
        lost: frames since the last accepted ones. hidden: how many of these behind somebody else.
        colours, palette: running means of the clothes' colours, and of all colours.
        scale: running mean of pixels per metre; who has the larger one is nearer.
    """

    def __init__(self, landmarker: VideoLandmarker) -> None:
        self.landmarker = landmarker
        self.poses: dict[int, Pose] = {}
        self.lost = self.hidden = 0
        self.colours: np.ndarray | None = None
        self.palette: np.ndarray | None = None
        self.scale = 0.0
        self.thumbnail: np.ndarray | None = None
        self._thumbnail_rank = -1.0
        self._settling = 0
        self._recent: deque[tuple[float, Pose]] = deque(maxlen=MEMORY)

    @property
    def last(self) -> Pose:
        return self._recent[-1][1]

    def expected(self, time: float) -> Pose:
        """The last pose, carried on by the motion of the last frames."""
        seen_at, pose = self._recent[-1]
        if len(self._recent) < 3:
            return pose
        times = np.array([t for t, _ in self._recent])
        centres = np.array([p.centre for _, p in self._recent])
        times -= times.mean()
        speed = times @ centres / (times @ times)  # least squares
        return pose.moved(speed * min(time - seen_at, LOOK_AHEAD))

    def could_be(self, pose: Pose, time: float) -> bool:
        """Whether `pose` can be this person at `time`: near where expected, of a like size."""
        if not self._recent:
            return True
        expected, since = self.expected(time), time - self._recent[-1][0]
        away = np.linalg.norm(pose.centre - expected.centre) / max(expected.scale, 1e-6)
        change = pose.scale / max(expected.scale, 1e-6)
        limit = SIZE_CHANGE * (1 + since)
        return bool(away < REACH + SPEED * since and 1 / limit < change < limit)

    def see(self, position: int, time: float, pose: Pose, image: np.ndarray, alone: bool) -> None:
        """Takes `pose` as this person's landmarks at `position`.

        Args:
            alone: nobody else is near, so that colours and picture are surely this person's.
        """
        self.poses[position] = pose
        self._recent.append((time, pose))
        self.scale = pose.scale if not self.scale else 0.8 * self.scale + 0.2 * pose.scale
        self.lost = self.hidden = self._settling = 0
        if alone and (self.colours is None or len(self.poses) % COLOUR_EVERY == 0):
            self._learn_colours(image, pose)
        if self.thumbnail is None or (alone and len(self.poses) % THUMBNAIL_EVERY == 1):
            self._consider_thumbnail(image, pose)

    def miss(self, time: float, hidden: bool, guess: Pose | None) -> None:
        """Nothing reliable was seen of this person in a frame.

        Args:
            hidden: because somebody stands before them.
            guess: what the visible rest looks like, good enough to say where they are.
        """
        self.lost += 1
        self.hidden += hidden
        self._settling = 0
        if guess is None:
            return
        expected = self.expected(time)
        away = np.linalg.norm(guess.centre - expected.centre) / max(expected.scale, 1e-6)
        if away < GUESS_REACH:  # a chain of guesses could wander off
            self._recent.append((time, guess))

    def settles(self) -> bool:
        """Whether a pose must wait: the first ones after a gap still carry what the landmarker saw before."""
        if self.lost < SETTLE_AFTER or self._settling >= SETTLE:
            return False
        self._settling += 1
        return True

    def rest(self) -> VideoLandmarker:
        """Stops following; what was seen stays. Returns the landmarker, which is not needed any more."""
        return self.landmarker

    def resume(self, landmarker: VideoLandmarker) -> None:
        self.landmarker = landmarker
        self.lost = self.hidden = self._settling = 0
        self._recent.clear()

    def left_from_here(self, pose: Pose, time: float) -> bool:
        """Whether this person was seen a moment ago within reach of `pose`."""
        return time - self._recent[-1][0] < MOMENT and self.could_be(pose, time)

    def likeness(self, colours: np.ndarray | None) -> float:
        """How alike the clothes are, 0 to 1; 0.5 when either is unknown."""
        if self.colours is None or colours is None:
            return 0.5
        return likeness(self.colours, colours)

    def _learn_colours(self, image: np.ndarray, pose: Pose) -> None:
        tones, had = palette(image, pose), self.palette
        self.palette = tones if had is None else (1 - COLOUR_BLEND) * had + COLOUR_BLEND * tones
        colours = clothes_colours(image, pose)
        if colours is not None:
            known = self.colours
            self.colours = colours if known is None else (1 - COLOUR_BLEND) * known + COLOUR_BLEND * colours

    def _consider_thumbnail(self, image: np.ndarray, pose: Pose) -> None:
        picture = cut_out(image, pose)
        rank = pose.confidence**4 * np.sqrt(sharpness(picture)) * min(1.0, pose.scale / 200)
        if rank > self._thumbnail_rank:
            self.thumbnail, self._thumbnail_rank = picture, rank
