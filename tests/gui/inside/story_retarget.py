"""With the .blend of a capture and a rig: a click puts the motion onto the rig, one undo takes it off."""

from __future__ import annotations

import bpy
import numpy as np
from hands import click, event, find, key, press, type_text
from mathutils import Vector
from stage import Stage, Steps
from view import approach, centre, people

Pairs = dict[tuple[str, str], tuple[str, str]]
# The two joints between which a bone of the person lies, and of the hero's.
ARMS: Pairs = {("UpperArm", "Forearm"): ("Arm", "ForeArm"), ("Forearm", "Hand"): ("ForeArm", "Hand")}
LEGS: Pairs = {("Thigh", "Shin"): ("UpLeg", "Leg"), ("Shin", "Foot"): ("Leg", "Foot")}


def story(stage: Stage) -> Steps:
    stage.install(
        folded=("REEL2RIG_PT_capture", "REEL2RIG_PT_people", "REEL2RIG_PT_cleanup", "REEL2RIG_PT_camera"),
        unfolded=("REEL2RIG_PT_retarget", "REEL2RIG_PT_rig_map"),
    )
    bpy.ops.wm.open_mainfile(filepath=stage.given["blend"], load_ui=False)
    yield 0.5
    yield from stage.show_sidebar()
    person, hero = people()[0], build_hero(stage)
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing == person)
    bpy.context.view_layer.objects.active = person
    yield from approach(stage)
    yield from chosen(stage, hero)
    yield from retargeted(stage, person, hero)


def build_hero(stage: Stage) -> bpy.types.Object:
    """The rig whose bones the test has given."""
    given = stage.given["rig"]
    hero = bpy.data.objects.new("Hero", bpy.data.armatures.new("Hero"))
    bpy.context.scene.collection.objects.link(hero)
    bpy.context.view_layer.objects.active = hero
    bpy.ops.object.mode_set(mode="EDIT")
    bones = [hero.data.edit_bones.new(name) for name in given["names"]]
    for row, bone in enumerate(bones):
        bone.head, bone.tail = given["heads"][row], given["tails"][row]
        bone.align_roll(Vector(given["fronts"][row]))
        if given["parents"][row] >= 0:
            bone.parent = bones[given["parents"][row]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return hero


def chosen(stage: Stage, hero: bpy.types.Object) -> Steps:
    """The rig is searched by its name, and recognised."""
    place = yield from find(stage, "Scene.target")
    yield from click(stage, place)
    yield 0.3
    yield from type_text(stage, "hero", place)
    yield 0.3
    yield from key(stage, "RET", place)
    yield from stage.until(lambda: bpy.context.scene.reel2rig_retarget.target == hero, 5, "the rig")
    fields = stage.part("blender_addon.rig_map_fields")
    stage.fact(recognised=fields.kept_map(hero).name)
    yield from stage.drawn()
    yield from stage.picture("chosen")


def retargeted(stage: Stage, person: bpy.types.Object, hero: bpy.types.Object) -> Steps:
    """The button is pressed; the hero's arms and legs point as the person's do; one undo takes all back."""
    before = {action.name for action in bpy.data.actions}
    yield from press(stage, "reel2rig.retarget(")
    yield from stage.until(lambda: len(bpy.data.actions) > len(before), 20, "the action")
    yield 0.5
    first, last = hero.animation_data.action.frame_range
    apart = []
    for frame in np.linspace(first, last, 5).astype(int):
        bpy.context.scene.frame_set(int(frame))
        bpy.context.view_layer.update()
        apart.append([farthest(person, hero, pairs) for pairs in (ARMS, LEGS)])
    arms, legs = np.max(apart, axis=0)
    stage.fact(action=hero.animation_data.action.name, arms_apart=float(arms), legs_apart=float(legs))
    bpy.context.scene.frame_set(int((first + last) / 2))
    hero.location.x += 1.0  # beside the person, to be seen
    hero.select_set(True)
    yield from approach(stage)
    yield from stage.picture("retargeted")
    place = centre(stage)
    event(stage, "MOUSEMOVE", "NOTHING", place)
    yield 0.1
    yield from key(stage, "Z", place, ctrl=True)
    yield 1.0
    stage.fact(one_undo_takes_it_back={action.name for action in bpy.data.actions} == before)


def farthest(person: bpy.types.Object, hero: bpy.types.Object, pairs: Pairs) -> float:
    """Degrees between limbs of the two, at most."""
    return max(
        float(np.degrees(along(person, f"{top}.{side}", f"{end}.{side}").angle(along(hero, *onto))))
        for (top, end), names in pairs.items()
        for side, name in (("L", "Left"), ("R", "Right"))
        for onto in [tuple(f"mixamorig:{name}{one}" for one in names)]
    )


def along(rig: bpy.types.Object, top: str, end: str) -> Vector:
    heads = [rig.matrix_world @ rig.pose.bones[name].head for name in (top, end)]
    return heads[1] - heads[0]
