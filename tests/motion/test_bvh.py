"""BVH: any names, order, units, axes and rest pose, as the same person walking the same way."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bvh_layouts import AXES, arms_down, joint_names, write_bvh
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.files.bvh import parse_bvh
from reel2rig.core.motion.files.bvh_clip import read_bvh
from reel2rig.core.motion.files.errors import (
    MotionFileCorrupt,
    MotionFileMissing,
    MotionRigUnknown,
    MotionTooLarge,
)
from reel2rig.core.motion.files.floor import sole_level
from reel2rig.core.motion.files.rates import BadRate
from reel2rig.core.motion.leg_ik import least_turn
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.retarget.roles import ROLE_OF_SMPL
from reel2rig.core.motion.skeletons import JOINT_INDEX, SMPL_PARENTS
from reel2rig.core.motion.spaces import move_clip
from walking import walking_person

WALK = walking_person(1.5)
BODY = [row for name, row in JOINT_INDEX.items() if "Foot" not in name and "Hand" not in name]


def assert_same_motion(read: MotionClip, clip: MotionClip, millimetres: float = 3.0) -> None:
    """Joints agree once the file's floor, which the walk misses by 2 mm, is taken off."""
    apart = read.joints - clip.joints
    apart[..., 2] -= np.median(apart[..., 2])
    assert np.linalg.norm(apart, axis=-1).max() < millimetres / 1000
    assert abs(sole_level(read)) < 1e-6
    assert read.space == "blender"


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("unit", [1.0, 0.01, 0.0254, 0.0254 / 0.45, 0.001])
def test_any_axis_may_be_up_and_any_unit_be_meant(axes: str, unit: float, tmp_path: Path) -> None:
    """Centimetres, inches, millimetres, CMU's own unit."""
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, axes=axes, unit=unit))
    assert_same_motion(read, WALK)
    assert read.body_scale == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_channels_may_stand_in_any_order(order: str, tmp_path: Path) -> None:
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, order=order))
    assert_same_motion(read, WALK)


@pytest.mark.parametrize("names", ["mixamo", "cmu", "unreal", "vrm", "reel2rig", "makehuman", "smpl"])
def test_hierarchies_of_all_known_names_are_people(names: str, tmp_path: Path) -> None:
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, names=names))
    assert_same_motion(read, WALK)


def test_smpl_s_names_may_be_spelled_out(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", WALK, names="smpl")
    path.write_text(path.read_text().replace("L_", "Left_").replace("R_", "Right_"))
    assert_same_motion(read_bvh(path)[0], WALK)


def test_a_rest_pose_with_lowered_arms_gives_the_same_arms(tmp_path: Path) -> None:
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, rest=arms_down()))
    assert_same_motion(read, WALK)


def test_positions_on_every_joint_are_understood(tmp_path: Path) -> None:
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, everywhere=True))
    assert_same_motion(read, WALK)


def test_a_skeleton_that_lies_at_rest_and_is_turned_up_by_its_root_stands(tmp_path: Path) -> None:
    """Offsets with y up in a world with z up: only the root's channels tell that."""
    lying = np.tile(AXES["z up"].T, (24, 1, 1))
    path = write_bvh(tmp_path / "a.bvh", WALK, axes="z up", rest=lying, order="XYZ")
    heights = [joint.offset[1] for joint in parse_bvh(path).trees[0]]
    assert max(heights) - min(heights) > 20  # centimetres along y, and next to none along z
    assert_same_motion(read_bvh(path)[0], WALK)


def test_a_rest_pose_that_no_body_has_is_replaced_by_the_straightest_frame(tmp_path: Path) -> None:
    """All bones along x at rest, legs and spine alike, as in the files of LAFAN1."""
    along_x = np.tile(np.eye(3), (24, 1, 1))
    for row, parent in enumerate(SMPL_PARENTS):
        way = WALK.rest_joints[[child for child, above in enumerate(SMPL_PARENTS) if above == row][:1]]
        if len(way) and parent >= 0:
            bone = way[0] - WALK.rest_joints[row]
            along_x[row] = least_turn(bone[None], np.array([[1.0, 0.0, 0.0]]))[0]
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, rest=along_x))
    assert np.abs(read.joints[:, BODY] - WALK.joints[:, BODY]).max() < 0.04
    assert abs(sole_level(read)) < 1e-6


def test_joints_that_lie_on_each_other_are_passed_over(tmp_path: Path) -> None:
    """CMU's hands are followed by joints of no length, and nothing tells where they end."""
    path = write_bvh(tmp_path / "a.bvh", WALK, names="cmu")
    lines = path.read_text().splitlines()
    for side in ("Left", "Right"):
        start = next(row for row, line in enumerate(lines) if line.strip() == f"JOINT {side}Hand")
        end = next(row for row in range(start, len(lines)) if lines[row].strip() == "End Site")
        nothing = ["OFFSET 0 0 0", "CHANNELS 0", "End Site", "{", "OFFSET 0 0 0", "}"]
        lines[end : end + 4] = [f"JOINT {side}FingerBase", "{", *nothing, "}"]
    path.write_text("\n".join(lines))
    assert_same_motion(read_bvh(path)[0], WALK)


def test_a_larger_person_stays_larger(tmp_path: Path) -> None:
    tall = WALK.replace(rest_joints=WALK.rest_joints * 1.15, body_scale=1.15, root=WALK.root * 1.15)
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", tall, unit=0.0254))
    assert read.body_scale == pytest.approx(1.15, abs=1e-3)
    assert_same_motion(read, tall)


