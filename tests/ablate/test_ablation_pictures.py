"""Pictures in the manner of the paper's figures 5 to 8."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from reel2rig.core.ablate.anchor_frames import Bodies, common, compare_anchors, frame_errors
from reel2rig.core.ablate.anchor_picture import GAP, PANEL, ComparedFrame, Posed, anchor_sheet
from reel2rig.core.ablate.capture_picture import NothingToShow, capture_sheet, moment
from reel2rig.core.ablate.mesh_view import Viewpoint, draw_meshes, laid_over, reduced, side_view
from reel2rig.core.ablate.pictures import UnequalPairs, film_person, pictures_of_anchors, write_picture
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.synthetic import write_synthetic_database
from reel2rig.core.errors import UnknownFormat
from reel2rig.core.evaluate.rendering import silhouette
from reel2rig.core.motion.body import BodyTemplate, load_body
from reel2rig.core.motion.clip import Camera, MotionClip
from reel2rig.core.network.checkpoint import save
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import GruConfig, NetworkConfig, RegressorConfig, Stage1Config
from reel2rig.core.video.reader import read_frames

TOWARDS = np.diag([1.0, -1.0, -1.0])  # a y-up body turned to face an OpenCV camera


@pytest.fixture(scope="module")
def body() -> BodyTemplate:
    return load_body()


@pytest.fixture(scope="module")
def standing(body: BodyTemplate) -> np.ndarray:
    """Vertices of the T-pose three metres before a camera."""
    return body.shaped_vertices(np.zeros(10)) @ TOWARDS + [0.0, 0.0, 3.0]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    folder = tmp_path_factory.mktemp("anchors") / "db"
    return open_database(write_synthetic_database(folder, tracks=3, frames=18, C=16))


def network(seed: int) -> BodyNetwork:
    torch.manual_seed(seed)
    config = NetworkConfig(
        C=16, stage1=Stage1Config(d_k=4), gru=GruConfig(hidden=8), regressor=RegressorConfig(hidden=8)
    )
    return BodyNetwork(config).eval()


def identity_clip(camera: Camera | None, frames: int = 3) -> MotionClip:
    rotations = np.zeros((frames, 24, 4))
    rotations[..., 0] = 1.0
    rotations[:, 0] = [0.0, 1.0, 0.0, 0.0]  # half a turn about x: upright in camera axes
    return MotionClip(
        rotations=rotations,
        root=np.tile([0.0, 0.0, 3.0], (frames, 1)),
        betas=np.zeros(10),
        rest_joints=load_body().joints(np.zeros(10)),
        fps=Fraction(30),
        frames=np.arange(frames),
        valid=np.ones(frames, bool),
        contacts=np.zeros((frames, 4)),
        space="camera_cv",
        camera=camera,
    )


def test_a_drawn_mesh_covers_its_silhouette(body: BodyTemplate, standing: np.ndarray) -> None:
    view = Viewpoint(np.eye(3), np.zeros(3), 150.0, 120, 140)
    drawn = draw_meshes([standing], body.faces, view, [(120, 160, 200)])[..., 3] > 127
    truth = silhouette(standing, body.faces, 150.0, 120, 140)
    assert (drawn & truth).sum() / (drawn | truth).sum() > 0.9


def test_the_nearer_body_hides_the_farther_one(body: BodyTemplate, standing: np.ndarray) -> None:
    view = Viewpoint(np.eye(3), np.zeros(3), 150.0, 120, 140)
    half_a_metre = np.array([0, 0, 0.5])
    near, far = standing - half_a_metre, standing + half_a_metre
    picture = draw_meshes([near, far], body.faces, view, [(255, 0, 0), (0, 0, 255)])
    chest = picture[view.height // 2, view.width // 2]
    assert chest[0] > chest[2]


def test_the_side_view_looks_from_the_right_and_keeps_up_up() -> None:
    view = side_view(np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.zeros(3), 2.0, 100)
    centre, above, farther, right = view.pixels(
        np.array([[0.0, 0, 0], [0, -0.5, 0], [0, 0, 0.5], [0.5, 0, 0]])
    )
    np.testing.assert_allclose(centre, [50, 50])
    np.testing.assert_allclose(above, [50, 25])
    np.testing.assert_allclose(farther, [75, 50])
    np.testing.assert_allclose(right, [50, 50], atol=1e-9)
    assert view.see(np.array([0.5, 0, 0]))[2] < view.see(np.zeros(3))[2], "what is right is nearer"


def test_a_tilted_side_view_is_a_rotation_that_looks_down() -> None:
    up = np.array([0.0, 1.0, 0.0])
    view = side_view(up, np.array([0.3, 0.2, 1.0]), np.zeros(3), 2.0, 100, above=10.0)
    np.testing.assert_allclose(view.rotation @ view.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(view.rotation) == pytest.approx(1.0)
    assert view.rotation[2] @ up == pytest.approx(-np.sin(np.radians(10.0)))


def test_edges_keep_their_colour() -> None:
    canvas = np.zeros((6, 6, 4), np.uint8)
    canvas[:, :4] = (200, 100, 50, 255)
    edge = reduced(canvas)[0, 1]
    np.testing.assert_array_equal(edge, [200, 100, 50, 85])
    white = np.full((2, 2, 3), 255, np.uint8)
    np.testing.assert_array_equal(laid_over(white, reduced(canvas))[0, 0], [200, 100, 50])


def test_the_body_is_drawn_where_the_camera_sees_it(body: BodyTemplate) -> None:
    camera = Camera(150.0, 120, 140, np.eye(3), np.zeros(3))
    over, beside = moment([identity_clip(camera)], body, 1)
    rows, columns = np.nonzero(over[..., 3] > 127)
    assert over.shape == (140, 120, 4)
    assert abs(columns.mean() - 60) < 3
    assert beside[..., 3].any()
    assert not moment([identity_clip(camera)], body, 1)[0][0, 0, 3]
    assert rows.min() < 70 < rows.max()


def test_a_clip_without_camera_is_refused(body: BodyTemplate, tmp_path: Path) -> None:
    with pytest.raises(NothingToShow, match="solved camera"):
        capture_sheet(tmp_path / "a.mp4", [identity_clip(None)], body)


def test_a_sheet_has_a_column_a_moment(body: BodyTemplate, tmp_path: Path) -> None:
    video = film_person(tmp_path / "person.mp4", seed=1, frames=3)
    first = next(iter(read_frames(video)))
    height, width = first.image.shape[:2]
    camera = Camera(1000.0, width, height, np.eye(3), np.zeros(3))
    two = capture_sheet(video, [identity_clip(camera)], body, moments=2)
    three = capture_sheet(video, [identity_clip(camera)], body, moments=3)
    assert three.shape[0] == two.shape[0]
    assert three.shape[1] / 3 == two.shape[1] / 2


def test_perfect_bodies_have_no_errors(database: Database) -> None:
    compared = compare_anchors(network(1), network(2), database, BodyLayer())
    for errors in frame_errors(compared.truth, compared.truth).values():
        np.testing.assert_allclose(errors, 0, atol=1e-3)


def test_head_to_wrists_is_measured_in_centimetres() -> None:
    joints = np.random.default_rng(0).normal(size=(1, 49, 3))
    moved = joints.copy()
    wrist, head = 36, 38
    out = joints[:, wrist] - joints[:, head]
    moved[:, wrist] += 0.1 * out / np.linalg.norm(out)
    same = Bodies(np.zeros((1, 24, 3, 3)), np.zeros((1, 10)), joints)
    other = Bodies(same.rotations, same.betas, moved)
    assert frame_errors(other, same)["head_wrists"] == pytest.approx([5.0])  # mean of 10 and 0


def test_frames_that_differ_most_come_from_different_tracks(database: Database) -> None:
    compared = compare_anchors(network(1), network(2), database, BodyLayer())
    chosen = compared.most_different(3)
    assert len({compared.tracks[index] for index in chosen}) == 3
    errors = [
        frame_errors(b, compared.truth)["pa_mpjpe"] for b in (compared.with_anchor, compared.without_anchor)
    ]
    assert chosen[0] == np.abs(errors[0] - errors[1]).argmax()
    assert compared.drawn(4, seed=5) == compared.drawn(4, seed=5)
    assert common(compared.truth).shape == (54, 14, 3)


def test_truth_is_read_in_camera_axes(database: Database) -> None:
    """The truth's joints are those of the database, about the pelvis."""
    compared = compare_anchors(network(1), network(1), database, BodyLayer())
    stored = database.read("joints3D", 0, len(database))
    ours = compared.truth.joints
    np.testing.assert_allclose(ours - ours[:, 39:40], stored - stored[:, 39:40], atol=2e-4)


