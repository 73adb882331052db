"""Retargeting as the panel shows it: from which armature onto which, with which options."""

from __future__ import annotations

import bpy

from ..core.motion.retarget.options import RetargetOptions
from .rig_map_fields import note_rig
from .scene.people import active_person, chosen_people, is_person


def _is_armature(choice: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type == "ARMATURE"


def _is_rig(choice: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type == "ARMATURE" and thing != choice.source


def _source_chosen(choice: RetargetChoice, context: bpy.types.Context) -> None:
    if choice.source is not None and _is_armature(choice, choice.source) and not is_person(choice.source):
        note_rig(choice.source)


def _target_chosen(choice: RetargetChoice, context: bpy.types.Context) -> None:
    # A script can set what the field does not offer.
    if choice.target is not None and _is_armature(choice, choice.target):
        note_rig(choice.target)


class RetargetChoice(bpy.types.PropertyGroup):
    source: bpy.props.PointerProperty(
        name="From",
        description="The armature whose motion is taken; without one, the selected captured person",
        type=bpy.types.Object,
        poll=_is_armature,
        update=_source_chosen,
    )
    target: bpy.props.PointerProperty(
        name="Onto",
        description="The rig that gets the motion",
        type=bpy.types.Object,
        poll=_is_rig,
        update=_target_chosen,
    )
    travel: bpy.props.EnumProperty(
        name="Path",
        description="How much of the way through the room the rig makes",
        items=[
            ("FULL", "Full", "Across the floor, up and down"),
            ("HORIZONTAL", "Across the Floor", "At the standing height of the rig, without up and down"),
            ("IN_PLACE", "In Place", "On the spot, only up and down"),
        ],
    )
    carrier: bpy.props.EnumProperty(
        name="Carried By",
        description="Which bone carries the way across the floor",
        items=[
            ("HIPS", "Hips", "The hips carry everything"),
            ("ROOT", "Root Bone", "The root bone carries the way across the floor, as game engines want it"),
        ],
    )
    scale_by: bpy.props.EnumProperty(
        name="Scale",
        description="How much longer or shorter the way is than the source's",
        items=[
            ("LEGS", "Leg Length", "As the legs' lengths relate, so that steps fit the rig"),
            ("SAME", "Unscaled", "As long as the source's way, to stay in step with other people and sets"),
            ("NUMBER", "Custom", "By a number"),
        ],
    )
    scale: bpy.props.FloatProperty(
        name="Factor",
        description="Length of the way on the rig, divided by that of the source",
        default=1,
        min=0.0001,
        max=10000,
        soft_min=0.1,
        soft_max=10,
        precision=3,
        step=1,
    )
    feet: bpy.props.BoolProperty(
        name="Feet Planted",
        description="Hold feet still while they stand, with their soles on the floor",
        default=True,
    )
    reach: bpy.props.BoolProperty(
        name="Hand Reach",
        description="Bring the hands to where the source has them, instead of keeping the angles of the arms",
    )
    twist: bpy.props.BoolProperty(
        name="Twist Bones",
        description="Give the twist bones of arms and legs their share, where the map has some",
        default=True,
    )
    controls: bpy.props.EnumProperty(
        name="Controls",
        description="Which controls of arms and legs get keys, where the rig has both kinds",
        items=[
            ("FK", "FK", "The controls that turn each bone"),
            ("IK", "IK", "The controls that hands and feet follow"),
            ("BOTH", "Both", "Both, in agreement; the rig is switched to FK"),
        ],
    )
    fingers: bpy.props.EnumProperty(
        name="Fingers",
        description="What becomes of the fingers, which are not captured",
        items=[
            ("UNTOUCHED", "Untouched", "As the rig has them"),
            ("RELAXED", "Relaxed", "One relaxed pose, keyed once"),
        ],
    )
    mapped: bpy.props.EnumProperty(
        name="Bone Map Of",
        description="Whose bone map is shown",
        items=[
            ("TARGET", "Onto", "The rig that gets the motion"),
            ("SOURCE", "From", "The armature whose motion is taken"),
        ],
    )

    def options(self) -> RetargetOptions:
        """The options as the retarget takes them. Raises BadRetarget."""
        return RetargetOptions(
            travel=self.travel.lower().replace("_", " "),
            carrier=self.carrier.lower(),
            # A slider is single precision: 0.1 comes as 0.100000001.
            scale={"LEGS": None, "SAME": 1.0, "NUMBER": round(self.scale, 6)}[self.scale_by],
            feet=self.feet,
            reach=self.reach,
            twist=self.twist,
            controls=self.controls.lower(),
            fingers=self.fingers.lower(),
        )


def chosen_target(context: bpy.types.Context) -> bpy.types.Object | None:
    """The rig that gets the motion; None without one in this scene."""
    return _here(context, context.scene.reel2rig_retarget.target)


def chosen_source(context: bpy.types.Context) -> bpy.types.Object | None:
    """The armature whose motion is taken: the chosen one, else the active or selected captured person."""
    chosen = _here(context, context.scene.reel2rig_retarget.source)
    return chosen or active_person(context) or next(iter(chosen_people(context)), None)


def mapped_rig(context: bpy.types.Context) -> bpy.types.Object | None:
    """The armature whose bone map is shown: the target's, or the source's where that is wanted and possible.

    A captured person's map is known and not shown.
    """
    if context.scene.reel2rig_retarget.mapped == "SOURCE":
        source = chosen_source(context)
        if source is not None and not is_person(source):
            return source
    return chosen_target(context)


def _here(context: bpy.types.Context, thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """An armature unless it was deleted: what a property points to outlives that."""
    if thing is None or thing.type != "ARMATURE" or thing.name not in (there := context.scene.objects):
        return None
    # A linked object and its override bear the same name.
    return thing if there[thing.name] == thing or thing in there.values() else None


CLASSES = (RetargetChoice,)


def attach() -> None:
    bpy.types.Scene.reel2rig_retarget = bpy.props.PointerProperty(type=RetargetChoice)


def detach() -> None:
    del bpy.types.Scene.reel2rig_retarget
