"""Writes input-normalisation metadata into a TFLite model with the standard library alone.

MediaPipe's task API refuses a model that does not say how its input pixels are scaled, and the model files
inside the `mediapipe` wheels do not say it. A TFLite file is a FlatBuffer, whose references always point
forward. So a new root, that adds one buffer and one metadata entry, is put *in front of* the untouched old
file: every old offset stays true, because offsets are relative and the prefix is a multiple of the strictest
alignment.

Format: https://flatbuffers.dev/internals/ ; field numbers from `schema.fbs` (a TFLite model) and
`metadata_schema.fbs`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

ALIGNMENT = 16  # what TFLite demands of the contents of a buffer
MODEL_IDENTIFIER = b"TFL3"
METADATA_IDENTIFIER = b"M001"
METADATA_NAME = "TFLITE_METADATA"  # the name under which readers look the metadata up

_MODEL_FIELDS = {"version": 0, "buffers": 4, "metadata": 6}
_MODEL_FIELD_COUNT = 8


@dataclass(frozen=True)
class _Scalar:
    """A number stored in place; `code` is its `struct` letter."""

    code: str
    value: float


@dataclass(frozen=True)
class _Floats:
    """A vector of 32-bit floats."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class _Old:
    """A reference to a position inside the old file, counted from its first byte."""

    position: int


@dataclass(frozen=True)
class _Table:
    """A FlatBuffer table: field number -> value."""

    fields: dict[int, _Value] = field(default_factory=dict)


_Value = _Scalar | _Floats | _Old | _Table | str | bytes | Sequence["_Value"]


class _ForwardWriter:
    """Lays out tables parents first, so that all references point forward."""

    def __init__(self, identifier: bytes) -> None:
        self.data = bytearray(4) + identifier
        self.old_references: list[tuple[int, int]] = []

    def finish(self, root: _Table) -> bytearray:
        self._refer(0, root)
        self._pad(ALIGNMENT)
        for place, position in self.old_references:
            struct.pack_into("<I", self.data, place, len(self.data) + position - place)
        return self.data

    def _pad(self, alignment: int, ahead: int = 0) -> None:
        self.data += bytes(-(len(self.data) + ahead) % alignment)

    def _refer(self, place: int, value: _Value) -> None:
        """Writes `value` at the end and its offset at `place`."""
        if isinstance(value, _Old):
            self.old_references.append((place, value.position))
            return
        write = {_Table: self._table, _Floats: self._floats, str: self._bytes, bytes: self._bytes}
        target = write.get(type(value), self._references)(value)  # pyright: ignore[reportArgumentType]
        struct.pack_into("<I", self.data, place, target - place)

    def _table(self, table: _Table) -> int:
        count = max(table.fields, default=-1) + 1
        offsets, size = [0] * count, 4
        for number, value in sorted(table.fields.items()):
            width = struct.calcsize(value.code) if isinstance(value, _Scalar) else 4
            size += -size % width
            offsets[number] = size
            size += width
        self._pad(4, ahead=4 + 2 * count)
        vtable = len(self.data)
        self.data += struct.pack(f"<HH{count}H", 4 + 2 * count, size, *offsets)
        start = len(self.data)
        self.data += struct.pack("<i", start - vtable) + bytes(size - 4)
        for number, value in table.fields.items():
            if isinstance(value, _Scalar):
                struct.pack_into("<" + value.code, self.data, start + offsets[number], value.value)
            else:
                self._refer(start + offsets[number], value)
        return start

    def _references(self, values: Sequence[_Value]) -> int:
        self._pad(4)
        start = len(self.data)
        self.data += struct.pack("<I", len(values)) + bytes(4 * len(values))
        for i, value in enumerate(values):
            self._refer(start + 4 + 4 * i, value)
        return start

    def _floats(self, vector: _Floats) -> int:
        self._pad(4)
        start = len(self.data)
        self.data += struct.pack(f"<I{len(vector.values)}f", len(vector.values), *vector.values)
        return start

    def _bytes(self, value: str | bytes) -> int:
        """A string (closed by a zero) or a byte vector whose contents meet the strictest alignment."""
        content = value.encode() if isinstance(value, str) else value
        self._pad(ALIGNMENT, ahead=4)
        start = len(self.data)
        self.data += struct.pack("<I", len(content)) + content + bytes(1)
        return start


