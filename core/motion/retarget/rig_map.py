"""Which bone of a rig plays which role: a record that travels as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from .roles import CHAINS, REQUIRED, ROLES

KIND, SCHEMA = "reel2rig rig map", 1


class BadRigMap(InputError):
    code = "retarget.map_invalid"


@dataclass(frozen=True)
class Switch:
    """A custom property that decides whether FK or IK controls move a limb.

    Attributes:
        bone: the pose bone that has the property, or "" for the armature object. property: its name; one of
            Blender's own, such as ``ik_stretch``, where the bone has no custom property of that name.
        fk, ik: its values; None leaves it as it is. Where both kinds of controls are keyed, that of FK holds,
            and that of IK where FK does not care.
    """

    bone: str
    property: str
    fk: float | None
    ik: float | None


@dataclass(frozen=True)
class IkLimb:
    """The IK controls of one limb.

    Attributes:
        limb: "leftArm", "rightArm", "leftLeg" or "rightLeg".
        goal: the control that hand or foot follows. pole: the control that knee or elbow point at, or "".
        roll: a control between goal and foot that turns the foot about its ball, or "". The goal can stand
            still while the heel lifts only where there is one.
        toes: the control of the toes in IK, or "".
    """

    limb: str
    goal: str
    pole: str = ""
    roll: str = ""
    toes: str = ""


@dataclass(frozen=True)
class RigMap:
    """A map from roles to the bones of one kind of rig.

    Attributes:
        name: of the kind of rig, for people.
        bones: role -> its bones; several only for `roles.CHAINS`, from the hips outwards.
        switches: custom properties to key. ik: IK controls, where the rig has them.
        followers: (bone, followed bone) pairs: helper bones that take over another bone's place, as Unreal's
            ``ik_foot_l`` does that of ``foot_l``.
        source: where the bone names were taken from. tested: on what; "" is a map not tested on a real file.
    """

    name: str
    bones: dict[str, tuple[str, ...]]
    switches: tuple[Switch, ...] = ()
    ik: tuple[IkLimb, ...] = ()
    followers: tuple[tuple[str, str], ...] = ()
    source: str = ""
    tested: str = ""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for role, bones in self.bones.items():
            if role not in ROLES:
                raise BadRigMap(
                    f"The rig map names the role '{role}', which is unknown; known are {', '.join(ROLES)}."
                )
            if not bones or (len(bones) > 1 and role not in CHAINS):
                raise BadRigMap(f"The rig map gives {len(bones)} bones to '{role}'; give it one.")
            for bone in bones:
                if bone in seen:
                    raise BadRigMap(f"The rig map uses the bone '{bone}' twice; give it one role.")
                seen.add(bone)

    def bone(self, role: str) -> str | None:
        """The bone of a role, the last of a chain (the one nearest to the next role); None without any."""
        bones = self.bones.get(role)
        return bones[-1] if bones else None

    def missing(self) -> tuple[str, ...]:
        """The required roles that have no bone."""
        return tuple(role for role in REQUIRED if role not in self.bones)


def map_text(rig_map: RigMap) -> str:
    """The map as the JSON that `parse_map` reads."""
    return json.dumps(
        {
            "kind": KIND,
            "schema": SCHEMA,
            "name": rig_map.name,
            "source": rig_map.source,
            "tested": rig_map.tested,
            "bones": {role: list(bones) for role, bones in rig_map.bones.items()},
            "switches": [vars(switch) for switch in rig_map.switches],
            "ik": [vars(limb) for limb in rig_map.ik],
            "followers": [list(pair) for pair in rig_map.followers],
        },
        indent=1,
        ensure_ascii=False,
    )


def parse_map(text: str) -> RigMap:
    """A map out of JSON. Raises BadRigMap with a sentence that names what is wrong."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRigMap("This file is not JSON; choose a rig map.") from error
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("schema") != SCHEMA:
        raise BadRigMap(f'This file is no rig map; it must say "kind": "{KIND}", "schema": {SCHEMA}.')
    try:
        return RigMap(
            name=_text(data["name"]),
            bones={role: tuple(map(_text, bones)) for role, bones in data["bones"].items()},
            switches=tuple(
                Switch(_text(row["bone"]), _text(row["property"]), _value(row["fk"]), _value(row["ik"]))
                for row in data.get("switches", [])
            ),
            ik=tuple(
                IkLimb(**{key: _text(value) for key, value in row.items()}) for row in data.get("ik", [])
            ),
            followers=tuple((_text(bone), _text(followed)) for bone, followed in data.get("followers", [])),
            source=_text(data.get("source", "")),
            tested=_text(data.get("tested", "")),
        )
    except KeyError as error:
        raise BadRigMap(f"The rig map does not say its {error}; export it again.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise BadRigMap(f"The rig map cannot be read ({error}); export it again.") from error


def _value(value: Any) -> float | None:
    return None if value is None else float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {value!r}")
    return value
