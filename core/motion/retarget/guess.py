"""A map for a humanoid that no shipped map knows, from what its bones are called and how they hang together.

Names only have to tell the limbs and their side; the trunk is what lies between them. Known are the common
words of English rigs, joint names (hip, knee, ankle), and those of Japanese models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .bone_words import Words, ends_with, words_of
from .rig_map import RigMap
from .roles import FINGERS, SIDES

GUESSED = "Guessed"

_WORDS: dict[str, tuple[str, ...]] = {
    "UpperArm": ("upperarm", "uparm", "armupper", "shldr", "humerus", "bicep", "腕"),
    "LowerArm": ("forearm", "lowerarm", "lowarm", "armlower", "elbow", "ひじ"),
    "Hand": ("hand", "wrist", "手首"),
    "UpperLeg": ("thigh", "upleg", "upperleg", "legupper", "femur", "足"),
    "LowerLeg": ("shin", "calf", "lowerleg", "lowleg", "leglower", "knee", "tibia", "ひざ"),
    "Foot": ("foot", "ankle", "足首"),
    "Toes": ("toes", "toebase", "toe", "ball", "つま先"),
    "Thumb": ("thumb", "親指"),
    "Index": ("index", "indexfinger", "人指"),
    "Middle": ("middle", "mid", "middlefinger", "中指"),
    "Ring": ("ring", "ringfinger", "薬指"),
    "Little": ("pinky", "little", "pinkyfinger", "littlefinger", "小指"),
}
_VAGUE = {"Arm": "arm", "Leg": "leg"}
"""May mean the whole limb's upper or lower half: "Leg" is the shin where there is an "UpLeg"."""
_JOINT = {"Arm": "shoulder", "Leg": "hip"}
"""Means the upper half where nothing else does: some rigs call bones by the joints at their heads."""
_HIPS = ("hips", "hip", "pelvis")
_NECK = ("neck", "首")
_HEAD = ("head", "頭")


def guess_map(names: Sequence[str], parents: Sequence[int]) -> RigMap | None:
    """A map of what can be made out.

    Args:
        names: (B) bones. parents: (B) index of each bone's parent, -1 without.

    Returns:
        a map named `GUESSED` that has all required roles; None where arms, legs, or what joins them, are not
        found.
    """
    tree = _Tree(names, parents)
    rows: dict[str, tuple[int, ...]] = {}
    for side in SIDES:
        for limb, ends in (("Arm", ("Hand",)), ("Leg", ("Foot", "Toes"))):
            halves = _halves(tree, side, limb)
            if halves is None:
                return None
            last = halves[1]
            rows[f"{side}Upper{limb}"], rows[f"{side}Lower{limb}"] = (halves[0],), (last,)
            for part in ends:
                below = tree.called(side, _WORDS[part], last)
                if not below:
                    break
                last = below[0]
                rows[side + part] = (last,)
        rows |= _fingers(tree, side, rows.get(side + "Hand"))
    trunk = _trunk(tree, rows)
    if trunk is None:
        return None
    bones = {role: tuple(names[row] for row in found) for role, found in (trunk | rows).items()}
    return RigMap(name=GUESSED, bones=bones, source="guessed from the names and parents of the bones")


class _Tree:
    """Bones by their words and parents. Rows are in order of depth wherever several are given."""

    def __init__(self, names: Sequence[str], parents: Sequence[int]) -> None:
        self.parents = parents
        self.words: list[Words] = [words_of(name) for name in names]
        self._up = [tuple(self._above(row)) for row in range(len(names))]
        self._rows = sorted(range(len(names)), key=lambda row: len(self._up[row]))

    def _above(self, row: int) -> Iterator[int]:
        for _ in self.parents:  # as many steps as there are bones, should parents go in circles
            row = self.parents[row]
            if row < 0:
                return
            yield row

    def up(self, row: int) -> tuple[int, ...]:
        """The bones above a bone, the nearest first."""
        return self._up[row]

    def called(self, side: str, words: Sequence[str], below: int | None = None) -> list[int]:
        """The bones of a side that the first of `words` names which names any."""
        for word in words:
            found = [
                row
                for row in self._rows
                if self.words[row].side == side
                and ends_with(self.words[row], word)
                and (below is None or below in self._up[row])
            ]
            if found:
                return found
        return []


def _halves(tree: _Tree, side: str, limb: str) -> tuple[int, int] | None:
    """The upper and the lower bone of a limb."""
    vague = tree.called(side, (_VAGUE[limb],))
    lower = tree.called(side, _WORDS["Lower" + limb])
    upper = tree.called(side, _WORDS["Upper" + limb])
    vague = [row for row in vague if row not in lower and row not in upper]
    upper = upper or vague[:1] or tree.called(side, (_JOINT[limb],))
    lower = lower or [row for row in vague if row not in upper]
    for top in upper:
        for row in lower:
            if top in tree.up(row):
                return top, row
    return None


def _trunk(tree: _Tree, limbs: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]] | None:
    """Root, hips, spine, collar bones, neck and head."""
    arms = [limbs[side + "UpperArm"][0] for side in SIDES]
    legs = [limbs[side + "UpperLeg"][0] for side in SIDES]
    top = _meeting(tree, arms)
    meeting = _meeting(tree, (*arms, *legs))
    if top is None or meeting is None:
        return None
    hips = next((row for row in (meeting, *tree.up(meeting)) if _is_called(tree, row, _HIPS)), meeting)
    trunk: dict[str, tuple[int, ...]] = {"hips": (hips,)}
    if (first := (hips, *tree.up(hips))[-1]) != hips:
        trunk["root"] = (first,)
    spine = _between(tree, hips, top, last=True)
    neck = spine[-1:] if len(spine) > 1 and _is_called(tree, spine[-1], _NECK) else ()  # as in 3ds Max
    if spine:
        trunk["spine"] = spine[: len(spine) - len(neck)]
    for side, arm in zip(SIDES, arms, strict=True):
        if collar := _between(tree, top, arm):
            trunk[side + "Shoulder"] = collar[:1]
    for head in tree.called("", _HEAD):
        if top in tree.up(head):
            trunk["head"] = (head,)
            neck += _between(tree, top, head)
            break
    if neck:
        trunk["neck"] = neck
    return trunk


def _is_called(tree: _Tree, row: int, words: Sequence[str]) -> bool:
    return not tree.words[row].side and any(ends_with(tree.words[row], word) for word in words)


def _meeting(tree: _Tree, rows: Sequence[int]) -> int | None:
    """The lowest bone from which all of `rows` hang."""
    shared = set(tree.up(rows[0])).intersection(*(tree.up(row) for row in rows[1:]))
    return next((row for row in tree.up(rows[0]) if row in shared), None)


def _between(tree: _Tree, top: int, bottom: int, last: bool = False) -> tuple[int, ...]:
    """The bones on the way down from `top` to `bottom`, without `top`, and without `bottom` unless `last`."""
    way = (bottom, *tree.up(bottom))
    down = way[: way.index(top)][::-1] if top in way else ()
    return down if last else down[:-1]


def _fingers(tree: _Tree, side: str, hand: tuple[int, ...] | None) -> dict[str, tuple[int, ...]]:
    """The fingers of a hand, each from its knuckle outwards."""
    if hand is None:
        return {}
    found = {side + finger: tuple(tree.called(side, _WORDS[finger], hand[0])) for finger in FINGERS}
    return {role: rows for role, rows in found.items() if rows}
