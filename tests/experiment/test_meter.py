"""Lines of progress: means, pace, time left."""

from __future__ import annotations

import pytest
import torch
from reel2rig.core.train.meter import Meter, duration, in_words


def test_a_meter_gives_means_and_pace_and_starts_anew() -> None:
    now = [10.0]
    meter = Meter(clock=lambda: now[0])
    for value in (1.0, 2.0):
        now[0] += 3
        meter.add({"a": value, "b": torch.tensor(4 * value)})
    assert meter.read() == ({"a": 1.5, "b": 6.0}, 3.0)
    now[0] += 1
    meter.add({"a": 7.0})
    assert meter.read() == ({"a": 7.0}, 1.0)


def test_numbers_are_told_in_words_people_read() -> None:
    assert in_words({"kp2d": 0.12345, "loss": 2.0}) == "kp2d 0.123 loss 2.000"


@pytest.mark.parametrize(("seconds", "told"), [(0, "0 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")])
def test_the_time_left_has_a_fitting_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told
