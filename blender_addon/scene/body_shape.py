"""Shape and size of a captured person after the capture: bones, mesh and contact with the floor together.

The shape is one JSON text on the armature; the packed clip stays as the capture left it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import FileCorrupt
from ...core.motion.body import SHAPE_COUNT, BodyTemplate, free_body_path, load_body
from ...core.motion.clip import MotionClip
from ...core.motion.reshape import reshape_clip, standing_height
from .armature import move_rest, rest_heads
from .bone_axes import RestBones, rest_bones
from .packed import read_about, unpack_clip
from .people import skins_of
from .skin import build_skin, reshape_skin, rest_pelvis

Array = NDArray[np.float64]
PROPERTY = "reel2rig_shape"


class ShapeCorrupt(FileCorrupt):
    code = "shape.corrupt"


@dataclass(frozen=True)
class Shape:
    """`betas` (10) of the person's body model and `scale`, how many times as large as the model they are."""

    betas: tuple[float, ...]
    scale: float

    @classmethod
    def of(cls, clip: MotionClip) -> Shape:
        """As it was captured."""
        return cls(tuple(float(beta) for beta in clip.betas), clip.body_scale)

    @classmethod
    def read(cls, text: object) -> Shape | None:
        """The shape in a JSON text, or None when it holds none."""
        try:
            data = json.loads(text)  # type: ignore[arg-type]
            betas, scale = tuple(float(beta) for beta in data["betas"]), float(data["scale"])
        except (ValueError, KeyError, TypeError):
            return None
        sound = len(betas) == SHAPE_COUNT and np.isfinite([*betas, scale]).all() and scale > 0
        return cls(betas, scale) if sound else None


def body_of(person: bpy.types.Object) -> BodyTemplate:
    """The body model that a person was captured with. Raises what `load_body` raises."""
    name = read_about(person).get("body", "free")
    path = free_body_path() if name == "free" else Path(name)
    return _loaded(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> BodyTemplate:
    """Kept, because a slider asks for it many times a second; `changed` makes a new file be read anew."""
    return load_body(path)


def shape_of(person: bpy.types.Object, clip: MotionClip) -> Shape:
    """The shape that was chosen for a person, else the one of `clip`. Raises ShapeCorrupt."""
    text = person.get(PROPERTY)
    if text is None:
        return Shape.of(clip)
    shape = Shape.read(text)
    if shape is None:
        raise ShapeCorrupt(
            f"The body shape kept with {person.name} cannot be read; press Reset Shape in the Body panel."
        )
    return shape


def keep_shape(person: bpy.types.Object, shape: Shape) -> None:
    """Note which shape a person has now."""
    person[PROPERTY] = json.dumps(asdict(shape))


def in_shape(person: bpy.types.Object, clip: MotionClip) -> MotionClip:
    """The clip on the body that was chosen for the person; the very same clip while that is its own.

    `clip` lies in a space with a floor (`reshape_clip`).
    """
    shape = shape_of(person, clip)
    if shape == Shape.of(clip):
        return clip
    return reshape_clip(clip, body_of(person), shape.betas, shape.scale)


def set_shape(person: bpy.types.Object, shape: Shape | None, unit: float) -> None:
    """Give a person another shape, or with None the captured one: bones at rest and mesh.

    The motion is to be re-derived afterwards; until then only the pelvis is at the wrong height.

    Args:
        unit: scene units per metre.

    Raises SkinChanged before anything is changed, and what reading the body raises.
    """
    body = body_of(person)
    captured, _ = unpack_clip(person)
    wanted = shape or Shape.of(captured)
    clip = _at_rest(captured, body, wanted)
    pelvis = rest_pelvis(clip, body)
    for skin in skins_of(person):
        reshape_skin(skin, clip, body, pelvis, unit)
    move_rest(person, _rest(captured, clip, pelvis, unit))
    keep_shape(person, wanted)


def _rest(captured: MotionClip, clip: MotionClip, pelvis: Array, unit: float) -> RestBones:
    """The bones of the shaped body on the axes of the captured one, scene units.

    As the axes stay, every rotation ever keyed on a bone, by the capture or by hand, still means the same.
    The price is that a tail points past the next joint by the little that the shapes differ in direction.

    **Convention**: armature space; a bone runs along its own local Y.
    """
    axes = rest_bones(captured.rest_joints, pelvis).axes
    rest = rest_bones(clip.rest_joints, pelvis)
    along = axes[:, :, 1]
    lengths = np.einsum("ki,ki->k", rest.tails - rest.heads, along)
    return RestBones(rest.heads * unit, (rest.heads + along * lengths[:, None]) * unit, axes)


def add_skin(person: bpy.types.Object, unit: float) -> bpy.types.Object:
    """A body mesh for a person who was imported without one. Raises what reading the body raises."""
    body = body_of(person)
    captured, _ = unpack_clip(person)
    clip = _at_rest(captured, body, shape_of(person, captured))
    collection = person.users_collection[0]
    name = f"Person {captured.track} Body"
    # Where the bones are, not where a body would put them: without one, the soles were only estimated.
    pelvis = rest_heads(person)[0] / unit
    return build_skin(person, collection, name, clip, body, pelvis, unit)


def height_of(person: bpy.types.Object) -> float:
    """Metres from sole to crown of the person at rest. Raises what reading the body raises."""
    shape = Shape.read(person.get(PROPERTY)) or shape_of(person, unpack_clip(person)[0])
    return standing_height(body_of(person), shape.betas, shape.scale)


def unit_of(person: bpy.types.Object) -> float:
    """Scene units per metre at which a person was built, whatever the scene's unit scale is now."""
    return float(read_about(person).get("unit", 1.0))


def _at_rest(captured: MotionClip, body: BodyTemplate, shape: Shape) -> MotionClip:
    """The clip with the shape's rest joints; the path is still that of the captured shape.

    The captured joints are kept to the bit as long as the shape is the captured one: the model of an official
    file gives them in another rounding.
    """
    if shape == Shape.of(captured):
        return captured
    joints = shape.scale * body.joints(shape.betas)
    return captured.replace(betas=shape.betas, body_scale=shape.scale, rest_joints=joints)
