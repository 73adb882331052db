"""A motion onto a rig of the scene: what the operator, the command line and the API call."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ....core.errors import InputError
from ....core.motion.retarget.ik_controls import control_bones, with_ik_controls
from ....core.motion.retarget.options import RetargetOptions
from ....core.motion.retarget.rig_map import RigMap
from ....core.motion.retarget.transfer import retarget
from .agreement import disagreements
from .carriers import bind
from .playing import new_action_playing, nla_note, refuse_linked, refuse_unposable
from .read_rig import place_of, read_skeleton, refuse_no_armature
from .rig_maps import note_rig_map, rig_map_of, seen_map_of
from .source_motion import source_motion
from .stage import on_stage
from .switches import key_switches, switched
from .write_target import cleared_channels, keep_locks, write_target


class SameRig(InputError):
    code = "retarget.same_rig"


@dataclass(frozen=True, eq=False)
class Retargeted:
    """What a retarget made.

    Attributes:
        action: the new one, which the target plays. frames: first and last scene frame with keys.
        notes: sentences for the user.
    """

    action: bpy.types.Action
    frames: tuple[float, float]
    notes: tuple[str, ...]


def retarget_rig(
    scene: bpy.types.Scene,
    source: bpy.types.Object,
    target: bpy.types.Object,
    rig_map: RigMap | None = None,
    options: RetargetOptions | None = None,
    name: str | None = None,
) -> Retargeted:
    """Let the armature `target` do what the armature `source` does, as keys of one new action.

    The source is read as it is seen: its action, corrections and strips on top, constraints. Of the target
    only its animation changes: what it played before is kept, no bone, constraint, driver or rotation mode
    is touched, and bones without a role are left alone. Switches between FK and IK that its map names are
    set, and keyed in the same action.

    Args:
        rig_map: of the target; without, that which is kept with it or its bones tell.
        name: of the action; "<source> on <target>" without.

    Raises SameRig, LinkedRig, NotPosed, NotRecognised, NoArmature, UnevenScale, NoMotion, MotionTooLong,
    UnfitRig, BadRigMap and BadRetarget, each before anything is changed.
    """
    options = options or RetargetOptions()
    if source == target:
        raise SameRig(f"{source.name} cannot be retargeted onto itself; choose another target.")
    for rig in (source, target):
        refuse_no_armature(rig)
    refuse_linked(target)
    refuse_unposable(source)
    refuse_unposable(target)
    rig_map = rig_map or rig_map_of(target)
    motion = source_motion(scene, source, seen_map_of(source))
    unit = 1.0 / scene.unit_settings.scale_length
    with on_stage(scene, target) as stage:
        there = stage.evaluated(target)
        skeleton, place = read_skeleton(there, unit), place_of(there, unit)
        wanted = retarget(motion, skeleton, rig_map, options)
        others = control_bones(rig_map, skeleton) if options.controls != "fk" else ()
        keyed = [*wanted.turns, *others]
        cleared = cleared_channels(target, keyed, {*wanted.heads, *others})
        with (
            new_action_playing(target, name or f"{source.name} on {target.name}") as action,
            switched(target, rig_map, options.controls) as notes,
        ):
            binding = bind(stage, target, keyed, cleared)
            wanted = keep_locks(target, wanted, skeleton, binding)
            wanted = with_ik_controls(wanted, skeleton, rig_map, binding.carriers, options)
            notes += write_target(target, action, wanted, skeleton, binding, place.metres, cleared)
            note_rig_map(target, action, rig_map)
            key_switches(target, action, rig_map, options.controls, float(wanted.frames[0]))
        notes += disagreements(stage, target, wanted, skeleton, place)
    # What is on screen follows: the scene's own frame, with the new action.
    action.update_tag()
    target.update_tag(refresh={"TIME"})
    seen = wanted.frames[~wanted.held]
    return Retargeted(action, (float(seen[0]), float(seen[-1])), wanted.notes + notes + nla_note(target))
