"""What a bone's name says: its side, and its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIDES = {"left": "left", "lft": "left", "l": "left", "right": "right", "rgt": "right", "r": "right"}
# A bone with one of these is a helper: whatever else its name says, it is not the limb itself.
_HELPERS = frozenset(
    (
        *("ik", "pole", "target", "sub", "socket", "effector", "nub", "end", "heel", "metacarpal"),
        *("twist", "roll", "share", "helper", "tweak", "mch", "org"),
    )
)
_SAY_NOTHING = frozenset(("def", "jnt", "joint", "bone", "bind", "skin", "bend", "jt", "fk", "ctrl"))

_BEFORE_CAPITALS = r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_BETWEEN_SCRIPTS = r"(?<=[^\x00-\x7f])(?=[\x00-\x7f])|(?<=[\x00-\x7f])(?=[^\x00-\x7f])"


@dataclass(frozen=True)
class Words:
    """A bone's side ("left", "right" or "") and its other words in small letters, without numbers."""

    side: str
    words: tuple[str, ...]


def words_of(name: str) -> Words:
    """What a name says; no words at all for helper bones.

    ``mixamorig:LeftArm_09`` is ("left", "arm"), ``lThighBend`` ("left", "thigh").
    """
    plain = re.split(r"[:|]", name)[-1].replace("左", " left ").replace("右", " right ")
    spaced = re.sub(f"{_BEFORE_CAPITALS}|{_BETWEEN_SCRIPTS}", " ", plain)
    side, rest = "", []
    for word in re.split(r"[\W_\d]+", spaced.lower()):
        for whole in ("left", "right"):
            if word.startswith(whole) and word != whole:
                side, word = whole, word.removeprefix(whole)
        if word in _SIDES:
            side = _SIDES[word]
        elif word and word not in _SAY_NOTHING:
            rest.append(word)
    return Words("", ()) if _HELPERS & set(rest) else Words(side, tuple(rest))


def ends_with(words: Words, wanted: str) -> bool:
    """Whether the last words, written together, are `wanted`: "fore arm" is a forearm, and an arm."""
    return any("".join(words.words[start:]) == wanted for start in range(len(words.words)))
