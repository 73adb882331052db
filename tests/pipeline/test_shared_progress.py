"""One person after another: the progress is that of them all."""

from __future__ import annotations

from reel2rig.core.pipeline.progress import share_out


def test_two_people_count_together_and_reach_the_end_once():
    heard = []
    first, second = share_out(lambda *words: heard.append(words), [227, 166])
    first("network", 100, 227)
    first("network", 227, 227)
    second("network", 1, 2)  # in its own measure
    second("network", 2, 2)
    assert heard == [
        ("network", 100, 393),
        ("network", 227, 393),
        ("network", 310, 393),
        ("network", 393, 393),
    ]


def test_a_part_that_cannot_say_how_long_it_is_stays_at_its_beginning():
    heard = []
    share_out(lambda *words: heard.append(words), [4, 6])[1]("refine", 3, 0)
    assert heard == [("refine", 4, 10)]
