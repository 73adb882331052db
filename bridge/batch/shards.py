"""One batch as several commands, for render farms that hand out numbered tasks: ``--shard 2/5``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...core.errors import InputError

Item = TypeVar("Item")
_MOST = 100_000


class BadShard(InputError):
    code = "batch.shard_invalid"


@dataclass(frozen=True)
class Shard:
    """The `number`th of `count` equal shares, counted from 1."""

    number: int
    count: int

    def share(self, items: Sequence[Item]) -> list[Item]:
        """Every `count`th item: together they have each once, in even shares."""
        return list(items[self.number - 1 :: self.count])

    @property
    def part(self) -> str:
        """As files that only this shard writes are called."""
        return f"{self.number}of{self.count}"


def parse_shard(text: str) -> Shard:
    """A shard out of "2/5". Raises BadShard."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if not 1 <= shard.number <= shard.count <= _MOST:
        raise BadShard(f"The shard '{text}' is not understood; give its number and how many, such as 2/5.")
    return shard
