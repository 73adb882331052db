"""Which windows answer which frame of a clip, whether its end is known or not (method sections 4.4, 8 and
10.6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import torch
from torch import Tensor

from ..errors import InputError
from .presets import NetworkConfig, Output
from .regressor import BodyState
from .rotations import orthonormal

Edge = Literal["replicate", "static"]
Answer = Callable[[Tensor], Tensor]  # window indices (N, T) into the clip -> flat bodies (N, [T,] 229)

STRIDE = 4  # frames between windows in `sequence` output: each frame is answered four times
FLAT = 24 * 9 + 10 + 3


class BadWindowRule(InputError):
    code = "model.bad_window_rule"


class WindowRule(Protocol):
    """Asked again whenever frames have come; answers each frame once, in order."""

    look_ahead: int  # frames after a frame that must be known before it is answered

    def answer(self, frames: int, ended: bool, windows: Answer) -> Tensor:
        """With `frames` known, and all of them if `ended`: flat bodies (n, 229) of the frames now due."""
        ...


def window_rule(
    config: NetworkConfig, output: Output, edge: Edge = "replicate", look_ahead: int | None = None
) -> WindowRule:
    """The rule of one output mode.

    Args:
        edge: ``replicate`` continues the clip by its first and last frame; ``static`` (``mid`` only) answers
            the first T/2 and the last T/2 - 1 frames from T copies of themselves, as the published tables do.
        look_ahead: frames that may be waited for. ``mid`` needs T - 1 - T/2 (7 of 16). ``sequence`` takes
            from `STRIDE - 1` to T - 1; the latter, its default, is every window there is.

    Raises:
        BadWindowRule: the mode has no such edge or look-ahead.
    """
    most = config.T - 1
    if output == "mid":
        if look_ahead not in (None, most - config.mid):
            raise BadWindowRule(
                f"Give a look-ahead of {most - config.mid} frames, or none, for the output mid: it always "
                f"waits for the second half of its window, not for {look_ahead}."
            )
        return MiddleFrames(config, edge)
    if edge != "replicate":
        raise BadWindowRule(f"Use the edge {edge!r} with the output mid only; sequence has no such windows.")
    if look_ahead is not None and not STRIDE - 1 <= look_ahead <= most:
        raise BadWindowRule(
            f"Give a look-ahead from {STRIDE - 1} to {most} frames for the output sequence, not {look_ahead}."
        )
    return BlendedWindows(config, most if look_ahead is None else look_ahead)


class MiddleFrames:
    """One window per frame, with the frame in its middle."""

    def __init__(self, config: NetworkConfig, edge: Edge) -> None:
        self.T, self.mid, self.edge = config.T, config.mid, edge
        self.look_ahead = config.T - 1 - config.mid
        self.next = 0

    def answer(self, frames: int, ended: bool, windows: Answer) -> Tensor:
        """As `WindowRule.answer`."""
        due = torch.arange(self.next, max(frames if ended else frames - self.look_ahead, self.next))
        if not len(due):
            return torch.zeros(0, FLAT)
        self.next += len(due)
        index = due[:, None] + torch.arange(self.T) - self.mid
        if self.edge == "static":
            beyond = ((index < 0) | (index >= frames)).any(1, keepdim=True)
            index = torch.where(beyond, due[:, None], index)
        return windows(index.clamp(0, frames - 1))


class BlendedWindows:
    """Windows every `STRIDE` frames, cross-faded by a raised cosine; rotations as matrices, made orthonormal
    again.

    A frame t takes the windows that hold it and end by t + look_ahead. Where the clip ends before that, one
    more window that ends on the last frame joins them (in a clip shorter than T: that starts on the first).
    Where the first window ends after it, windows that begin before the clip, continued by its first frame,
    stand in.
    """

    def __init__(self, config: NetworkConfig, look_ahead: int) -> None:
        self.T, self.look_ahead = config.T, look_ahead
        self.fade = torch.hann_window(config.T + 2, periodic=False)[1:-1] + 1e-3
        waits = look_ahead >= config.T - 1
        self.next = 0
        self.next_start = 0 if waits else -STRIDE * ((config.T - 1) // STRIDE)
        self.starts = torch.zeros(0, dtype=torch.long)  # of the windows that are still of use
        self.bodies = torch.zeros(0, config.T, FLAT)

    def answer(self, frames: int, ended: bool, windows: Answer) -> Tensor:
        """As `WindowRule.answer`."""
        starts = list(range(self.next_start, frames - self.T + 1, STRIDE))
        self.next_start += STRIDE * len(starts)
        closing = max(frames - self.T, 0)
        if ended and closing not in starts and closing not in self.starts:
            starts.append(closing)
        if starts:
            self._run(torch.tensor(starts), frames, windows)
        due = torch.arange(self.next, max(frames if ended else frames - self.look_ahead, self.next))
        self.next += len(due)
        answered = self._blend(due, frames, closing if ended else None)
        kept = self.starts + self.T > self.next
        self.starts, self.bodies = self.starts[kept], self.bodies[kept]
        return answered

    def _run(self, starts: Tensor, frames: int, windows: Answer) -> None:
        index = (starts[:, None] + torch.arange(self.T)).clamp(0, frames - 1)
        self.starts = torch.cat([self.starts, starts])
        self.bodies = torch.cat([self.bodies, windows(index)])

    def _blend(self, due: Tensor, frames: int, closing: int | None) -> Tensor:
        t, start = due[:, None], self.starts[None]
        last = start + self.T - 1
        known = (start <= t) & (t <= last) & (last <= (t + self.look_ahead).clamp_max(frames - 1))
        used = known & (start >= 0)
        if closing is not None:
            used |= (start == closing) & (t <= last) & (t > frames - 1 - self.look_ahead)
        used = torch.where(used.any(1, keepdim=True), used, known)
        row, window = used.nonzero(as_tuple=True)
        place = due[row] - self.starts[window]
        fade = self.fade[place][:, None]
        total = torch.zeros(len(due), FLAT).index_add_(0, row, fade * self.bodies[window, place])
        return total / torch.zeros(len(due), 1).index_add_(0, row, fade)


def flatten(state: BodyState) -> Tensor:
    """Bodies (...) -> (..., 229)."""
    return torch.cat([state.rotations.flatten(-3), state.betas, state.cam], -1)


def unflatten(flat: Tensor) -> BodyState:
    """Inverse of `flatten`; matrices that are sums of rotations become rotations again."""
    rotations, betas, cam = flat.split([24 * 9, 10, 3], -1)
    rotations = rotations.reshape(*flat.shape[:-1], 24, 3, 3)
    return BodyState(orthonormal(rotations[..., 0], rotations[..., 1]), betas, cam)
