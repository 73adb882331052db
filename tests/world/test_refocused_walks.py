"""A walk captured under a wrong focal length and given the right one afterwards, against where it truly was.

A focal length shapes the poses as well: the network answers in a camera turned towards the person.
"""

import numpy as np
import pytest
from reel2rig.core.motion.cleanup.settings import Placement
from reel2rig.core.motion.contacts import FOOT_JOINTS
from reel2rig.core.motion.focal import turns_between
from reel2rig.core.motion.placement import place_clips
from reel2rig.core.motion.spaces import to_space
from reel2rig.core.world.place import place_people

TRUE_FOCAL = 1400.0
BEND, ACROSS = {}, {"pitch": 0.1, "heading": 1.5, "bend": 0.0, "start": (-2.0, -6.0)}
TOWARDS = {"pitch": 0.25, "height": 2.2, "heading": 0.2, "bend": 0.0, "start": (-0.5, -10.0), "count": 150}
AWAY = TOWARDS | {"heading": 2.8, "start": (-0.5, -4.0)}
LOW_CAMERA = {"pitch": -0.05, "height": 0.6}


def captured(body, scene, focal_px):
    """The clip that a capture under `focal_px` gives, in Blender's axes."""
    turns = turns_between(scene.path, scene.path * [1, 1, focal_px / scene.camera.focal_px])
    rotations = scene.prediction.rotations.copy()
    rotations[:, 0] = turns @ rotations[:, 0]
    given = scene.prediction.replace(rotations=rotations)
    (clip,) = place_people([given], body, scene.camera.width, scene.camera.height, focal_px=focal_px)
    return to_space(clip, "blender")


def path_error(clip, scene):
    """Mean metres between the path and the true one, both from the place of the first frame."""
    truth = (scene.path - scene.camera.translation) @ scene.camera.rotation
    truth = truth[:, [0, 2, 1]] * [1, -1, 1]
    return np.linalg.norm(clip.root - truth + [*truth[0, :2], 0], axis=1).mean()


def tilt_error(clip, scene):
    return np.degrees(np.arccos(np.clip(clip.camera.rotation[:, 2] @ scene.up, -1, 1)))


@pytest.mark.parametrize("wrong", [900.0, 2200.0])
@pytest.mark.parametrize(
    "kind", [BEND, ACROSS, TOWARDS, AWAY, LOW_CAMERA], ids=["bend", "across", "towards", "away", "low"]
)
def test_the_right_focal_length_brings_a_walk_back_to_its_place(body, walk, kind, wrong):
    scene = walk(**({"count": 120} | kind))
    raw = captured(body, scene, wrong)
    (clip,) = place_clips([raw], Placement(focal_px=TRUE_FOCAL))
    # Measured: 0.11 to 1.6 m before, 0.015 to 0.06 m after; tilts off by up to 7 degrees before, 1.7 after.
    assert path_error(clip, scene) < 0.45 * path_error(raw, scene)
    assert path_error(clip, scene) < 0.08
    assert tilt_error(clip, scene) < 2.0
    moved = np.linalg.norm(
        clip.camera.project(clip.joints.astype(float)) - raw.camera.project(raw.joints.astype(float)), axis=-1
    )
    size = TRUE_FOCAL * 1.6 / (clip.root @ clip.camera.rotation.T + clip.camera.translation)[:, 2]
    # Measured: joints move by 1 to 3 pixels, 0.3 to 0.8 % of the person's height in the picture.
    assert (moved / size[:, None]).mean() < 0.012
    standing = raw.contacts > 0.5
    if standing.any():
        heights = clip.joints[:, FOOT_JOINTS, 2] - raw.joints[:, FOOT_JOINTS, 2]
        assert np.abs(heights[standing]).mean() < 0.01
