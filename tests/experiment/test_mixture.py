"""Batches: how many of which kind, how often each window, and nothing left to chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from reel2rig.core.data.rows import SupervisedRows
from reel2rig.core.train.experiment.mixture import Mixture, Pool, ahead
from reel2rig.core.train.experiment.ranks import Ranks


class Numbered:
    """Windows that carry their own number."""

    def __init__(self, first: int, count: int, has_3d: bool) -> None:
        self.first, self.count, self.has_3d = first, count, has_3d

    def __len__(self) -> int:
        return self.count

    def rows(self, indices: Sequence[int]) -> SupervisedRows:
        assert all(0 <= i < self.count for i in indices)
        number = torch.tensor([float(self.first + i) for i in indices])
        flag = torch.full((len(indices),), float(self.has_3d))
        plain = number[:, None]
        return SupervisedRows(number[:, None, None], plain, plain, plain, plain, flag, flag)


SETS_2D, SETS_3D = [Numbered(0, 7, False)], [Numbered(100, 30, True), Numbered(200, 10, True)]


def mixture(seed: int = 1) -> Mixture:
    return Mixture(SETS_2D, SETS_3D, 4, 8, seed)


def numbers(rows: SupervisedRows) -> list[int]:
    return [int(x) for x in rows.features.flatten()]


def test_a_batch_holds_its_2d_windows_first_and_then_its_3d_windows() -> None:
    rows = mixture().rows(3, Ranks())
    assert rows.has_3d.tolist() == [0.0] * 4 + [1.0] * 8


def test_every_window_comes_once_before_any_comes_again() -> None:
    drawn = [n for step in range(5) for n in numbers(mixture().rows(step, Ranks()))]
    threes = Counter(n for n in drawn if n >= 100)  # 5 x 8 draws are one lap of 40
    assert set(threes.values()) == {1}
    assert len(threes) == 40
    assert set(Counter(n for n in drawn if n < 100).values()) == {2, 3}  # 20 draws of 7


def test_a_sets_share_of_the_draws_is_its_share_of_the_windows() -> None:
    drawn = Counter(n // 100 for step in range(50) for n in numbers(mixture().rows(step, Ranks())))
    assert (drawn[1], drawn[2]) == (300, 100)


def test_the_steps_number_alone_decides_a_batch() -> None:
    far = mixture().rows(41, Ranks())
    one = mixture()
    walked = [one.rows(step, Ranks()) for step in range(42)]
    assert numbers(far) == numbers(walked[41])
    assert numbers(mixture(seed=2).rows(41, Ranks())) != numbers(far)
    assert numbers(walked[40]) != numbers(far)


def test_the_ranks_shares_make_up_the_batch() -> None:
    whole = numbers(mixture().rows(7, Ranks()))
    for world in (2, 3, 12):
        places = [Ranks(rank=rank, world=world) for rank in range(world)]
        shares = [numbers(mixture().rows(7, place)) for place in places]
        assert Counter(n for share in shares for n in share) == Counter(whole)
        assert [len(share) for share in shares] == mixture().counts(places[0])


def test_a_kind_without_rows_needs_no_sets() -> None:
    assert len(Mixture([], SETS_3D, 0, 5, seed=1).rows(0, Ranks())) == 5


def test_a_pool_goes_through_the_same_order_however_it_is_asked() -> None:
    pool = Pool(SETS_3D, 5)
    assert pool.drawn(30, 60) == [Pool(SETS_3D, 5).drawn(p, 1)[0] for p in range(30, 90)]


def test_batches_read_ahead_come_in_order_and_end() -> None:
    assert list(ahead(lambda n: n * n, 3, 9)) == [9, 16, 25, 36, 49, 64]
    assert list(ahead(lambda n: n, 4, 4)) == []