def test_an_anchor_sheet_has_a_row_a_frame(body: BodyTemplate) -> None:
    posed = Posed(np.tile(np.eye(3), (24, 1, 1)), np.zeros(10))
    frame = ComparedFrame("one", posed, posed, posed)
    one, two = anchor_sheet([frame], body), anchor_sheet([frame, frame], body)
    assert one.shape[1] == 8 * PANEL + 7 * GAP
    assert two.shape[0] - one.shape[0] >= PANEL


def test_two_checkpoints_become_pictures_and_a_summary(database: Database, tmp_path: Path) -> None:
    trained, other = tmp_path / "with.safetensors", tmp_path / "without.safetensors"
    for seed, path in ((4, trained), (7, other)):
        save(network(seed), path)
    made = pictures_of_anchors([trained], [other], database.path, tmp_path / "out", frames=2)
    assert [path.name for path in made] == [
        "anchors-most-different.jpg",
        "anchors-random.jpg",
        "anchors.json",
    ]
    assert cv2.imread(str(made[0])).shape == cv2.imread(str(made[1])).shape


def test_checkpoints_come_in_pairs(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UnequalPairs, match="2 with and 1 without"):
        pictures_of_anchors([tmp_path] * 2, [tmp_path], database.path, tmp_path / "out")


def test_only_pictures_are_written_as_pictures(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match=r"\.jpg"):
        write_picture(tmp_path / "picture.gif", np.zeros((4, 4, 3), np.uint8))
    image = np.full((4, 4, 3), (10, 20, 200), np.uint8)
    read = cv2.imread(str(write_picture(tmp_path / "picture.png", image)))
    np.testing.assert_array_equal(read[..., ::-1], image)
