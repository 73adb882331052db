"""Frames in, bodies out, while the clip is still running: constant memory, a fixed look-ahead (method section
9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from .cached.engine import CachedEngine
from .engine import PlainEngine, WindowEngine
from .frame_ring import FrameRing
from .inputs import check_inputs
from .model import BodyNetwork
from .presets import Output
from .regressor import BodyState
from .windows import FLAT, Edge, flatten, unflatten, window_rule

CHUNK = {"cpu": 480, "cuda": 8192}  # frames at once
BATCH = {
    "cpu": 128,
    "cuda": 4096,
}  # windows at once; an accelerator waits for launches, a processor for caches


class ClipFlow:
    """A clip that arrives in parts of any length. `BodyStream`, `bodies_in_chunks` and `run_clip` drive it.

    However the clip is cut, the answers are the same.
    """

    def __init__(
        self,
        model: BodyNetwork,
        output: Output | None = None,
        *,
        edge: Edge = "replicate",
        look_ahead: int | None = None,
        longest: int | None = None,
        plain: bool = False,
    ) -> None:
        """As `run_clip`; `longest` bounds the parts that will come, and with them the memory."""
        output = output or model.config.output
        self.model = model
        self.rule = window_rule(model.config, output, edge, look_ahead)
        self.engine: WindowEngine = (PlainEngine if plain else CachedEngine)(model, output)
        like = next(model.temporal.parameters())
        self.device, self.dtype = like.device, like.dtype
        chunk = CHUNK.get(self.device.type, CHUNK["cpu"])
        self.chunk = min(chunk, longest or chunk)
        self.batch = BATCH.get(self.device.type, BATCH["cpu"])
        self.ring = FrameRing(self.chunk + model.config.T)

    @torch.inference_mode()
    def feed(self, inputs: Tensor) -> BodyState:
        """Inputs (n, width) of the next frames -> the bodies of those now answered, (k, ...), on the CPU.

        Raises:
            WrongFeatures, FeaturesNotFinite: of the inputs; frames are counted over the whole clip.
        """
        check_inputs(inputs, self.model.config, first=self.ring.frames)
        answered = []
        for part in inputs.split(self.chunk):
            features = self.model.features(part.float().to(self.device)).to(self.dtype)
            self.ring.append(self.engine.project(features), len(part))
            answered.append(self._answer(ended=False))
        return unflatten(torch.cat(answered))

    @torch.inference_mode()
    def finish(self) -> BodyState:
        """The bodies of the frames that were still waiting for others, (k, ...)."""
        return unflatten(self._answer(ended=True) if self.ring.frames else torch.zeros(0, FLAT))

    def _answer(self, ended: bool) -> Tensor:
        return self.rule.answer(self.ring.frames, ended, self._windows)

    def _windows(self, index: Tensor) -> Tensor:
        places = self.ring.places(index).to(self.device)
        answers = [
            flatten(self.engine.bodies(self.ring.rows, rows)).cpu() for rows in places.split(self.batch)
        ]
        return torch.cat(answers)


class BodyStream:
    """One frame in, one body out, `look_ahead` frames later.

    Equal to `run_clip` with the same `look_ahead` over the same frames.
    """

    def __init__(
        self,
        model: BodyNetwork,
        output: Output | None = None,
        *,
        look_ahead: int | None = None,
        plain: bool = False,
    ) -> None:
        """`look_ahead`: by default half a window, 7 of 16 frames, the only one that ``mid`` has; ``sequence``
        takes from 3 to 15, and the more it waits the more windows it hears.

        Raises:
            BadWindowRule: the output has no such look-ahead.
        """
        half = model.config.T - 1 - model.config.mid
        wait = half if look_ahead is None else look_ahead
        self._flow = ClipFlow(model, output, look_ahead=wait, longest=1, plain=plain)

    @property
    def look_ahead(self) -> int:
        """How many frames after a frame its body comes."""
        return self._flow.rule.look_ahead

    def push(self, inputs: Tensor) -> BodyState | None:
        """Inputs (width,) of the next frame -> the body (rotations (24, 3, 3), ...) of the frame `look_ahead`
        before it, or None while that is before the clip.
        """
        return next(iter(_each(self._flow.feed(inputs[None]))), None)

    def finish(self) -> list[BodyState]:
        """The bodies of the last `look_ahead` frames, once no more frames will come."""
        return list(_each(self._flow.finish()))


def bodies_in_chunks(
    model: BodyNetwork,
    chunks: Iterable[Tensor],
    output: Output | None = None,
    *,
    edge: Edge = "replicate",
    look_ahead: int | None = None,
) -> Iterator[BodyState]:
    """Inputs (n, width) of a long clip, part by part -> bodies (k, ...) part by part, all frames in order.

    Memory does not depend on the length of the clip. Arguments and errors are those of `run_clip`.
    """
    flow = ClipFlow(model, output, edge=edge, look_ahead=look_ahead)
    for chunk in chunks:
        answered = flow.feed(chunk)
        if len(answered.betas):
            yield answered
    yield flow.finish()


def _each(state: BodyState) -> Iterator[BodyState]:
    for i in range(len(state.betas)):
        yield BodyState(state.rotations[i], state.betas[i], state.cam[i])
