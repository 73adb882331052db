"""Clips written as the result files of other systems, in the layouts that these publish."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from numpy.typing import NDArray
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.rotations import (
    quaternion_from_matrix,
    quaternion_multiply,
    quaternion_to_matrix,
    quaternion_to_rotvec,
)
from reel2rig.core.motion.spaces import to_space

SMPL_PELVIS = np.array([-0.0018, -0.2233, 0.0282])
SMPLX_PELVIS = np.array([0.0031, -0.3514, 0.0120])
WIDTH, HEIGHT = 1280, 720
FOCAL = math.hypot(WIDTH, HEIGHT)


def level_camera(
    distance: float = 4.0, height: float = 1.4, tilt: float = 0.1
) -> tuple[NDArray[Any], NDArray[Any]]:
    """World (y up) -> camera: in front of the origin, looking back at it and a little down."""
    cos, sin = math.cos(tilt), math.sin(tilt)
    turn = np.array([[1.0, 0, 0], [0, -cos, sin], [0, -sin, -cos]])
    return turn, -turn @ np.array([0.0, height, distance])


def _vectors(clip: MotionClip) -> NDArray[Any]:
    return quaternion_to_rotvec(clip.rotations).reshape(len(clip), 72).astype(np.float32)


def _before_camera(
    clip: MotionClip, turn: NDArray[Any], shift: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Orientation (T, 4) and pelvis (T, 3) before a camera, of a clip in "world_yup"."""
    return quaternion_multiply(quaternion_from_matrix(turn), clip.rotations[:, 0]), clip.root @ turn.T + shift


def write_wham(path: Path, *clips: MotionClip, compress: Any = 0) -> Path:
    """Every person's world begins at their own feet, with a heading of its own."""
    results: dict[int, dict[str, Any]] = defaultdict(dict)
    turn, shift = level_camera()
    for number, clip in enumerate(to_space(clip, "world_yup") for clip in clips):
        orient, root = _before_camera(clip, turn, shift)
        pose = _vectors(clip)
        camera_pose = pose.copy()
        camera_pose[:, :3] = quaternion_to_rotvec(orient)
        own = quaternion_from_matrix(_heading(0.7 * number))
        world = quaternion_multiply(own, clip.rotations[:, 0])
        rest = clip.rest_joints
        hips = clip.root + np.einsum(
            "tij,j->ti", quaternion_to_matrix(clip.rotations[:, 0]), (rest[1] + rest[2]) / 2 - rest[0]
        )
        world_pose = pose.copy()
        world_pose[:, :3] = quaternion_to_rotvec(world)
        one = results[number]
        one["pose"], one["trans"] = camera_pose, (root - SMPL_PELVIS).astype(np.float32)
        one["pose_world"] = world_pose
        one["trans_world"] = ((hips - hips[0]) @ _heading(0.7 * number).T).astype(np.float32)
        one["betas"] = np.tile(np.float32([0.4, -0.3] + [0.0] * 8), (len(clip), 1))
        one["verts"] = np.zeros((len(clip), 12, 3), np.float32)
        one["frame_ids"] = clip.frames
    joblib.dump(results, path, compress=compress)
    return path


def _heading(angle: float) -> NDArray[Any]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def write_gvhmr(path: Path, clip: MotionClip, legacy: bool = False) -> Path:
    """One person; the world begins anywhere."""
    clip = to_space(clip, "world_yup")
    pose = torch.from_numpy(_vectors(clip))
    turn, shift = level_camera()
    orient, root = _before_camera(clip, turn, shift)
    betas = torch.full((len(clip), 10), 0.2)
    world = {
        "body_pose": pose[:, 3:66],
        "betas": betas,
        "global_orient": pose[:, :3],
        "transl": torch.from_numpy(clip.root + np.array([3.0, 0.77, -2.0]) - SMPLX_PELVIS).float(),
    }
    incam = world | {
        "global_orient": torch.from_numpy(quaternion_to_rotvec(orient)).float(),
        "transl": torch.from_numpy(root - SMPLX_PELVIS).float(),
    }
    lens = torch.tensor([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]]).repeat(len(clip), 1, 1)
    content = {
        "smpl_params_global": world,
        "smpl_params_incam": incam,
        "K_fullimg": lens,
        "net_outputs": {"model_output": None, "static_conf_logits": torch.zeros(len(clip), 6).half()},
    }
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


