"""Which part of a body takes which other part along, whatever the parents of a rig's controls are."""

from __future__ import annotations

from .anatomy import Anatomy
from .roles import ARM, FINGERS, LEG, SIDES


def role_carriers(anatomy: Anatomy) -> dict[str, str | None]:
    """Bone -> the bone that takes it along, for the bones of body and fingers."""
    carriers: dict[str, str | None] = {}

    def hang(roles: tuple[str, ...], above: str | None) -> str | None:
        for role in roles:
            for bone in anatomy.chain(role):
                carriers[bone], above = above, bone
        return above

    hips = hang(("hips",), None)
    chest = hang(("spine",), hips)
    hang(("neck", "head"), chest)
    for side in SIDES:
        hang(tuple(f"{side}{part}" for part in LEG), hips)
        hand = hang(tuple(f"{side}{part}" for part in ARM), chest)
        for finger in FINGERS:
            hang((f"{side}{finger}",), hand)
    return carriers
