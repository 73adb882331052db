"""Follows all people through one shot: who is who, who hides whom, who comes and goes.

Each person has a landmarker of their own. When others come near, it is shown the picture without them, so
that its result is the one that person alone would give. Frames in which a person is hidden are left out.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .landmarker import VideoLandmarker
from .painting import Background, hidden_share
from .person import Person
from .poses import Pose, distance, grown, size_of, touch
from .search import SAME, Searcher, aim, is_new

LOOK_EVERY = 1.0  # s between looks for newcomers, who are then followed back to their entry
LEARN_EVERY = 0.25  # s between lessons of the background
GAP_FRAMES, GAP_SECONDS = 15, 0.5  # a person missed for longer is gone, until recognised
HIDDEN_SECONDS = 2.0  # the same for somebody behind somebody else
RETRY_EVERY = 3  # frames between looks for somebody who is missed
HIDDEN = 0.05  # share of the outline behind others from which a frame counts as missed
NEAR = 1.6  # others inside the person's square, grown so much, disturb the landmarks
ALIKE, UNLIKE = 0.75, 0.15  # likeness that recognises a returner; lead it needs over anybody else
ALIKE_HERE = 0.3  # likeness that is enough close to where, and soon after, somebody was lost
REFUSED_SECONDS = 3.0  # for how long a place where nobody was is not looked at again
BUFFER_BYTES = 400_000_000  # past frames kept, to follow newcomers back to their entry
BACK_MISSES = 2


class ShotTracker:
    """People of one shot. `step` takes its frames in order; `close` ends it."""

    def __init__(self, model: str | os.PathLike[str], max_people: int, pool: ThreadPoolExecutor) -> None:
        self._model, self._max_people, self._pool = model, max_people, pool
        self._background = Background()
        self._next_lesson = -np.inf
        self._searcher: Searcher | None = None
        self._spare: VideoLandmarker | None = None  # looks for the first person while nobody is followed
        self._idle: list[VideoLandmarker] = []  # making one takes a tenth of a second
        self._refused: list[tuple[float, Pose]] = []  # finds that turned out to be nobody
        self._buffer: deque[tuple[int, float, np.ndarray]] = deque()
        self._start = 0.0
        self._next_look = -np.inf
        self.active: list[Person] = []
        self.people: list[Person] = []

    def step(self, position: int, time: float, image: np.ndarray) -> list[Pose]:
        """Takes one frame; returns where people are believed to be in it."""
        if not self._buffer and not self.people:
            self._start = time
        moment = time - self._start
        self._remember(position, moment, image)
        if self.active:
            self._follow(position, moment, image)
        else:
            self._wait_for_somebody(position, moment, image)
        missed = any((p.lost - p.hidden) % RETRY_EVERY == 1 for p in self.active)
        if moment >= self._next_look or missed:
            self._look_for_more(position, moment, image)
        if self._max_people > 1 and moment >= self._next_lesson:
            self._next_lesson = moment + LEARN_EVERY
            expected = [(person.expected(moment), person.lost) for person in self.active]
            unsure = [pose for pose, lost in expected if lost]
            self._background.learn(image, [pose for pose, lost in expected if not lost], unsure)
        return [person.expected(moment) for person in self.active]

    def close(self) -> None:
        for person in self.active:
            self._idle.append(person.rest())
        self.active = []
        for tool in (self._searcher, self._spare, *self._idle):
            if tool is not None:
                tool.close()
        self._searcher, self._spare, self._idle = None, None, []
        self._buffer.clear()

    # Following

    def _follow(self, position: int, time: float, image: np.ndarray) -> None:
        expected = {person: person.expected(time) for person in self.active}
        # Everything is shown and judged by what was expected before this frame, so order plays no part.
        jobs = [
            self._pool.submit(_look_at, person, self._cleared(image, person, expected), time)
            for person in self.active
        ]
        seen = {person: job.result() for person, job in zip(self.active, jobs, strict=True)}
        poses = {p: pose for p, pose in seen.items() if pose is not None and p.could_be(pose, time)}
        self._settle_doubles(poses, expected)
        where = {person: poses.get(person, expected[person]) for person in self.active}
        for person in self.active:
            pose = poses.get(person)
            nearer = [where[other] for other in self.active if _is_nearer(other, person)]
            hidden = hidden_share(where[person], nearer, size_of(image)) > HIDDEN
            if pose is None or hidden:
                person.miss(time, hidden, pose)
            elif not person.settles():
                others = [where[other] for other in self.active if other is not person]
                person.see(position, time, pose, image, alone=not _overlapped(pose, others))
        self._dismiss(time)

    def _cleared(self, image: np.ndarray, person: Person, expected: dict[Person, Pose]) -> np.ndarray:
        """The picture for `person`'s landmarker: without those who could disturb it."""
        own = expected[person]
        others = [other for other in expected if other is not person]
        if not person.lost:  # while lost, its detector roams the whole picture
            others = [other for other in others if _crowded(own, [expected[other]])]
        behind = [expected[other] for other in others if _is_nearer(person, other)]
        before = [expected[other] for other in others if not _is_nearer(person, other)]
        if behind:
            keep = () if person.lost else (own,)
            image = self._background.without(image, behind, keep, palettes=_palettes(person, others))
        return self._background.without(image, before)

    def _settle_doubles(self, poses: dict[Person, Pose], expected: dict[Person, Pose]) -> None:
        """Where two landmarkers show one body, the person who was expected there keeps it."""
        people = list(poses)
        for i, first in enumerate(people):
            for second in people[i + 1 :]:
                if first not in poses or second not in poses:
                    continue
                if distance(poses[first], poses[second]) < SAME:
                    worse = max((first, second), key=lambda p: distance(poses[p], expected[p]))
                    del poses[worse]

    def _dismiss(self, time: float) -> None:
        for person in list(self.active):
            rate = self._rate()
            patience = max(GAP_FRAMES, GAP_SECONDS * rate)
            if person.lost - person.hidden > patience or person.lost > patience + HIDDEN_SECONDS * rate:
                self.active.remove(person)
                self._release(person.rest())
                self._next_look = min(self._next_look, time)

    def _rate(self) -> float:
        """Frames per second lately; 0 while unknown."""
        first, last = self._buffer[0], self._buffer[-1]
        return (len(self._buffer) - 1) / max(last[1] - first[1], 1e-3)

    # Finding

    def _wait_for_somebody(self, position: int, time: float, image: np.ndarray) -> None:
        if self._spare is None:
            self._spare = self._landmarker()
        pose = self._spare(image, time)
        if pose is None or not is_new(pose, (), size_of(image)):
            return
        landmarker, self._spare = self._spare, None
        self._follow_back(self._welcome(landmarker, position, time, pose, image), pose)

    def _look_for_more(self, position: int, time: float, image: np.ndarray) -> None:
        first_look = self._next_look == -np.inf
        self._next_look = time + LOOK_EVERY
        room = self._max_people - len(self.active)
        lost = [person for person in self.active if person.lost > 1]
        if (room > 0 and self._max_people > 1) or lost or not self.active:
            if self._searcher is None:
                self._searcher = Searcher(self._model, self._background)
            known = [person.expected(time) for person in self.active if person not in lost]
            for found in self._searcher.find(image, known, room + len(lost), thorough=first_look):
                if self._find_again(time, image, found) or self._was_refused(found, time):
                    continue
                if len(self.active) < self._max_people:
                    self._follow_newcomer(position, time, image, found)

    def _find_again(self, time: float, image: np.ndarray, found: Pose) -> bool:
        """Aims the landmarker of somebody missed at `found`, if that can be them; the next frame tells."""
        missed = [person for person in self.active if person.lost > 1 and person.could_be(found, time)]
        if not missed:
            return False
        person = min(missed, key=lambda p: distance(found, p.expected(time)))
        known = [other.expected(time) for other in self.active if not other.lost]
        clear = self._background.without(image, known, keep=(found,))
        return aim(person.landmarker, clear, found)

    def _follow_newcomer(self, position: int, time: float, image: np.ndarray, found: Pose) -> None:
        known = [person.expected(time) for person in self.active]
        clear = self._background.without(image, known, keep=(found,))
        landmarker = self._landmarker()
        pose = landmarker(clear, time) if aim(landmarker, clear, found) else None
        if pose is None or distance(found, pose) > 2 * SAME or not is_new(pose, known, size_of(image)):
            self._release(landmarker)
            self._refused.append((time, found))
            return
        self._follow_back(self._welcome(landmarker, position, time, pose, image), pose)

    def _was_refused(self, found: Pose, time: float) -> bool:
        """Whether the same thing was taken for a person a moment ago."""
        self._refused = [entry for entry in self._refused if time - entry[0] < REFUSED_SECONDS]
        return any(distance(found, pose) < SAME for _, pose in self._refused)

    def _landmarker(self) -> VideoLandmarker:
        return self._idle.pop() if self._idle else VideoLandmarker(self._model)

    def _release(self, landmarker: VideoLandmarker) -> None:
        landmarker.forget()
        self._idle.append(landmarker)

    def _welcome(
        self, landmarker: VideoLandmarker, position: int, time: float, pose: Pose, image: np.ndarray
    ) -> Person:
        """A new person, or one who left and is recognised."""
        newcomer = Person(landmarker)
        others = [other.expected(time) for other in self.active]
        newcomer.see(position, time, pose, image, alone=not _overlapped(pose, others))
        known = self._recognise(newcomer, pose, time)
        if known is not None:
            known.resume(landmarker)
            known.see(position, time, pose, image, alone=False)
            newcomer = known
        else:
            self.people.append(newcomer)
        self.active.append(newcomer)
        return newcomer

    def _recognise(self, newcomer: Person, pose: Pose, time: float) -> Person | None:
        """The one person who left and is dressed alike, if nobody else comes close.

        Somebody lost a moment ago and near by needs to look less alike: light and posture change colours.
        """
        gone = [person for person in self.people if person not in self.active]
        if newcomer.colours is None or not gone:  # picture too small, or too crowded, to tell
            return None
        ranked = sorted(gone, key=lambda person: -person.likeness(newcomer.colours))
        best = ranked[0].likeness(newcomer.colours)
        rivals = [person.likeness(newcomer.colours) for person in (*ranked[1:], *self.active)]
        enough = ALIKE_HERE if ranked[0].left_from_here(pose, time) else ALIKE
        return ranked[0] if best > enough and best - max(rivals, default=0.0) > UNLIKE else None

    # Following back to the entry

    def _remember(self, position: int, time: float, image: np.ndarray) -> None:
        self._buffer.append((position, time, image))
        while len(self._buffer) * image.nbytes > BUFFER_BYTES and len(self._buffer) > 1:
            self._buffer.popleft()

    def _follow_back(self, person: Person, pose: Pose) -> None:
        """Follows a newcomer from where they were found back to where they came in."""
        self._background.forget([pose])  # it took them for part of the scene
        if len(self._buffer) < 2:
            return
        seen_before = max(person.poses.keys() - {self._buffer[-1][0]}, default=-1)
        landmarker = self._landmarker()
        past = Person(landmarker)
        now, misses = self._buffer[-1][1], 0
        others = [other for other in self.active if other is not person]
        try:
            if not aim(landmarker, self._past_picture(self._buffer[-1], others, pose), pose):
                return
            for entry in reversed(self._buffer):
                position, time, picture = entry
                if position <= seen_before:
                    break
                clear = self._past_picture(entry, others, past.last if past.poses else pose)
                seen = landmarker(clear, now - time)
                where = [other.poses[position] for other in others if position in other.poses]
                if seen is None or not past.could_be(seen, now - time) or _crowded(seen, where, 1.0):
                    misses += 1
                    if misses > BACK_MISSES:
                        break
                    continue
                past.see(position, now - time, seen, picture, alone=False)
        finally:
            self._release(landmarker)
        person.poses = {**past.poses, **person.poses}
        self._background.forget(list(past.poses.values()))

    def _past_picture(
        self, entry: tuple[int, float, np.ndarray], others: Sequence[Person], own: Pose
    ) -> np.ndarray:
        position, _, image = entry
        there = [other.poses[position] for other in others if position in other.poses]
        return self._background.without(image, there, keep=(own,))


def _look_at(person: Person, image: np.ndarray, time: float) -> Pose | None:
    return person.landmarker(image, time)


def _is_nearer(first: Person, second: Person) -> bool:
    return first is not second and first.scale > second.scale


def _palettes(person: Person, others: Sequence[Person]) -> tuple[np.ndarray, np.ndarray] | None:
    """Colours of those of `others` behind `person`, and of `person`; None while unknown."""
    known = [o.palette for o in others if o.palette is not None and _is_nearer(person, o)]
    return (np.mean(known, axis=0), person.palette) if known and person.palette is not None else None


def _overlapped(pose: Pose, others: Sequence[Pose]) -> bool:
    return any(touch(pose.box, other.box) for other in others)


def _crowded(pose: Pose, others: Sequence[Pose], factor: float = NEAR) -> bool:
    """Whether anybody of `others` reaches into the square that `pose`'s landmarker looks at."""
    square = grown(pose.box, factor)
    return any(touch(square, other.box) for other in others)
