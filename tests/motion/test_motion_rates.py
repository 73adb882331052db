"""Frame rates: what a rounded number means."""

from __future__ import annotations

from fractions import Fraction

import pytest
from reel2rig.core.motion.files.rates import BadRate, exact_rate, parse_rate, rate_of_frame_time

NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("stated", "exact"),
    [
        (30, 30), (29.97, NTSC), (29.97003, NTSC), (23.976, FILM), (23.98, FILM), (59.94, NTSC * 2),
        (119.88, NTSC * 4), (120, 120), (12.5, Fraction(25, 2)), (25.0000001, 25), (0.5, Fraction(1, 2)),
    ],
)  # fmt: skip
def test_a_rounded_rate_is_the_one_that_cameras_have(stated: float, exact: Fraction) -> None:
    assert exact_rate(stated) == exact


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.033333", 30), ("0.0333333", 30), ("0.0333", 30), ("0.033367", NTSC), ("0.0333667", NTSC),
        ("0.008333", 120), ("0.0083", 120), ("0.00833333", 120), ("0.0417", 24), ("0.041708", FILM),
        ("0.04", 25), ("0.016683", NTSC * 2), ("0.01", 100), ("0.005", 200), ("1e-2", 100), ("0.0277778", 36),
    ],
)  # fmt: skip
def test_a_frame_time_is_as_exact_as_its_digits(text: str, exact: Fraction) -> None:
    assert rate_of_frame_time(text) == exact


def test_people_may_type_a_rate_in_three_ways() -> None:
    assert [parse_rate(text) for text in ("30", "29.97", "30000/1001")] == [30, NTSC, NTSC]


@pytest.mark.parametrize("text", ["", "fast", "0", "-30", "1/0", "nan", "inf"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(BadRate):
        parse_rate(text)


@pytest.mark.parametrize("text", ["", "slow", "0", "-0.01", "nan", "inf"])
def test_what_is_no_frame_time_is_refused(text: str) -> None:
    with pytest.raises(BadRate):
        rate_of_frame_time(text)
