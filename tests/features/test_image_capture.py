"""A whole capture with a backbone: rendered footage, true landmarks for the detector, random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from footage import write_video
from reel2rig.core.features.images.extract import FeatureExtractor
from reel2rig.core.features.images.spin_checkpoint import load_spin
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.files.npz import read_clip
from reel2rig.core.motion.rotations import quaternion_from_matrix, quaternion_to_matrix
from reel2rig.core.network import checkpoint
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import (
    DisConfig,
    EncoderConfig,
    GruConfig,
    NetworkConfig,
    RegressorConfig,
    Stage1Config,
)
from reel2rig.core.network.regressor import apply_folded, body_from_state
from reel2rig.core.people.detect import PeopleScan, PersonTrack
from reel2rig.core.pipeline import run
from reel2rig.core.pipeline.bodies import load_model
from reel2rig.core.pipeline.cache import StageCache
from reel2rig.core.pipeline.fit import WrongFeatures
from reel2rig.core.pipeline.settings import BadSetting, CaptureSettings
from reel2rig.core.video.camera_motion import CameraMotion
from reel2rig.core.video.info import probe
from reel2rig.core.world.body_points import BodyPoints
from rendered_people import body, film, walk

FRAMES, FOCAL, SIZE = 13, 420.0, (320, 240)
Capture = Callable[..., tuple[dict[str, Any], list[MotionClip]]]


@pytest.fixture(scope="module")
def landmarks() -> np.ndarray:
    """(T, 33, 3) true landmarks in camera space of somebody who walks past."""
    person = walk(FRAMES, start=(-0.5, -4.0), heading=np.pi / 2 - 0.6, seed=3)
    points = BodyPoints.of(body()).posed(person.rotations, np.zeros(10)).landmarks + person.root[:, None]
    return (points - np.array([0, 1.4, 0])) * np.array([1, -1, -1])


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    person = walk(FRAMES, start=(-0.5, -4.0), heading=np.pi / 2 - 0.6, seed=3)
    return film([person], size=SIZE, focal_px=FOCAL).frames


@pytest.fixture
def video(frames: list[np.ndarray], tmp_path: Path) -> Callable[..., Path]:
    def make(fps: Fraction | int = 30) -> Path:
        return write_video(tmp_path / f"walk{fps}.mp4", frames, fps)

    return make


@pytest.fixture
def capture(landmarks: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Capture:
    """Captures a video, the people stage answering with the truth but for one missed frame."""

    def start(video: Path, *, people: int = 1, progress: Any = lambda *_: None, **settings: Any) -> Any:
        info = probe(video)
        seen = np.delete(np.arange(FRAMES), 5)
        pixels = landmarks[seen] / landmarks[seen, :, 2:] * FOCAL + np.array([SIZE[0] / 2, SIZE[1] / 2, 0])
        world = landmarks[seen] - landmarks[seen, 23:25].mean(1, keepdims=True)
        sure, thumbnail = np.full((len(seen), 33), 0.95), np.zeros((192, 128, 3), np.uint8)
        tracks = tuple(
            PersonTrack(n, seen, pixels, sure, world, sure[:, 0], thumbnail) for n in range(1, people + 1)
        )
        times = np.arange(FRAMES) / float(info.fps)
        scan = PeopleScan(info, times, np.arange(FRAMES), tracks, ((0, FRAMES),), CameraMotion(), ())
        monkeypatch.setattr(run, "find_people", lambda *_: (scan, (0, FRAMES)))
        job = tmp_path / "job"
        job.mkdir(exist_ok=True)
        given = {"refine": False, "smoothing": 0.0, "focal_px": FOCAL, "person": "all"} | settings
        # As the worker gets them: through JSON.
        chosen = CaptureSettings.from_json(json.loads(json.dumps(CaptureSettings(**given).to_json())))
        result = run.capture(video, chosen, job, tmp_path, progress)
        return result, [read_clip(job / name) for name in result["clips"]]

    return start


@pytest.fixture(scope="module")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thin network on features of width 2048."""
    torch.manual_seed(2)
    config = NetworkConfig(
        stage1=Stage1Config(d_k=8),
        dis=DisConfig(hidden=8),
        gru=GruConfig(hidden=8),
        regressor=RegressorConfig(hidden=16),
    )
    path = tmp_path_factory.mktemp("network") / "images.safetensors"
    checkpoint.save(BodyNetwork(config), path)
    return path


