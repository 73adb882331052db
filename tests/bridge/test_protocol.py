import dataclasses
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.bridge import protocol
from reel2rig.bridge.errors import WorkerProtocolError
from reel2rig.bridge.protocol import (
    MAX_LINE,
    Bye,
    Cancel,
    Capture,
    Failure,
    Hello,
    Progress,
    Result,
    Scan,
    decode,
    encode,
    read_message,
)

EXAMPLES = [
    Hello(1, "0.1.0", "3.11.7", "2.13.0", "cuda (a card)", 12),
    Capture("j", "/jobs/j", "/videos/tänzer (1).mp4", {"person": "all", "focal_px": None}),
    Scan("j", "/jobs/j", "C:\\videos\\a.mp4", {}),
    Cancel("j"),
    Progress("j", "people", 3, 10, 0.25, 1.5, -1.0, "cpu"),
    Result("j"),
    Failure("j", "video.truncated", "It ends early.", 2),
    Bye("idle"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.type)
def test_every_message_survives_the_wire(message):
    assert read_message(io.BytesIO(encode(message))) == message


@given(st.text(st.characters(codec="utf-8")) | st.just("a\udcffb"))
def test_any_file_name_survives_the_wire_on_one_line(name):
    line = encode(Capture("j", "/jobs/j", name, {}))
    assert line.count(b"\n") == 1
    assert decode(line).video == name


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_with_our_error_and_nothing_else(line):
    with pytest.raises(WorkerProtocolError):
        decode(line)


@given(json_values)
def test_json_that_is_no_message_is_refused(value):
    with pytest.raises(WorkerProtocolError):
        decode(json.dumps(value).encode())


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_field_of_another_type_is_refused(message, data):
    fields = dataclasses.asdict(message)
    name = data.draw(st.sampled_from(sorted(fields)))
    wrong = {str: 1, int: "1", float: "1", dict: [1]}[type(fields[name])]
    line = json.dumps({"type": message.type, **fields, name: wrong}).encode()
    with pytest.raises(WorkerProtocolError, match=f"'{name}'"):
        decode(line)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.type)
def test_a_missing_field_is_refused(message):
    optional = {"advice"}  # so that a `hello` of another version can be understood and refused
    for name in dataclasses.asdict(message).keys() - optional:
        fields = dataclasses.asdict(message)
        del fields[name]
        with pytest.raises(WorkerProtocolError, match=f"'{name}'"):
            decode(json.dumps({"type": message.type, **fields}).encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "true", "null"])
def test_a_number_that_is_none_is_refused(number):
    line = encode(EXAMPLES[4]).replace(b"0.25", number.encode())
    with pytest.raises(WorkerProtocolError):
        decode(line)


def test_deep_nesting_is_refused_and_does_not_overflow():
    with pytest.raises(WorkerProtocolError):
        decode(b"[" * 100_000)


def test_an_unknown_field_is_ignored():
    assert decode(b'{"type": "cancel", "job": "j", "later": 1}') == Cancel("j")


def test_nan_is_never_sent():
    with pytest.raises(WorkerProtocolError):
        encode(Progress("j", "people", 1, 2, float("nan"), 0.0, 0.0, "cpu"))


def test_a_message_longer_than_the_limit_is_never_sent():
    with pytest.raises(WorkerProtocolError):
        encode(Failure("j", "c", "x" * MAX_LINE, 1))


def test_after_a_bad_or_endless_line_the_next_message_is_still_read(monkeypatch):
    monkeypatch.setattr(protocol, "MAX_LINE", 64)
    stream = io.BytesIO(b"x" * 1000 + b"\n" + b"garbage\n" + encode(Cancel("j")))
    for _ in range(2):
        with pytest.raises(WorkerProtocolError):
            read_message(stream)
    assert read_message(stream) == Cancel("j")
    assert read_message(stream) is None
