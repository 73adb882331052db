"""Frame rates as exact fractions, out of the rounded numbers in which files and people state them."""

from __future__ import annotations

import math
from fractions import Fraction

from ...errors import InputError

_SAME = 2e-4  # relative; 24 and 24000/1001 are five times as far apart
_WHOLE = (24, 25, 30, 60, 120, 50, 48, 100, 12, 15, 240, 90, 72, 20, 10, 200, 150, 180)
_NTSC = (30, 60, 24, 120, 48, 240)
_KNOWN = (*map(Fraction, _WHOLE), *(Fraction(rate * 1000, 1001) for rate in _NTSC))
_HIGHEST = 10_000


class BadRate(InputError):
    code = "motion.bad_rate"


def exact_rate(stated: float) -> Fraction:
    """The rate that a rounded number means: 29.97 is 30000/1001, 59.94006 is 60000/1001, 12.5 is 25/2.

    Raises BadRate when it is no number of frames a second.
    """
    if not (math.isfinite(stated) and 0 < stated <= _HIGHEST):
        raise BadRate(f"{stated:g} is no number of frames a second; give one such as 30 or 29.97.")
    near = min(_KNOWN, key=lambda rate: abs(float(rate) - stated))
    if abs(float(near) - stated) <= _SAME * stated:
        return near
    return Fraction(stated).limit_denominator(1001) or Fraction(stated)


def rate_of_frame_time(text: str) -> Fraction:
    """The rate of a frame that lasts so many seconds, written with so many digits.

    "0.0333" means 30 and "0.033367" means 30000/1001: among the usual rates the first one whose frame time is
    written like this. Raises BadRate.
    """
    try:
        seconds = float(text)
    except ValueError as error:
        raise BadRate(f"{text!r} is no frame time in seconds.") from error
    digits = len(text.lower().partition("e")[0].partition(".")[2])
    if math.isfinite(seconds) and seconds > 0:
        # The last digit may have been rounded or cut off.
        spread = min(10.0**-digits, 0.01 * seconds) if "e" not in text.lower() else _SAME * seconds
        for rate in _KNOWN:
            if abs(1 / float(rate) - seconds) <= 0.5000001 * spread:
                return rate
        return exact_rate(1 / seconds)
    raise BadRate(f"A frame of {text} seconds is impossible; export the file again.")


def parse_rate(text: str) -> Fraction:
    """The rate that a user typed: "30", "29.97" or "30000/1001". Raises BadRate."""
    try:
        numerator, _, denominator = text.partition("/")
        rate = Fraction(int(numerator), int(denominator)) if denominator else exact_rate(float(text))
    except (ValueError, ZeroDivisionError) as error:
        raise BadRate(f"{text!r} is no frame rate; give a number such as 30, 29.97 or 30000/1001.") from error
    if not 0 < rate <= _HIGHEST:
        raise BadRate(f"{text} is no number of frames a second; give one such as 30 or 29.97.")
    return rate