def test_a_spin_checkpoint_alone_gives_a_motion_frame_by_frame(
    capture: Capture, video: Callable[..., Path], spin_file: Path, frames: list[np.ndarray], tmp_path: Path
) -> None:
    result, (clip,) = capture(video(), features="resnet50", backbone=str(spin_file))
    assert len(clip) == FRAMES
    assert clip.valid.tolist() == [t != 5 for t in range(FRAMES)]
    assert any("own regressor" in note for note in result["notes"])
    assert any("tensors taken over" in note for note in result["notes"])
    assert result["settings"]["features"] == "resnet50"

    # The joints of the result are what the file's own model says of the cached features.
    (features,) = (np.load(path)["features"] for path in (tmp_path / "job" / "stages").glob("*.npz"))
    regressor = load_spin(spin_file).regressor
    assert regressor is not None
    M, k = regressor.fold()
    state = body_from_state(apply_folded(torch.from_numpy(features), (M.float(), k.float())))
    said = state.rotations.numpy()
    likeness = np.abs((quaternion_from_matrix(said) * clip.rotations).sum(-1))
    assert np.delete(likeness, 5, 0)[:, 1:].min() > 1 - 1e-6
    # The root, which the file's model gives in the true camera, is there again seen by the clip's camera.
    root = clip.camera.rotation @ quaternion_to_matrix(clip.rotations[:, 0])
    assert np.allclose(np.delete(root, 5, 0), np.delete(said[:, 0], 5, 0), atol=1e-3)
    assert np.ptp(said, axis=0).max() > 1e-3  # the pictures differ, and so do the answers


def test_the_features_are_those_of_the_crops_of_these_frames(
    capture: Capture,
    video: Callable[..., Path],
    spin_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    landmarks: np.ndarray,
) -> None:
    crops: list[np.ndarray] = []
    keep = FeatureExtractor.of_crops

    def watched(self: FeatureExtractor, pictures: np.ndarray) -> np.ndarray:
        crops.extend(pictures)
        return keep(self, pictures)

    monkeypatch.setattr(FeatureExtractor, "of_crops", watched)
    capture(video(), features="resnet50", backbone=str(spin_file))
    assert len(crops) == FRAMES
    still = np.median(np.stack(crops), axis=0)
    away = np.abs(crops[0].astype(int) - still).max(-1) > 40
    rows, columns = np.nonzero(away)
    assert 40 < columns.mean() < 184
    assert 40 < rows.mean() < 184


def test_at_60_frames_per_second_every_second_picture_is_seen_and_the_result_has_all_frames(
    capture: Capture, video: Callable[..., Path], spin_file: Path, tmp_path: Path
) -> None:
    _, (clip,) = capture(video(60), features="resnet50", backbone=str(spin_file))
    assert len(clip) == FRAMES
    (features,) = (np.load(path)["features"] for path in (tmp_path / "job" / "stages").glob("*.npz"))
    assert features.shape == (7, 2048)


def test_a_network_on_image_features_answers_and_a_second_capture_skips_the_trunk(
    capture: Capture,
    video: Callable[..., Path],
    spin_file: Path,
    network_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[str, int, int]] = []
    settings = {"features": "resnet50", "backbone": str(spin_file), "checkpoint": str(network_file)}
    result, first = capture(video(24), people=2, progress=lambda *call: calls.append(call), **settings)
    assert ("features", 2 * FRAMES, 2 * FRAMES) in calls
    assert not any("own regressor" in note for note in result["notes"])
    assert [clip.track for clip in first] == ["1", "2"]

    def never(*_: object) -> None:
        raise AssertionError("the trunk was asked again")

    monkeypatch.setattr(FeatureExtractor, "of_crops", never)
    _, again = capture(video(24), people=2, **settings)
    assert np.array_equal(first[0].rotations, again[0].rotations)
    # The backbone's own regressor starts from the same features.
    _, other = capture(video(24), people=2, features="resnet50", backbone=str(spin_file))
    assert not np.array_equal(first[0].rotations, other[0].rotations)


