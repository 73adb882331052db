"""Motion made in the test, filmed by the simulator: nothing here needs a file that is not in the
repository.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.data.cameras import draw_shot
from reel2rig.core.data.draw import Draw
from reel2rig.core.data.procedural import procedural_motion
from reel2rig.core.data.synthetic import Pairs, film, simulate
from reel2rig.core.features.crop_camera import crop_camera
from reel2rig.core.features.evidence import LandmarkEvidence, hip_centred
from reel2rig.core.motion.body import free_body_path
from reel2rig.core.network.rotations import matrix_from_quaternion, quaternion_from_matrix, slerp

torch.set_num_threads(1)  # small tensors: a second thread would only wait for the first

PICTURE = 1600.0  # px along the diagonal


@pytest.fixture(scope="session")
def body() -> BodyLayer:
    return BodyLayer(free_body_path())


@pytest.fixture(scope="session")
def filmed(body: BodyLayer) -> list[Pairs]:
    """Eight clips of 64 frames of procedural motion that no training has seen, each before its own camera."""
    clips = []
    for seed in range(8):
        motion = procedural_motion(64, 900_000 + seed)
        rotations, trans = torch.from_numpy(motion.rotations)[None], torch.from_numpy(motion.trans)[None]
        clips.append(simulate(Draw(seed), body, rotations, trans))
    return clips


@pytest.fixture(scope="session")
def clean_track(
    body: BodyLayer,
) -> Callable[[float, float], tuple[LandmarkEvidence, np.ndarray, torch.Tensor]]:
    """One motion, sampled at any rate: (fps, seconds) -> evidence without noise, times, true rotations
    (camera).
    """
    motion = procedural_motion(90, 900_100)
    q = quaternion_from_matrix(torch.from_numpy(motion.rotations))
    trans = torch.from_numpy(motion.trans)
    shot = draw_shot(Draw(11), trans[None])

    def sample(fps: float, seconds: float) -> tuple[LandmarkEvidence, np.ndarray, torch.Tensor]:
        times = np.arange(round(seconds * fps) + 1) / fps
        at = torch.from_numpy(times * 30).float()
        i = at.floor().long().clamp_max(88)
        t = (at - i)[:, None]
        R = matrix_from_quaternion(slerp(q[i], q[i + 1], t[:, None]))
        path = torch.lerp(shot.path[0, i], shot.path[0, i + 1], t)
        R[:, 0] = shot.rotation[0] @ R[:, 0]
        joints, landmarks = body.forward_landmarks(R, torch.zeros(len(R), 10))
        points = landmarks - joints[:, :1]
        moved = type(shot)(shot.rotation, path[None], shot.focal, shot.assumed, shot.size)
        pixels = film(points[None], moved)[0] * PICTURE
        focal = float(shot.focal[0]) * PICTURE
        camera = crop_camera(pixels, focal)
        world = torch.einsum("tij,tlj->tli", camera.rotation, hip_centred(points))
        width, height = (int(x) for x in (shot.size[0] * PICTURE).round())
        image = pixels.numpy() + np.array([width / 2, height / 2], np.float32)
        evidence = LandmarkEvidence(image, np.full((len(R), 33), 0.95), world.numpy(), focal, width, height)
        return evidence, times, R

    return sample
