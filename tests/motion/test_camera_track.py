"""Camera tracks: what is read and refused, and people whom a moving camera filmed."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.camera_track import (
    BadCameraTrack,
    CameraTrack,
    CameraTrackMissesFrames,
    CameraTrackOfOtherVideo,
    from_poses,
)
from reel2rig.core.motion.cleanup.settings import Placement
from reel2rig.core.motion.clip import Camera, MotionClip
from reel2rig.core.motion.files.camera_json import camera_track_text, parse_camera_track, read_camera_track
from reel2rig.core.motion.focal import turned
from reel2rig.core.motion.moving_camera import put_in_world
from reel2rig.core.motion.placement import place_clips, place_track
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.motion.spaces import to_space

COUNT = 40
LOOKS_ALONG_Y = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])  # columns: right, down, ahead


@pytest.fixture
def track() -> CameraTrack:
    """A camera that flies a curve, turns and zooms."""
    rng = np.random.default_rng(3)
    seconds = np.arange(COUNT) / 30
    wobble = 0.2 * np.sin(seconds[:, None] * rng.uniform(1, 3, 3) + rng.uniform(0, 6, 3))
    turns = quaternion_to_matrix(quaternion_from_rotvec(wobble)) @ LOOKS_ALONG_Y
    positions = np.array([0.3, -5.0, 1.6]) + seconds[:, None] * [0.5, 0.2, 0.1]
    return from_poses(turns, positions, 900 + 100 * seconds, Fraction(30), 1280, 720)


def as_captured(world: MotionClip, track: CameraTrack) -> MotionClip:
    """What a capture makes of a shot by a moving camera: the camera stands still, people move before it."""
    part = track.at(world.frames)
    root = np.einsum("tij,tj->ti", part.rotation, world.root) + part.translation
    still = Camera(float(track.focal_px[0]), 1280, 720, LOOKS_ALONG_Y.T, [0.2, 1.3, 4.0])
    seen = turned(world.rotations, part.rotation)
    return world.replace(
        root=(root - still.translation) @ still.rotation,
        rotations=turned(seen, still.rotation.T),
        camera=still,
    )


def pixels(clip: MotionClip, track: CameraTrack) -> np.ndarray:
    cameras = track.at(clip.frames).cameras()
    return np.array([c.project(j) for c, j in zip(cameras, clip.joints.astype(float), strict=True)])


def test_what_is_written_is_read_again(track):
    again = parse_camera_track(camera_track_text(track))
    assert (again.fps, again.width, again.height, again.first_frame) == (Fraction(30), 1280, 720, 0)
    assert np.allclose(again.rotation, track.rotation, atol=1e-8)
    assert np.allclose(again.translation, track.translation, atol=1e-7)
    assert np.allclose(again.focal_px, track.focal_px, atol=1e-3)


@pytest.mark.parametrize("axes", ["opencv", "blender"])
@pytest.mark.parametrize("pose", ["world_to_camera", "camera_to_world"])
def test_every_convention_says_the_same_camera(track, axes, pose, tmp_path):
    poses = np.tile(np.eye(4), (COUNT, 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = track.rotation.transpose(0, 2, 1), track.positions
    if axes == "blender":  # the camera looks along its own -Z with Y up
        poses[:, :3, 1:3] *= -1
    else:  # y down, z ahead: the world itself is renamed
        rename = np.eye(4)
        rename[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
        poses = rename @ poses
    matrices = np.linalg.inv(poses) if pose == "world_to_camera" else poses
    data = json.loads(camera_track_text(track))
    data |= {"axes": axes, "pose": pose, "matrices": matrices.tolist(), "focal_px": 1000, "fps": 30}
    path = tmp_path / "kamera spur.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    again = read_camera_track(path)
    assert np.allclose(again.rotation, track.rotation, atol=1e-8)
    assert np.allclose(again.positions, track.positions, atol=1e-7)
    assert np.all(again.focal_px == 1000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("axes"), "does not say its axes"),
        (lambda d: d.update(axes="maya"), "axes is 'maya'"),
        (lambda d: d.update(kind="motion"), "no camera track"),
        (lambda d: d.update(focal_px=[1.0, 2.0]), "focal_px"),
        (lambda d: d.update(focal_px=-3), "Frame 0 .* focal length"),
        (lambda d: d.update(fps="fast"), "must be numbers"),
        (lambda d: d.update(width=0), "impossible size"),
        (lambda d: d.update(matrices=[]), "no matrices"),
        (lambda d: d["matrices"].__setitem__(7, None), "Pose 7"),
        (lambda d: d["matrices"][5][0].__setitem__(3, float("nan")), "Frame 5 .* not finite"),
        (lambda d: d["matrices"][9][1].__setitem__(1, 1.5), "Frame 9 .* not a rotation"),
        (lambda d: d["matrices"].__setitem__(3, np.diag([1.0, 1, -1, 1]).tolist()), "Frame 3 .* mirroring"),
    ],
)
def test_what_cannot_be_a_camera_is_refused_with_a_sentence(track, change, said):
    data = json.loads(camera_track_text(track))
    change(data)
    with pytest.raises(BadCameraTrack, match=said) as caught:
        parse_camera_track(json.dumps(data))
    assert caught.value.code == "track.invalid"


def test_a_file_that_is_no_json_or_not_there_is_refused(tmp_path):
    (tmp_path / "track.json").write_text("camera", encoding="utf-8")
    for name in ("track.json", "nothing.json"):
        with pytest.raises(BadCameraTrack):
            read_camera_track(tmp_path / name)


def test_a_track_must_cover_all_captured_frames(track):
    assert np.array_equal(track.at([12, 20]).frames, np.arange(12, 21))
    assert np.allclose(track.at([12, 20]).positions, track.positions[12:21])
    with pytest.raises(CameraTrackMissesFrames, match="0 to 39"):
        track.at(np.arange(30, 50))


def test_a_track_of_a_smaller_copy_fits_and_one_of_another_video_does_not(track):
    twice = track.fitted(Fraction(30), 2560, 1440)
    assert np.allclose(twice.focal_px, 2 * track.focal_px)
    with pytest.raises(CameraTrackOfOtherVideo, match="25"):
        track.fitted(Fraction(25), 1280, 720)
    with pytest.raises(CameraTrackOfOtherVideo, match="proportions"):
        track.fitted(Fraction(30), 720, 1280)


def test_scaling_and_moving_a_track_move_the_camera(track):
    assert np.allclose(track.scaled(3).positions, 3 * track.positions)
    turn = quaternion_to_matrix(quaternion_from_rotvec([0.1, 0.2, 0.9]))
    moved = track.moved(turn, [1.0, 2.0, 3.0])
    assert np.allclose(moved.positions, track.positions @ turn.T + [1, 2, 3])
    assert np.allclose(moved.rotation, track.rotation @ turn.T)


def test_people_land_where_they_truly_were_and_keep_every_pixel(track, make_clip):
    steady = from_poses(
        track.rotation.transpose(0, 2, 1), track.positions, np.full(COUNT, 900.0), Fraction(30), 1280, 720
    )
    world = to_space(make_clip(camera=None), "blender")
    raw = as_captured(world, steady)
    landed = put_in_world(raw, steady)
    assert np.abs(landed.root - world.root).max() < 1e-5
    assert np.abs(landed.joints - world.joints).max() < 1e-4
    before = raw.camera.project(raw.joints.astype(float))
    # Points of random joints come near the camera, where single precision is worth more.
    assert np.median(np.abs(pixels(landed, steady) - before)) < 1e-3


def test_a_zoom_moves_nobody(track, make_clip):
    world = to_space(make_clip(camera=None), "blender")
    raw = as_captured(world, track)
    # The capture took one focal length for all frames, and so saw the person come nearer in a zoom.
    part, still = track.at(raw.frames), raw.camera
    seen = raw.root @ still.rotation.T + still.translation
    seen[:, 2] *= still.focal_px / part.focal_px
    raw = raw.replace(root=(seen - still.translation) @ still.rotation)
    assert np.abs(put_in_world(raw, track).root - world.root).max() < 1e-4


def test_placement_moves_people_and_moving_camera_as_one(track, make_clip):
    raw = as_captured(to_space(make_clip(camera=None), "blender"), track)
    placement = Placement(height=0.3, tilt=(0.1, 0.0), heading=1.1, start=(2.0, 1.0), focal_px=5000.0)
    (plain,) = place_clips([raw], Placement(), track)
    (moved,) = place_clips([raw], placement, track)
    assert np.abs(moved.root - plain.root).max() > 1.0
    before, after = pixels(plain, track), pixels(moved, place_track(track, placement))
    assert np.median(np.abs(after - before)) < 1e-3


def test_a_person_whom_no_known_camera_filmed_cannot_be_moved_by_one(track, make_clip):
    clip = to_space(make_clip(camera=None), "blender")
    with pytest.raises(CameraTrackOfOtherVideo, match="known camera"):
        put_in_world(clip, track)
