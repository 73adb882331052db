"""The parts of a human body that rigs give bones to, by the names of the VRM 1.0 humanoid.

VRM's ``chest`` and ``upperChest`` are further bones of ``spine`` here: a role may be played by several bones
in a row, from the hips outwards. Spines and necks of any number of bones so need no names of their own.
"""

from __future__ import annotations

SIDES: tuple[str, ...] = ("left", "right")

TRUNK: tuple[str, ...] = ("hips", "spine", "neck", "head")
ARM: tuple[str, ...] = ("Shoulder", "UpperArm", "LowerArm", "Hand")
LEG: tuple[str, ...] = ("UpperLeg", "LowerLeg", "Foot", "Toes")
FINGERS: tuple[str, ...] = ("Thumb", "Index", "Middle", "Ring", "Little")
TWISTED: tuple[str, ...] = ("UpperArm", "LowerArm", "UpperLeg", "LowerLeg")
TWIST = "Twist"
ROOT = "root"


def sided(*parts: str) -> tuple[str, ...]:
    """Both sides of the named parts: ``sided("Hand")`` is ``("leftHand", "rightHand")``."""
    return tuple(side + part for part in parts for side in SIDES)


BODY: tuple[str, ...] = TRUNK + sided(*ARM) + sided(*LEG)
"""The roles that motion is known of."""
FINGER_ROLES: tuple[str, ...] = sided(*FINGERS)
TWIST_ROLES: tuple[str, ...] = tuple(role + TWIST for role in sided(*TWISTED))
ROLES: tuple[str, ...] = (ROOT, *BODY, *TWIST_ROLES, *FINGER_ROLES)

REQUIRED: tuple[str, ...] = ("hips", *sided("UpperArm", "LowerArm", "UpperLeg", "LowerLeg"))
"""Without a bone for each of these, nothing can be retargeted."""
CHAINS: frozenset[str] = frozenset({"spine", "neck", *TWIST_ROLES, *FINGER_ROLES})
"""Roles that several bones may play, in order from the hips outwards."""
LIMBS: frozenset[str] = frozenset(sided("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg"))
"""Roles that point and twist in the world as the source does; all others move relative to their rest pose."""

ROLE_OF_SMPL: dict[str, str] = {
    "Pelvis": "hips",
    "Spine1": "spine",
    "Spine2": "spine",
    "Spine3": "spine",
    "Neck": "neck",
    "Head": "head",
    "L_Collar": "leftShoulder",
    "R_Collar": "rightShoulder",
    "L_Shoulder": "leftUpperArm",
    "R_Shoulder": "rightUpperArm",
    "L_Elbow": "leftLowerArm",
    "R_Elbow": "rightLowerArm",
    "L_Wrist": "leftHand",
    "R_Wrist": "rightHand",
    "L_Hip": "leftUpperLeg",
    "R_Hip": "rightUpperLeg",
    "L_Knee": "leftLowerLeg",
    "R_Knee": "rightLowerLeg",
    "L_Ankle": "leftFoot",
    "R_Ankle": "rightFoot",
    "L_Foot": "leftToes",
    "R_Foot": "rightToes",
}
"""What each SMPL joint plays; the two hand joints (the knuckles) are motionless in a capture."""
