"""A small skeleton and a clip maker, shared by the tests of this folder."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.clip import Camera, MotionClip
from reel2rig.core.motion.rotations import quaternion_from_rotvec


@pytest.fixture
def make_clip():
    """A function (count, seed, **changes) -> MotionClip of a smooth random motion."""

    def make(count=40, seed=0, **changes):
        rng = np.random.default_rng(seed)
        phase = np.linspace(0, 2 * np.pi, count)[:, None, None]
        swing = rng.normal(0, 0.5, (24, 3)) * np.sin(phase + rng.uniform(0, 6, (24, 3)))
        seconds = np.arange(count)[:, None] / 30
        fields = {
            "rotations": quaternion_from_rotvec(swing),
            "root": np.array([0.0, 0.9, 0.0]) + seconds * np.array([1.2, 0.0, 0.3]),
            "betas": rng.normal(0, 1, 10),
            "rest_joints": rng.normal(0, 0.3, (24, 3)),
            "fps": Fraction(30),
            "frames": np.arange(count),
            "valid": np.ones(count, dtype=bool),
            "contacts": rng.uniform(0, 1, (count, 4)),
            "space": "world_yup",
            "camera": Camera(900.0, 1280, 720, np.diag([1.0, -1.0, -1.0]), [0.1, 1.2, 4.0]),
            "source": "läufer clip.mp4",
            "notes": ("A note.", "Noch eine."),
        }
        return MotionClip(**(fields | changes))

    return make
