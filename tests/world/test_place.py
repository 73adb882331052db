"""From predictions in front of a camera to clips on a floor."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.motion.spaces import to_space
from reel2rig.core.world.place import BadFocalLength, BadHeight, place_people, track_betas

SIZE = (1920, 1080)


def place(body, *scenes, **options):
    focal = options.pop("focal_px", scenes[0].camera.focal_px)
    return place_people([scene.prediction for scene in scenes], body, *SIZE, focal_px=focal, **options)


def camera_path(clip):
    return clip.root @ clip.camera.rotation.T + clip.camera.translation


def tilt(clip, scene):
    return np.degrees(np.arccos(np.clip((clip.camera.rotation @ [0, 1, 0]) @ scene.up, -1, 1)))


def soles(body, clip):
    points = body.posed(clip.rotations, clip.betas).soles * clip.body_scale
    return points[..., 1].min(axis=2) + clip.root[:, None, 1]


def landmark_pixels(body, clip):
    points = body.posed(clip.rotations, clip.betas).landmarks * clip.body_scale
    return clip.camera.project(points + clip.root[:, None].astype(float))


@pytest.mark.parametrize(
    ("pitch", "roll", "height"), [(0.2, 0.05, 1.7), (-0.1, -0.08, 0.5), (0.45, 0.0, 3.0)]
)
def test_a_walk_is_put_back_where_it_was(body, walk, pitch, roll, height):
    scene = walk(120, pitch=pitch, roll=roll, height=height)
    (clip,) = place(body, scene)
    assert tilt(clip, scene) < 3.0
    assert np.all(np.abs(camera_path(clip) - scene.path) < 0.03 * scene.path[:, 2:])
    standing = clip.contacts > 0.5
    assert standing.mean() > 0.2
    assert np.abs(soles(body, clip)[standing]).max() < 0.02
    assert np.abs(landmark_pixels(body, clip) - scene.prediction.image).mean() < 5


def test_noise_in_landmarks_and_pose_is_borne(body, walk):
    scene = walk(120, noise=0.015)
    rng = np.random.default_rng(0)
    tremble = quaternion_to_matrix(quaternion_from_rotvec(rng.normal(0, 0.03, (120, 24, 3))))
    given = scene.prediction.replace(rotations=scene.prediction.rotations @ tremble)
    (clip,) = place_people([given], body, *SIZE, focal_px=scene.camera.focal_px)
    assert tilt(clip, scene) < 4.0
    error = np.linalg.norm(camera_path(clip) - scene.path, axis=1)
    assert np.median(error / scene.path[:, 2]) < 0.03
    assert np.linalg.norm(np.diff(clip.root, 2, axis=0), axis=1).mean() < 0.01


def test_the_world_stands_as_it_is_said_to(body, walk):
    scene = walk(60, heading=0.0, bend=0.0)
    (clip,) = place(body, scene)
    assert clip.space == "world_yup"
    assert np.allclose(clip.root[0, [0, 2]], 0, atol=1e-6)
    ahead = clip.camera.rotation.T @ [0, 0, 1]
    assert ahead[0] == pytest.approx(0, abs=1e-9)
    assert ahead[2] < 0
    # The walker came towards the camera, hence faces +z, and -y in Blender.
    assert clip.root[-1, 2] - clip.root[0, 2] > 1.5
    blender = to_space(clip, "blender")
    assert blender.root[-1, 1] - blender.root[0, 1] < -1.5
    assert blender.root[0, 2] > 0.7


def test_what_the_caller_said_travels_with_the_clip(body, walk):
    scene = walk(30, fps=25)
    shifted = scene.prediction.replace(frames=np.arange(30) + 90, track="7")
    (clip,) = place_people([shifted], body, *SIZE, focal_px=scene.camera.focal_px)
    assert (clip.track, clip.source, clip.notes) == ("7", "walk.mp4", ("Said by the caller.",))
    assert clip.fps == Fraction(25)
    assert np.array_equal(clip.frames, np.arange(90, 120))


def test_a_known_height_scales_everything_and_leaves_the_picture(body, walk):
    scene = walk(60, betas=np.r_[0.8, 0.5, np.zeros(8)])
    (free,) = place(body, scene)
    (known,) = place(body, scene, height_m=1.92)
    factor = 1.92 / body.height(free.betas)
    assert known.body_scale == pytest.approx(factor, rel=1e-6)
    assert np.allclose(known.rest_joints, free.rest_joints * factor, atol=1e-5)
    assert np.allclose(known.root, free.root * factor, atol=1e-4)
    assert np.allclose(known.camera.position, free.camera.position * factor, atol=1e-6)
    pixels = free.camera.project(free.joints.astype(float))
    # float32 positions of a few metres are worth about a thousandth of a pixel
    assert np.abs(known.camera.project(known.joints.astype(float)) - pixels).max() < 1e-3
    assert np.array_equal(known.contacts, free.contacts)


def test_another_focal_length_keeps_the_overlay(body, walk):
    scene = walk(60)
    (wide,) = place(body, scene, focal_px=1100.0)
    (long,) = place(body, scene, focal_px=2200.0)
    ratio = np.median(camera_path(long)[:, 2] / camera_path(wide)[:, 2])
    assert ratio == pytest.approx(2.0, rel=0.1)
    for clip in (wide, long):
        miss = np.linalg.norm(landmark_pixels(body, clip) - scene.prediction.image, axis=-1)
        assert miss.mean() < 0.03 * 1400 * 1.6 / 6


def test_without_a_focal_length_the_diagonal_is_taken(body, walk):
    clip = place(body, walk(5), focal_px=None)[0]
    assert clip.camera.focal_px == pytest.approx(np.hypot(*SIZE))


def test_two_people_share_camera_floor_and_scale(body, walk):
    first = walk(90, start=(-1.0, -6.0))
    second = walk(90, start=(1.2, -4.5), heading=-0.4, track="2", betas=np.r_[1.0, np.zeros(9)])
    clips = place(body, first, second, height_m=1.75)
    assert np.array_equal(clips[0].camera.rotation, clips[1].camera.rotation)
    assert np.array_equal(clips[0].camera.translation, clips[1].camera.translation)
    factor = 1.75 / body.height(np.zeros(10))
    for clip, scene in zip(clips, (first, second), strict=True):
        standing = clip.contacts > 0.5
        assert np.abs(soles(body, clip)[standing]).mean() < 0.02
        assert np.median(np.abs(camera_path(clip) / factor - scene.path)) < 0.1
    apart = np.linalg.norm(clips[1].root - clips[0].root, axis=1) / factor
    assert np.abs(apart - np.linalg.norm(second.path - first.path, axis=1)).max() < 0.25


def test_one_shape_for_the_whole_track_whatever_single_frames_say(body, walk):
    scene = walk(60)
    betas = np.random.default_rng(0).normal(0.3, 0.05, (60, 10))
    betas[7] = 40.0
    valid = np.ones(60, dtype=bool)
    valid[20:30] = False
    betas[20:30] = -40.0
    assert np.abs(track_betas(betas, valid) - 0.3).max() < 0.1
    (clip,) = place_people([scene.prediction.replace(betas=betas, valid=valid)], body, *SIZE)
    assert np.allclose(clip.rest_joints, body.rest_joints(clip.betas), atol=1e-6)


def test_bad_frames_do_not_break_the_rest(body, walk):
    scene = walk(90)
    image, rotations = scene.prediction.image.copy(), scene.prediction.rotations.copy()
    rng = np.random.default_rng(1)
    image[40:43] = rng.uniform(0, 1000, (3, 33, 2))
    image[60] = np.nan
    rotations[41, 0] = np.diag([-1.0, -1.0, 1.0]) @ rotations[41, 0]
    broken = scene.prediction.replace(image=image, rotations=rotations)
    (clip,) = place_people([broken], body, *SIZE, focal_px=scene.camera.focal_px)
    error = np.linalg.norm(camera_path(clip) - scene.path, axis=1)
    assert np.median(error) < 0.05
    assert error.max() < 0.6
    assert tilt(clip, scene) < 3.0


def test_missing_frames_are_filled_and_marked(body, walk):
    scene = walk(120)
    keep = np.r_[0:30, 38:60, 100:120]  # eight frames and forty frames missing
    given = scene.prediction
    picked = given.replace(
        **{name: getattr(given, name)[keep] for name in ("rotations", "betas", "image", "visibility")},
        frames=given.frames[keep] + 12,
        valid=given.valid[keep],
    )
    (clip,) = place_people([picked], body, *SIZE, focal_px=scene.camera.focal_px)
    assert np.array_equal(clip.frames, np.arange(12, 132))
    assert np.array_equal(np.flatnonzero(~clip.valid), np.r_[30:38, 60:100])
    error = np.linalg.norm(camera_path(clip) - scene.path, axis=1)
    assert error[:60].max() < 0.15
    assert error[100:].max() < 0.15
    assert np.ptp(clip.root[60:100], axis=0).max() < 1e-6
    assert not clip.contacts[~clip.valid].any()


@pytest.mark.parametrize("count", [1, 2, 3, 10])
@pytest.mark.parametrize("fps", [10, 120])
def test_very_short_clips_work(body, walk, count, fps):
    scene = walk(count, fps=fps, roll=0.0, pitch=0.1)
    (clip,) = place(body, scene)
    assert len(clip) == count
    assert np.abs(camera_path(clip) - scene.path).max() < 0.1
    assert np.abs(landmark_pixels(body, clip) - scene.prediction.image).mean() < 5


def test_a_track_without_a_single_good_frame_is_placed_as_it_is(body, walk):
    scene = walk(10)
    given = scene.prediction.replace(valid=np.zeros(10, dtype=bool))
    (clip,) = place_people([given], body, *SIZE, focal_px=scene.camera.focal_px)
    assert not clip.valid.any()
    assert np.abs(camera_path(clip) - scene.path).max() < 0.2


def test_nobody_gives_no_clips(body):
    assert place_people([], body, *SIZE) == []


@pytest.mark.parametrize("height_m", [0.0, -1.8, 180.0, np.nan])
def test_a_height_no_person_has_is_refused(body, walk, height_m):
    with pytest.raises(BadHeight, match="metres"):
        place(body, walk(3), height_m=height_m)


@pytest.mark.parametrize("focal_px", [0.0, -5.0, np.inf, 35.0])
def test_a_focal_length_no_lens_has_is_refused(body, walk, focal_px):
    with pytest.raises(BadFocalLength, match="pixels"):
        place(body, walk(3), focal_px=focal_px)


def test_a_prediction_of_another_shape_is_refused(walk):
    with pytest.raises(ValueError, match="betas"):
        walk(3).prediction.replace(betas=np.zeros(10))
