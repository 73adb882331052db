"""Progress of work that is done for one person after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

Progress = Callable[[str, int, int], None]


def share_out(progress: Progress, sizes: Sequence[int]) -> list[Progress]:
    """One callback for every part of some work, which tells of the part as of all the work.

    Args:
        progress: called as (stage, done, total), counted over all parts.
        sizes: of the parts, such as frames; a part may count its own progress in whatever it likes.
    """
    begins = [0, *accumulate(sizes)]

    def part(before: int, size: int) -> Progress:
        def tell(stage: str, done: int, total: int) -> None:
            progress(stage, before + (size * done // total if total > 0 else 0), begins[-1])

        return tell

    return [part(before, size) for before, size in zip(begins, sizes, strict=False)]