def write_phalp(path: Path, *clips: MotionClip, guessed: Sequence[int] = (), compress: Any = 3) -> Path:
    """Frames by name, all people of one in lists; in `guessed` frames the tracker had lost everybody."""
    turn, shift = level_camera()
    zoom = 5000.0 / 256.0 * max(WIDTH, HEIGHT) / FOCAL
    views = [
        (to_space(clip, "world_yup"), *_before_camera(to_space(clip, "world_yup"), turn, shift))
        for clip in clips
    ]
    frames: dict[str, Any] = {}
    for number in sorted({int(n) for clip in clips for n in clip.frames}):
        frame: dict[str, Any] = {"time": number, "shot": 0, "frame_path": f"_DEMO/a/img/{number:06d}.jpg"}
        frame |= {key: [] for key in ("tid", "bbox", "tracked_time", "size", "smpl", "camera", "embedding")}
        for tid, (clip, orient, root) in enumerate(views, 1):
            if number not in clip.frames:
                continue
            row = int(np.searchsorted(clip.frames, number))
            matrices = quaternion_to_matrix(clip.rotations[row]).astype(np.float32)
            frame["tid"].append(tid)
            frame["bbox"].append(np.array([1.0, 2, 3, 4]))
            frame["tracked_time"].append(3 if number in guessed else 0)
            frame["size"].append([HEIGHT, WIDTH])
            frame["smpl"].append(
                {
                    "global_orient": quaternion_to_matrix(orient[row])[None].astype(np.float32),
                    "body_pose": matrices[1:],
                    "betas": np.zeros(10, np.float32),
                }
            )
            frame["camera"].append(((root[row] - SMPL_PELVIS) * [1, 1, zoom]).astype(np.float32))
            frame["embedding"].append(torch.zeros(8))
        frames[frame["frame_path"]] = frame
    joblib.dump(frames, path, compress=compress)
    return path


def write_vibe(path: Path, *clips: MotionClip, system: str = "vibe") -> Path:
    """Weak perspective cameras over the whole picture."""
    turn, shift = level_camera()
    results: dict[int, dict[str, Any]] = {}
    for number, clip in enumerate((to_space(clip, "world_yup") for clip in clips), 1):
        orient, root = _before_camera(clip, turn, shift)
        pose, place = _vectors(clip), root - SMPL_PELVIS
        pose[:, :3] = quaternion_to_rotvec(orient)
        wide = 2 * FOCAL / WIDTH / place[:, 2]
        camera = np.stack([wide, wide * WIDTH / HEIGHT, place[:, 0], place[:, 1]], axis=-1)
        results[number] = {
            "pred_cam": camera[:, [0, 2, 3]],
            "orig_cam": camera,
            "verts": np.zeros((len(clip), 12, 3), np.float32),
            "pose": pose,
            "betas": np.zeros((len(clip), 10), np.float32),
            "joints2d": None,
            "bboxes": np.ones((len(clip), 4)),
            "frame_ids": clip.frames,
        }
        if system == "tcmr":
            results[number]["joints3d"] = np.zeros((len(clip), 49, 3), np.float32)
    joblib.dump(results, path)
    return path


def write_tram(folder: Path, *clips: MotionClip, moving: bool = True) -> Path:
    """A folder of results; gives the first person's file. A moving camera turns and walks along."""
    turn, shift = level_camera()
    (folder / "hps").mkdir(parents=True)
    last = max(int(clip.frames[-1]) for clip in clips)
    angles = (0.3 if moving else 0.0) * np.arange(last + 1) / (last + 1)
    to_first = np.stack([_heading(angle) for angle in angles])
    walked = np.arange(last + 1)[:, None] * np.array([0.01, 0.0, 0.004]) * moving
    for number, clip in enumerate(to_space(clip, "world_yup") for clip in clips):
        orient, root = _before_camera(clip, turn, shift)
        back = np.swapaxes(to_first[clip.frames], -1, -2)
        matrices = quaternion_to_matrix(clip.rotations)
        matrices[:, 0] = back @ quaternion_to_matrix(orient)
        place = np.einsum("tij,tj->ti", back, root - walked[clip.frames]) - SMPL_PELVIS
        content = {
            "pred_cam": torch.ones(len(clip), 3),
            "pred_pose": torch.zeros(len(clip), 144),
            "pred_shape": torch.zeros(len(clip), 10),
            "pred_rotmat": torch.from_numpy(matrices).float(),
            "pred_trans": torch.from_numpy(place).float()[:, None],
            "frame": torch.from_numpy(np.array(clip.frames)),
        }
        np.save(folder / "hps" / f"hps_track_{number}.npy", np.array(content, dtype=object))
    camera = {
        "pred_cam_R": to_first.astype(np.float32),
        "pred_cam_T": walked.astype(np.float32),
        "img_focal": np.float32(FOCAL),
        "img_center": np.float32([WIDTH / 2, HEIGHT / 2]),
    }
    np.save(folder / "camera.npy", np.array(camera, dtype=object))
    return folder / "hps" / "hps_track_0.npy"
