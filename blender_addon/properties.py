"""What the user chooses in the panel, kept with the scene."""

from __future__ import annotations

from typing import Any

import bpy

from .scene.build import BuildOptions


class CaptureProperties(bpy.types.PropertyGroup):
    video: bpy.props.StringProperty(
        name="Video", description="The video to capture people from", subtype="FILE_PATH"
    )
    person: bpy.props.EnumProperty(
        name="People",
        description="Who is captured",
        items=[
            ("longest", "Longest", "The person who is seen in most frames"),
            ("all", "Everyone", "All people that are found"),
            ("ids", "By Number", "The people whose numbers you give"),
        ],
        default="longest",
    )
    person_ids: bpy.props.StringProperty(
        name="Numbers", description="Numbers of the people to capture, such as 1,3", default="1"
    )
    max_people: bpy.props.IntProperty(
        name="At Most", description="How many people are looked for", default=4, min=1, max=20
    )
    trim: bpy.props.BoolProperty(name="Trim", description="Capture a part of the video only")
    trim_start: bpy.props.IntProperty(name="From", description="First video frame, counted from 0", min=0)
    trim_end: bpy.props.IntProperty(
        name="To", description="Last video frame, counted from 0; 0 means the end of the video", min=0
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Strength of the smoothing over time; 0 is none",
        default=2,
        min=0,
        max=30,
    )
    use_height: bpy.props.BoolProperty(
        name="Known Height", description="Scale everything by a height you know"
    )
    height: bpy.props.FloatProperty(
        name="Height",
        description="Standing height of the first person, in metres",
        default=1.75,
        min=0.3,
        max=3,
    )
    use_focal: bpy.props.BoolProperty(name="Known Focal Length", description="Use a focal length you know")
    focal: bpy.props.FloatProperty(
        name="Focal Length", description="In pixels of the upright video", default=1500, min=10, max=100000
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="What the worker computes on",
        items=[
            ("auto", "Automatic", "The GPU when PyTorch can use it, else the CPU"),
            ("cpu", "CPU", "The processor"),
            ("cuda", "CUDA", "An NVIDIA graphics card"),
            ("mps", "Apple GPU", "The GPU of an Apple computer"),
        ],
        default="auto",
    )
    choose_start: bpy.props.BoolProperty(
        name="Start Frame", description="Put the first captured video frame on a frame of your choice"
    )
    start_frame: bpy.props.IntProperty(
        name="Start",
        description="Scene frame of the first captured video frame",
        default=1,
        min=0,
        max=900000,
    )
    skin: bpy.props.BoolProperty(name="Body Mesh", description="Build the skinned body too", default=True)
    camera: bpy.props.BoolProperty(
        name="Camera", description="Build the camera that filmed, with the video behind it", default=True
    )

    def settings(self) -> dict[str, Any]:
        """The choices as the worker's capture settings; the rest keeps the worker's default."""
        chosen: dict[str, Any] = {
            "person": self.person_ids.strip() if self.person == "ids" else self.person,
            "max_people": self.max_people,
            "smoothing": round(self.smoothing, 4),
            "device": self.device,
        }
        if self.trim:
            chosen["start"] = str(self.trim_start)
            # The panel counts the last frame in, as Blender does; the worker's end is exclusive.
            chosen["end"] = str(self.trim_end + 1) if self.trim_end else None
        if self.use_height:
            chosen["height_m"] = round(self.height, 4)
        if self.use_focal:
            chosen["focal_px"] = round(self.focal, 3)
        return chosen

    def build_options(self) -> BuildOptions:
        """The choices about what is built in the scene."""
        start = self.start_frame if self.choose_start else None
        return BuildOptions(frame_start=start, skin=self.skin, camera=self.camera)


CLASSES = (CaptureProperties,)


def attach() -> None:
    bpy.types.Scene.reel2rig = bpy.props.PointerProperty(type=CaptureProperties)


def detach() -> None:
    del bpy.types.Scene.reel2rig


def of(scene: bpy.types.Scene) -> CaptureProperties:
    """The choices kept with a scene."""
    return scene.reel2rig
