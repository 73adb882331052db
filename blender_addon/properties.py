"""What the user chooses in the panel, kept with the scene."""

from __future__ import annotations

import json
from typing import Any

import bpy

from .scanned_people import ScannedPerson
from .scene.build import BuildOptions
from .ticks import measured
from .video_facts import VideoFacts, known_facts, read_facts

# Since 4.5 Blender keeps a path relative to the .blend only where a property says that it understands one.
RELATIVE_PATH = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()


def _video_chosen(chosen: CaptureProperties, context: bpy.types.Context) -> None:
    if chosen.video:
        read_facts(chosen.video_path())
    with measured("update"):
        _fit_range(chosen)


def _range_chosen(chosen: CaptureProperties, context: bpy.types.Context) -> None:
    with measured("update"):
        _fit_range(chosen)


def _fit_range(chosen: CaptureProperties) -> None:
    """Keep the range within the video. A value that changes here calls this again, and then fits."""
    facts = chosen.facts()
    start, end = chosen.trim_start, chosen.trim_end
    if facts and facts.frame_count:
        start, end = min(start, facts.frame_count - 1), min(end, facts.frame_count - 1)
    if end and end < start:
        end = start
    if start != chosen.trim_start:
        chosen.trim_start = start
    if end != chosen.trim_end:
        chosen.trim_end = end


class CaptureProperties(bpy.types.PropertyGroup):
    video: bpy.props.StringProperty(
        name="Video", description="The video to capture people from", update=_video_chosen
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
    people: bpy.props.CollectionProperty(
        name="Found People",
        description="The people that were found in the video",
        type=ScannedPerson,
        options={"SKIP_SAVE"},
    )
    person_index: bpy.props.IntProperty(name="Person", description="The person shown in the large picture")
    scan_folder: bpy.props.StringProperty(options={"HIDDEN"})
    scan_question: bpy.props.StringProperty(options={"HIDDEN"})
    max_people: bpy.props.IntProperty(
        name="Max People", description="How many people are looked for", default=4, min=1, max=20
    )
    trim: bpy.props.BoolProperty(name="Frame Range", description="Capture a part of the video only")
    trim_start: bpy.props.IntProperty(
        name="Start", description="First video frame, counted from 0", min=0, update=_range_chosen
    )
    trim_end: bpy.props.IntProperty(
        name="End",
        description="Last video frame, counted from 0; 0 means the end of the video",
        min=0,
        update=_range_chosen,
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Strength of the smoothing over time; 0 is none. It can be changed after the capture",
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
    landmark_model: bpy.props.StringProperty(
        name="Landmark Model",
        description="A PoseLandmarker file (.task) of your own. Empty: the one that comes with the worker",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
    )
    checkpoint: bpy.props.StringProperty(
        name="Motion Network",
        description="Your own checkpoint, trained on landmarks. Empty: the one that comes with the worker",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
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

    def video_path(self) -> str:
        """The absolute path of the video, or "" when none is chosen."""
        return bpy.path.abspath(self.video) if self.video else ""

    def facts(self) -> VideoFacts | None:
        """What is known of the video, without touching the disk."""
        return known_facts(self.video_path()) if self.video else None

    def settings(self) -> dict[str, Any]:
        """The choices as the worker's capture settings; the rest keeps the worker's default.

        The worker smooths nothing: Blender does, from the clip as it came, so that it can be changed.

        Raises BodyFileMissing, BodyFileUnchosen.
        """
        chosen = self.search_settings() | {
            "person": self._person(),
            "smoothing": 0.0,
            "device": self.device,
        }
        if self.use_height:
            chosen["height_m"] = round(self.height, 4)
        if self.use_focal:
            chosen["focal_px"] = round(self.focal, 3)
        body = self.id_data.reel2rig_body.setting()
        return chosen | _given(checkpoint=self.checkpoint) | ({} if body == "free" else {"body": body})

    def search_settings(self) -> dict[str, Any]:
        """Those of the settings that who is found depends on."""
        chosen: dict[str, Any] = {"max_people": self.max_people}
        if self.trim:
            chosen["start"] = str(self.trim_start)
            # The panel counts the last frame in, as Blender does; the worker's end is exclusive.
            chosen["end"] = str(self.trim_end + 1) if self.trim_end else None
        return chosen | _given(landmark_model=self.landmark_model)

    def question(self) -> str:
        """What a list of people answers: it does not hold for another video, or other settings."""
        return json.dumps([self.video_path(), self.search_settings()])

    def has_list(self) -> bool:
        """Whether the list of people is one of this video, with these settings."""
        return len(self.people) > 0 and self.scan_question == self.question()

    def build_options(self) -> BuildOptions:
        """The choices about what is built in the scene."""
        start = self.start_frame if self.choose_start else None
        return BuildOptions(frame_start=start, skin=self.skin, camera=self.camera)

    def person_unseen(self) -> str:
        """Who is captured of a video whose people are not listed."""
        return self.person_ids.strip() if self.person == "ids" else self.person

    def _person(self) -> str:
        if self.has_list():
            return ",".join(str(person.number) for person in self.people if person.chosen)
        return self.person_unseen()


def _given(**files: str) -> dict[str, str]:
    """The absolute paths of those files that the user has named."""
    return {name: bpy.path.abspath(file.strip()) for name, file in files.items() if file.strip()}


CLASSES = (ScannedPerson, CaptureProperties)


def attach() -> None:
    bpy.types.Scene.reel2rig = bpy.props.PointerProperty(type=CaptureProperties)


def detach() -> None:
    del bpy.types.Scene.reel2rig


def of(scene: bpy.types.Scene) -> CaptureProperties:
    """The choices kept with a scene."""
    return scene.reel2rig
