"""Batches of 2D and 3D windows in a fixed ratio, drawn so that a step's number alone decides them (method
section 6)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from ...data.rows import SupervisedRows
from .ranks import Ranks

Batch = TypeVar("Batch")

AHEAD = 2  # batches read while one is computed


class Windows(Protocol):
    """What a set of windows has to offer."""

    def __len__(self) -> int: ...

    def rows(self, indices: Sequence[int]) -> SupervisedRows:
        """The windows at `indices`."""
        ...


class Pool:
    """Several sets one behind the other, gone through in shuffled order again and again.

    So the probability of a set is its share of all windows, as the method wants it. Which window stands at
    which position of that endless sequence is decided by the seed.

    Args:
        sets: at least one of them with a window.
        seed: decides the order.
    """

    def __init__(self, sets: Sequence[Windows], seed: int) -> None:
        self.sets, self.seed = list(sets), seed
        self.starts = list(accumulate((len(s) for s in sets), initial=0))
        self._orders: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return self.starts[-1]

    def _order(self, lap: int) -> Tensor:
        if lap not in self._orders:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + lap)
            self._orders = {
                k: v for k, v in self._orders.items() if k == lap - 1
            }  # a batch spans two at most
            self._orders[lap] = torch.randperm(len(self), generator=generator)
        return self._orders[lap]

    def drawn(self, first: int, count: int) -> list[int]:
        """The windows at positions `first` to `first + count` of the sequence."""
        return [int(self._order(p // len(self))[p % len(self)]) for p in range(first, first + count)]

    def rows(self, windows: Sequence[int]) -> SupervisedRows:
        """Windows of this pool, set by set and in the order of their files."""
        parts = []
        for start, end, these in zip(self.starts, self.starts[1:], self.sets, strict=False):
            local = sorted(w - start for w in windows if start <= w < end)
            if local:
                parts.append(these.rows(local))
        return SupervisedRows.join(parts)


class Mixture:
    """Batch `step` of a training: `rows_2d` windows of one pool first, then `rows_3d` of the other."""

    def __init__(
        self, sets_2d: Sequence[Windows], sets_3d: Sequence[Windows], rows_2d: int, rows_3d: int, seed: int
    ) -> None:
        pools = ((Pool(sets_2d, 2 * seed), rows_2d), (Pool(sets_3d, 2 * seed + 1), rows_3d))
        self.pools = [(pool, count) for pool, count in pools if count]

    def counts(self, ranks: Ranks) -> list[int]:
        """Windows of a batch that fall to each rank."""
        batch = range(sum(count for _, count in self.pools))
        return [len(ranks.share(batch, rank)) for rank in range(ranks.world)]

    def rows(self, step: int, ranks: Ranks) -> SupervisedRows:
        """This rank's share of batch `step`."""
        drawn = [(pool, window) for pool, n in self.pools for window in pool.drawn(step * n, n)]
        mine = ranks.share(drawn)
        windows = [(pool, [window for of, window in mine if of is pool]) for pool, _ in self.pools]
        return SupervisedRows.join([pool.rows(these) for pool, these in windows if these])


def ahead(make: Callable[[int], Batch], first: int, last: int) -> Iterator[Batch]:
    """``make(first)``, ... up to ``last``, made by a second thread while the first ones are used."""
    with ThreadPoolExecutor(1) as reader:
        waiting = deque(reader.submit(make, n) for n in range(first, min(first + AHEAD, last)))
        upcoming = first + AHEAD
        while waiting:
            batch = waiting.popleft().result()
            if upcoming < last:
                waiting.append(reader.submit(make, upcoming))
                upcoming += 1
            yield batch