def test_a_giant_of_no_known_unit_becomes_a_person(tmp_path: Path) -> None:
    (read,) = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, unit=1e-5))
    assert 0.5 < read.body_scale < 1.5


@pytest.mark.parametrize(
    ("frame_time", "fps"),
    [("0.0333667", Fraction(30000, 1001)), ("0.0083333", Fraction(120)), ("0.041667", Fraction(24))],
)
def test_the_frame_time_is_an_exact_rate(frame_time: str, fps: Fraction, tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", WALK, frame_time=frame_time)
    (read,) = read_bvh(path)
    assert (read.fps, len(read)) == (fps, len(WALK))
    assert read_bvh(path, Fraction(50))[0].fps == 50


def test_every_root_of_a_file_is_a_person(tmp_path: Path) -> None:
    other = move_clip(WALK, np.eye(3), [1.5, 0.5, 0.0])
    first, second = read_bvh(write_bvh(tmp_path / "a.bvh", WALK, other, names="cmu"))
    assert [first.track, second.track] == ["1", "2"]
    np.testing.assert_allclose(
        (second.root - first.root)[:, :2], np.tile([1.5, 0.5], (len(WALK), 1)), atol=1e-4
    )


def test_a_map_tells_what_names_do_not(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", WALK, names="smpl")
    text = path.read_text()
    odd = {joint: f"q{row}" for row, joint in enumerate(joint_names("smpl"))}
    for joint, name in sorted(odd.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(f"ROOT {joint}\n", f"ROOT {name}\n").replace(
            f"JOINT {joint}\n", f"JOINT {name}\n"
        )
    path.write_text(text)
    with pytest.raises(MotionRigUnknown, match="No person was recognised"):
        read_bvh(path)
    bones: dict[str, tuple[str, ...]] = {}
    for joint, role in ROLE_OF_SMPL.items():
        bones[role] = (*bones.get(role, ()), odd[joint])
    assert_same_motion(read_bvh(path, rig_map=RigMap("odd", bones))[0], WALK)


def test_odd_but_valid_text_is_read(tmp_path: Path) -> None:
    """Windows' line ends, a mark of UTF-8, braces at the end of lines, tabs, channels in another case."""
    path = write_bvh(tmp_path / "a.bvh", WALK)
    text = path.read_text()
    lines = text.replace("rotation", "ROTATION").splitlines()
    joined: list[str] = []
    for line in lines:
        if line.strip() == "{":
            joined[-1] += " {"
        else:
            joined.append(line.replace("  ", "\t"))
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(joined).encode())
    assert_same_motion(read_bvh(path)[0], WALK)


def test_a_file_that_ends_early_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", WALK)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-5]) + "\n" + lines[-5][:40])
    (read,) = read_bvh(path)
    assert len(read) == len(WALK) - 5
    assert "ends after" in read.notes[0]


def _changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MOTION", "MOTIO", "no MOTION"),
        ("Frames:", "Frame:", "Frames:"),
        ("OFFSET", "OFFSET x", "line"),
        ("CHANNELS 6", "CHANNELS 5", "line"),
        ("Xposition", "Wposition", "line"),
        ("JOINT", "JIONT", "line"),
        ("}", "", "hierarchy"),
    ],
)
def test_damaged_hierarchies_are_refused_with_the_place(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = _changed(write_bvh(tmp_path / "a.bvh", WALK), old, new)
    with pytest.raises(MotionFileCorrupt, match=message):
        read_bvh(path)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "a.bvh", WALK)
    words = path.read_text().rsplit(" ", 1)
    path.write_text(words[0] + " nan\n")
    with pytest.raises(MotionFileCorrupt, match="not finite"):
        read_bvh(path)
    path.write_text(words[0] + " oops " + words[1])
    with pytest.raises(MotionFileCorrupt):
        read_bvh(path)
    with pytest.raises(MotionFileMissing):
        read_bvh(tmp_path / "nowhere.bvh")
    with pytest.raises(BadRate):
        read_bvh(write_bvh(tmp_path / "c.bvh", WALK, frame_time="0"))


def test_absurd_counts_are_refused_before_memory_is_taken(tmp_path: Path, monkeypatch: Any) -> None:
    path = _changed(write_bvh(tmp_path / "a.bvh", WALK), f"Frames: {len(WALK)}", "Frames: 99999999999")
    with pytest.raises(MotionTooLarge, match="claims 99999999999 frames"):
        parse_bvh(path)
    monkeypatch.setattr("reel2rig.core.motion.files.bvh._MOST_JOINTS", 10)
    with pytest.raises(MotionTooLarge, match="joints"):
        parse_bvh(write_bvh(tmp_path / "b.bvh", WALK))


def test_a_deep_chain_is_no_danger(tmp_path: Path) -> None:
    deep = 3000
    head = ["HIERARCHY", "ROOT a0", "{", "OFFSET 0 0 0", "CHANNELS 3 Xrotation Yrotation Zrotation"]
    for number in range(1, deep):
        head += [f"JOINT a{number}", "{", "OFFSET 0 1 0", "CHANNELS 0"]
    text = "\n".join([*head, *["}"] * deep, "MOTION", "Frames: 1", "Frame Time: 0.04", "0 0 0"])
    (tmp_path / "a.bvh").write_text(text)
    with pytest.raises(MotionRigUnknown):
        read_bvh(tmp_path / "a.bvh")