def normalisation_metadata(mean: float, std: float) -> bytes:
    """The metadata FlatBuffer of a model with one RGB image input that expects (pixel - mean) / std."""
    normalise = _Table({0: _Floats((mean,)), 1: _Floats((std,))})
    process_unit = _Table({0: _Scalar("B", 1), 1: normalise})  # union member 1: NormalizationOptions
    content = _Table({0: _Scalar("B", 2), 1: _Table({0: _Scalar("b", 1)})})  # 2: ImageProperties, 1: RGB
    image_input = _Table({0: "image", 3: content, 4: [process_unit]})
    model = _Table({0: "pose", 3: [_Table({2: [image_input]})], 7: "1.0.0"})
    return bytes(_ForwardWriter(METADATA_IDENTIFIER).finish(model))


def with_normalisation(model: bytes, mean: float, std: float) -> bytes:
    """Returns `model` with its input normalisation written into it, in place of any metadata it had.

    Args:
        model: the whole TFLite file.
        mean, std: the model expects (pixel - mean) / std for pixels 0..255 seen as 0..255 floats.

    Raises:
        ValueError: `model` is not a TFLite file.
    """
    if len(model) < 16 or model[4:8] != MODEL_IDENTIFIER:
        raise ValueError("not a TFLite model: the identifier TFL3 is missing")
    old = _read_table(model, _u32(model, 0))
    buffers = _read_references(model, old[_MODEL_FIELDS["buffers"]])
    metadata = (
        _read_references(model, old[_MODEL_FIELDS["metadata"]]) if _MODEL_FIELDS["metadata"] in old else []
    )
    kept = [place for place in metadata if _read_string(model, place) != METADATA_NAME]
    entry = _Table({0: METADATA_NAME, 1: _Scalar("I", len(buffers))})
    added = _Table({0: normalisation_metadata(mean, std)})

    root: dict[int, _Value] = {number: _Old(place + _u32(model, place)) for number, place in old.items()}
    root[_MODEL_FIELDS["version"]] = _Scalar("I", _u32(model, old[_MODEL_FIELDS["version"]]))
    root[_MODEL_FIELDS["buffers"]] = [*map(_Old, buffers), added]
    root[_MODEL_FIELDS["metadata"]] = [*map(_Old, kept), entry]
    return bytes(_ForwardWriter(MODEL_IDENTIFIER).finish(_Table(root))) + model


def _u32(data: bytes, place: int) -> int:
    return struct.unpack_from("<I", data, place)[0]


def _read_table(data: bytes, start: int) -> dict[int, int]:
    """Field number -> position of the field, for the fields that are present."""
    vtable = start - struct.unpack_from("<i", data, start)[0]
    count = (struct.unpack_from("<H", data, vtable)[0] - 4) // 2
    offsets = struct.unpack_from(f"<{count}H", data, vtable + 4)
    return {number: start + offset for number, offset in enumerate(offsets[:_MODEL_FIELD_COUNT]) if offset}


def _read_references(data: bytes, place: int) -> list[int]:
    """Positions of the tables of the vector that the field at `place` refers to."""
    start = place + _u32(data, place)
    return [at + _u32(data, at) for at in range(start + 4, start + 4 + 4 * _u32(data, start), 4)]


def _read_string(data: bytes, table: int) -> str:
    """The string in field 0 (the name) of the table at `table`."""
    fields = _read_table(data, table)
    if 0 not in fields:
        return ""
    start = fields[0] + _u32(data, fields[0])
    return data[start + 4 : start + 4 + _u32(data, start)].decode()
