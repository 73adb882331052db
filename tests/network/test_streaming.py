"""Frames in, bodies out: the same as the whole clip at once, a fixed time later, in the same memory."""

from __future__ import annotations

import pytest
import torch
from reel2rig.core.network.clip import run_clip
from reel2rig.core.network.regressor import BodyState
from reel2rig.core.network.stream import CHUNK, BodyStream, ClipFlow, bodies_in_chunks
from reel2rig.core.network.windows import BadWindowRule
from small_networks import SMALL, SWITCHES, small_inputs, small_network


def stacked(bodies: list[BodyState]) -> BodyState:
    return BodyState(*(torch.stack([getattr(b, n) for b in bodies]) for n in ("rotations", "betas", "cam")))


def assert_same(a: BodyState, b: BodyState) -> None:
    for name in ("rotations", "betas", "cam"):
        assert torch.allclose(getattr(a, name), getattr(b, name), atol=1e-5), name


@pytest.mark.parametrize(
    ("output", "look_ahead"), [("mid", 7), ("sequence", 7), ("sequence", 15), ("sequence", 3)]
)
@pytest.mark.parametrize("frames", [1, 5, 12, 16, 17, 37])
def test_a_stream_equals_the_clip_and_answers_every_frame_look_ahead_later(
    output: str, look_ahead: int, frames: int
) -> None:
    model, inputs = small_network(), small_inputs(SMALL, frames)
    stream = BodyStream(model, output, look_ahead=look_ahead)
    assert stream.look_ahead == look_ahead
    pushed = [stream.push(x) for x in inputs]
    assert [body is not None for body in pushed] == [t >= look_ahead for t in range(frames)]
    bodies = [body for body in pushed if body is not None] + stream.finish()
    assert len(bodies) == frames
    assert_same(stacked(bodies), run_clip(model, inputs, output, look_ahead=look_ahead))


def test_streams_wait_seven_frames_unless_told_otherwise() -> None:
    assert BodyStream(small_network(), "mid").look_ahead == 7
    assert BodyStream(small_network(), "sequence").look_ahead == 7


@pytest.mark.parametrize("output", ["mid", "sequence"])
def test_without_frames_there_are_no_bodies(output: str) -> None:
    assert BodyStream(small_network(), output).finish() == []
    assert run_clip(small_network(), small_inputs(SMALL, 0), output).rotations.shape == (0, 24, 3, 3)


def test_a_clip_without_a_look_ahead_waits_for_every_window() -> None:
    model, inputs = small_network(), small_inputs(SMALL, 30)
    assert_same(run_clip(model, inputs, "sequence"), run_clip(model, inputs, "sequence", look_ahead=15))
    early = run_clip(model, inputs, "sequence", look_ahead=7)
    assert not torch.allclose(early.rotations, run_clip(model, inputs, "sequence").rotations, atol=1e-3)


@pytest.mark.parametrize(("output", "look_ahead"), [("mid", 7), ("sequence", 7), ("sequence", 15)])
def test_nothing_beyond_the_look_ahead_is_known(output: str, look_ahead: int) -> None:
    model, inputs = small_network(), small_inputs(SMALL, 40)
    other = inputs.clone()
    other[30:] += 1
    a, b = (run_clip(model, x, output, look_ahead=look_ahead).rotations for x in (inputs, other))
    assert torch.allclose(a[: 30 - look_ahead], b[: 30 - look_ahead], atol=1e-6)
    assert not torch.allclose(a[30 - look_ahead :], b[30 - look_ahead :], atol=1e-3)


@pytest.mark.parametrize("name", ["preset default", "4 cumulative fragments", "frequency fnet"])
def test_the_plain_stream_says_the_same(name: str) -> None:
    model = small_network(SWITCHES[name])
    inputs = small_inputs(model.config, 24)
    plain, cached = (BodyStream(model, plain=p) for p in (True, False))
    for x in inputs:
        a, b = plain.push(x), cached.push(x)
        if a is not None:
            assert_same(a, b)


@pytest.mark.parametrize("output", ["mid", "sequence"])
def test_parts_of_any_length_give_the_same_bodies(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, inputs = small_network(), small_inputs(SMALL, 70)
    whole = run_clip(model, inputs, output)
    monkeypatch.setitem(CHUNK, "cpu", 20)  # parts longer than this are cut
    parts = list(bodies_in_chunks(model, inputs.split([1, 33, 0, 7, 29]), output))
    joined = BodyState(*(torch.cat([getattr(p, n) for p in parts]) for n in ("rotations", "betas", "cam")))
    assert_same(joined, whole)


@pytest.mark.parametrize("output", ["mid", "sequence"])
def test_a_long_stream_holds_no_more_than_a_short_one(output: str) -> None:
    flow = ClipFlow(small_network(), output, look_ahead=7, longest=1)

    def held() -> int:
        tensors = [x for rows in flow.ring.rows.values() for x in rows]
        tensors += [x for x in vars(flow.rule).values() if isinstance(x, torch.Tensor)]
        return sum(x.untyped_storage().nbytes() for x in tensors)

    sizes = []
    for x in small_inputs(SMALL, 120):
        flow.feed(x[None])
        sizes.append(held())
    assert max(sizes[20:]) == max(sizes[20:40])


def test_rules_that_an_output_cannot_keep_are_refused() -> None:
    model, inputs = small_network(), small_inputs(SMALL, 20)
    for arguments in (
        {"output": "mid", "look_ahead": 15},
        {"output": "sequence", "look_ahead": 2},
        {"output": "sequence", "look_ahead": 16},
        {"output": "sequence", "edge": "static"},
    ):
        with pytest.raises(BadWindowRule) as refused:
            run_clip(model, inputs, **arguments)
        assert refused.value.code == "model.bad_window_rule"