def test_refinement_brings_the_answer_onto_the_landmarks_as_ever(
    capture: Capture, video: Callable[..., Path], spin_file: Path, landmarks: np.ndarray
) -> None:
    settings = {"features": "resnet50", "backbone": str(spin_file)}
    drawn = landmarks[:, [25, 26, 13, 14]] / landmarks[:, [25, 26, 13, 14], 2:] * FOCAL
    missed = []
    for refine in (False, True):
        _, (clip,) = capture(video(), refine=refine, **settings)
        seen = clip.camera.project(clip.joints)[:, [4, 5, 18, 19]] - np.array(SIZE) / 2  # knees, elbows
        missed.append(np.linalg.norm(seen - drawn[..., :2], axis=-1).mean())
    assert missed[1] < 0.8 * missed[0]  # a random pose is far from the truth, and turns have their price


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"features": "resnet50"}, "need --backbone"),
        ({"features": "hog"}, "landmarks or resnet50"),
        ({"backbone": "spin.pt"}, "--features resnet50"),
    ],
)
def test_features_and_backbone_must_fit_each_other(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        CaptureSettings.from_json(settings)


def refused(**settings: Any) -> str:
    with pytest.raises(WrongFeatures) as error:
        load_model(CaptureSettings(**settings))
    assert error.value.code == "model.wrong_features"
    return error.value.message


def test_a_checkpoint_for_other_features_is_refused(
    spin_file: Path, network_file: Path, trunk_state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    def saved(name: str, C: int, encoder: EncoderConfig) -> str:
        config = NetworkConfig(
            C=C,
            stage1=Stage1Config(d_k=4),
            dis=DisConfig(hidden=4),
            gru=GruConfig(hidden=4),
            encoder=encoder,
        )
        checkpoint.save(BodyNetwork(config), tmp_path / name)
        return str(tmp_path / name)

    images = {"features": "resnet50", "backbone": str(spin_file)}
    assert "images.safetensors expects image features of width 2048" in refused(checkpoint=str(network_file))
    narrow = saved("narrow.safetensors", 64, EncoderConfig())
    assert "narrow.safetensors expects features of width 64; ResNet-50 gives 2048" in refused(
        **images, checkpoint=narrow
    )
    marks = saved("marks.safetensors", 16, EncoderConfig(inputs=201, hidden=8))
    assert "marks.safetensors expects landmarks (201" in refused(**images, checkpoint=marks)
    odd = saved("odd.safetensors", 16, EncoderConfig(inputs=99, hidden=8))
    assert "odd.safetensors expects 99 numbers" in refused(checkpoint=odd)
    torch.save(trunk_state, tmp_path / "bare.pt")
    assert "bare.pt gives features but no bodies" in refused(
        features="resnet50", backbone=str(tmp_path / "bare.pt")
    )


def test_other_crops_or_weights_make_another_entry_in_the_cache(
    capture: Capture,
    video: Callable[..., Path],
    spin_file: Path,
    trunk_state: dict[str, torch.Tensor],
    head_state: dict[str, torch.Tensor],
    tmp_path: Path,
) -> None:
    settings = {"features": "resnet50"}
    other = tmp_path / "other.pt"
    torch.save(trunk_state | head_state | {"bn1.bias": trunk_state["bn1.bias"] + 0.1}, other)
    capture(video(), backbone=str(spin_file), **settings)
    capture(video(), backbone=str(other), **settings)
    assert len(list(StageCache(tmp_path / "job").folder.glob("*.npz"))) == 2
