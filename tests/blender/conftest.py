"""A capture made up from sines, so that these tests need no video, no worker and no network."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from panel_worker import PanelWorker
from reel2rig.core.motion.body import free_body_path, load_body
from reel2rig.core.motion.clip import Camera, MotionClip
from reel2rig.core.motion.files.npz import write_clip
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_multiply
from reel2rig.core.motion.skeletons import JOINT_INDEX

MakeClip = Callable[..., MotionClip]
MakeJob = Callable[..., Path]


def tilted_camera(width: int, height: int, distance: float = 4.0, tilt: float = 0.12) -> Camera:
    """A y-up world seen from `distance` in front of the origin (the person faces +z), looking down by
    `tilt`.
    """
    cos, sin = np.cos(tilt), np.sin(tilt)
    # Rows are the camera's x, y (down) and z (forward) axes in the world.
    rotation = np.array([[1.0, 0.0, 0.0], [0.0, -cos, sin], [0.0, -sin, -cos]])
    position = np.array([0.1, 1.5, distance])
    return Camera(float(np.hypot(width, height)), width, height, rotation, -rotation @ position)


@pytest.fixture(scope="session")
def body():
    return load_body(free_body_path())


@pytest.fixture(scope="session")
def make_clip(body) -> MakeClip:
    """Build a clip: every joint swings at its own pace, the person walks a curve and turns once around."""

    def make(
        frames: int = 40,
        fps: Fraction = Fraction(30),
        first: int = 0,
        track: str = "1",
        size: tuple[int, int] = (1280, 720),
        scale: float = 1.0,
        offset: float = 0.0,
        source: str = "clip.mp4",
    ) -> MotionClip:
        rng = np.random.default_rng(int(track) + 7)
        times = (first + np.arange(frames)) / float(fps)
        reach, pace, phase = (
            rng.uniform(0.1, 0.5, (24, 3)),
            rng.uniform(0.3, 1.5, (24, 3)),
            rng.uniform(0, 6, (24, 3)),
        )
        swing = reach * np.sin(2 * np.pi * pace * times[:, None, None] + phase)
        for knee in ("L_Knee", "R_Knee"):
            swing[:, JOINT_INDEX[knee]] = np.abs(swing[:, JOINT_INDEX[knee]]) * [2, 0, 0]
        rotations = quaternion_from_rotvec(swing)
        spin = np.zeros((frames, 3))
        spin[:, 1] = 2 * np.pi * times / 2.5
        rotations[:, 0] = quaternion_multiply(quaternion_from_rotvec(spin), rotations[:, 0])
        betas = rng.uniform(-1.5, 1.5, 10)
        rest = body.joints(betas) * scale
        root = np.stack([0.4 * np.sin(times) + offset, 0.95 + 0.05 * np.sin(5 * times), 0.3 * times], axis=-1)
        return MotionClip(
            rotations=rotations,
            root=root,
            betas=betas,
            rest_joints=rest,
            fps=fps,
            frames=first + np.arange(frames),
            valid=np.ones(frames, bool),
            contacts=np.zeros((frames, 4)),
            space="world_yup",
            body_scale=scale,
            camera=tilted_camera(*size),
            track=track,
            source=source,
        )

    return make


@pytest.fixture
def make_job(tmp_path: Path) -> MakeJob:
    """Write clips and a result.json as a finished capture leaves them; returns the job folder."""

    def make(*clips: MotionClip, video: Path | None = None, trim: tuple[int, int] | None = None) -> Path:
        folder = tmp_path / "job"
        folder.mkdir(exist_ok=True)
        for clip in clips:
            write_clip(folder / f"result-{clip.track}.npz", clip)
        camera = clips[0].camera
        assert camera is not None
        first, last = min(int(c.frames[0]) for c in clips), max(int(c.frames[-1]) for c in clips)
        record = {
            "schema": 1,
            "video": {
                "path": str(video or "/nowhere/dance für zwei.mp4"),
                "width": camera.width,
                "height": camera.height,
                "rotation": 0,
                "fps": [clips[0].fps.numerator, clips[0].fps.denominator],
                "frame_count": last + 20,
                "variable_rate": False,
            },
            "trim": list(trim or (first, last + 1)),
            "body": "free",
            "clips": [f"result-{clip.track}.npz" for clip in clips],
            "tracks": [],
            "proxy": None,
            "focal_px": camera.focal_px,
            "notes": ["made up for a test"],
            "settings": {"person": "all"},
        }
        (folder / "result.json").write_text(json.dumps(record), encoding="utf-8")
        return folder

    return make


@pytest.fixture
def empty_scene():
    """A factory-fresh, empty Blender file."""
    bpy = pytest.importorskip("bpy")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


@pytest.fixture
def addon(tmp_path, monkeypatch, empty_scene):
    """The add-on registered in an empty file, with a home folder of its own; gives the scene."""
    from reel2rig.blender_addon import registration
    from reel2rig.blender_addon.jobs import jobs

    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "Zuhause ü"))
    registration.register()
    jobs.problem, jobs.message = None, ""
    jobs.look_again()
    yield empty_scene
    registration.unregister()


@pytest.fixture
def worker(tmp_path, monkeypatch, addon, make_clip, make_job) -> PanelWorker:
    """A worker that finds and captures two people in any video; see there for the others it knows."""
    from reel2rig.blender_addon.jobs import jobs
    from reel2rig.bridge.client import session

    job = make_job(make_clip(frames=5), make_clip(frames=5, track="2", offset=1.0))
    made = PanelWorker(tmp_path, job)
    original = session.Session.__init__

    def started(self, python, home, **options):
        original(self, python, home, command=made.command, **options)

    monkeypatch.setattr(session.Session, "__init__", started)
    jobs.look_again()
    return made


@pytest.fixture
def make_video(tmp_path) -> Callable[[str], Path]:
    """Make a file that is there, and no video; the worker of these tests does not look into it."""

    def make(stem: str) -> Path:
        path = tmp_path / f"{stem}.mp4"
        path.write_bytes(b"x")
        return path

    return make


@pytest.fixture(scope="session")
def demo_video() -> Path:
    """The demo's footage, fetched once into the tests' home folder."""
    from reel2rig.bridge.demo_clip import fetch_demo_clip

    return fetch_demo_clip(Path(os.environ["REEL2RIG_HOME"]) / "clips")


@pytest.fixture
def no_plan_is_looked_up(monkeypatch):
    """What an installation would do is made up: looking takes a thread, and differs by computer."""
    from reel2rig.blender_addon import install_plan
    from reel2rig.bridge.client.plan import InstallPlan

    plan = InstallPlan("install", Path("/there/env"), "3.11", "CPU build", 6e8, 3e9, 9e10)
    monkeypatch.setattr(install_plan.plans, "look", lambda home, choice: plan)


@pytest.fixture
def waiting(addon, make_clip, make_job) -> Path:
    """The folder of a finished capture of two people that an earlier Blender left."""
    from reel2rig.blender_addon.jobs import jobs
    from reel2rig.blender_addon.preferences import home

    job = make_job(make_clip(frames=8), make_clip(frames=8, track="2", offset=1.0))
    folder = home().jobs / "20260101-dance"
    shutil.copytree(job, folder)
    jobs.finished.now(home())
    return folder
