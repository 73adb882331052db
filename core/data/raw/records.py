"""TFRecord files without TensorFlow: their framing, their checksums, and the examples inside (method section
7.3).

A record is its length (8 bytes, little-endian), the masked CRC-32C of these 8 bytes, the data, and the masked
CRC-32C of the data. The data is a `tf.train.Example`: named lists of bytes, floats or integers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...optional_packages import need
from .errors import RawDataInvalid

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_MASK = 0xA282EAD8
_BLOCK = 1024


def read_records(path: Path) -> Iterator[bytes]:
    """The data of every record of a file, checksums verified.

    Raises RawDataInvalid naming the file and the record, from 0.
    """
    size = path.stat().st_size
    with open(path, "rb") as stream:
        number = 0
        while head := stream.read(12):
            if len(head) < 12:
                raise _damaged(path, number, "its length is cut off")
            (length, check) = struct.unpack("<QI", head)
            if masked_crc32c(head[:8]) != check:
                raise _damaged(path, number, "the checksum of its length is wrong")
            if length + 4 > size - stream.tell():
                raise _damaged(path, number, "the file ends inside it")
            data = stream.read(length)
            if masked_crc32c(data) != struct.unpack("<I", stream.read(4))[0]:
                raise _damaged(path, number, "the checksum of its data is wrong")
            yield data
            number += 1


def _damaged(path: Path, number: int, reason: str) -> RawDataInvalid:
    return RawDataInvalid(f"{path} is not a whole TFRecord file (record {number}: {reason}): fetch it again.")


def masked_crc32c(data: bytes) -> int:
    """The CRC-32C of `data` as TFRecord files store it: rotated by 15 bits, plus a constant."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """The CRC-32C (Castagnoli) of bytes.

    A remainder is linear in its start and in the data: whole blocks are divided side by side, each from zero,
    and joined by pushing what came before past each of them.
    """
    table = _table()
    head = len(data) % _BLOCK
    total = 0xFFFFFFFF
    for byte in data[:head]:
        total = int(table[(total ^ byte) & 255]) ^ total >> 8
    blocks = np.frombuffer(data, np.uint8, offset=head).reshape(-1, _BLOCK)
    low, second, third, high = _pushes()
    for block in _remainders(np.zeros(len(blocks), np.uint32), blocks).tolist():
        pushed = low[total & 255] ^ second[total >> 8 & 255] ^ third[total >> 16 & 255]
        total = pushed ^ high[total >> 24] ^ block
    return total ^ 0xFFFFFFFF


@lru_cache(maxsize=1)
def _table() -> NDArray[Any]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ (table & 1) * np.uint32(_POLYNOMIAL)
    return table


def _remainders(starts: NDArray[Any], rows: NDArray[np.uint8]) -> NDArray[Any]:
    """The remainder (n,) after each of the rows (n, bytes), beginning from `starts` (n,)."""
    table = _table()
    for column in rows.T:
        starts = table[(starts ^ column) & 255] ^ starts >> 8
    return starts


@lru_cache(maxsize=1)
def _pushes() -> list[list[int]]:
    """For each of the four bytes of a remainder and each of its values: what a block of zeros makes of it."""
    values = np.arange(256, dtype=np.uint32)[None] << 8 * np.arange(4, dtype=np.uint32)[:, None]
    zeros = np.zeros((values.size, _BLOCK), np.uint8)
    return _remainders(values.ravel(), zeros).reshape(4, 256).tolist()


def read_example(data: bytes, where: str) -> dict[str, list[bytes] | NDArray]:
    """The lists of a `tf.train.Example` by name: bytes, or float32 or int64 arrays.

    Raises RawDataInvalid naming `where`; PackageMissing without protobuf.
    """
    example = _example_message()()
    try:
        example.ParseFromString(data)
    except need("google.protobuf.message").DecodeError as error:
        raise RawDataInvalid(f"{where} is not a tf.train.Example ({error}): fetch the file again.") from error
    lists: dict[str, list[bytes] | NDArray] = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        if kind == "bytes_list":
            lists[name] = list(feature.bytes_list.value)
        elif kind == "float_list":
            lists[name] = np.array(feature.float_list.value, np.float32)
        elif kind == "int64_list":
            lists[name] = np.array(feature.int64_list.value, np.int64)
    return lists


@lru_cache(maxsize=1)
def _example_message() -> Any:
    """The class of `tf.train.Example`, described here because TensorFlow is no dependency."""
    descriptor = need("google.protobuf.descriptor_pb2")
    Field = descriptor.FieldDescriptorProto
    file = descriptor.FileDescriptorProto(name="reel2rig/example.proto", package="reel2rig", syntax="proto3")

    def message(name: str, *fields: Any, inside: Any = file.message_type) -> Any:
        return inside.add(name=name, field=fields)

    def field(name: str, number: int, type: int, of: str | None = None, repeated: bool = False) -> Any:
        label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
        type_name = f".reel2rig.{of}" if of else None
        return Field(name=name, number=number, type=type, label=label, type_name=type_name)

    message("BytesList", field("value", 1, Field.TYPE_BYTES, repeated=True))
    message("FloatList", field("value", 1, Field.TYPE_FLOAT, repeated=True))
    message("Int64List", field("value", 1, Field.TYPE_INT64, repeated=True))
    kinds = [
        field(f"{kind.lower()}_list", number, Field.TYPE_MESSAGE, f"{kind}List")
        for number, kind in enumerate(("Bytes", "Float", "Int64"), start=1)
    ]
    feature = message("Feature", *kinds)
    feature.oneof_decl.add(name="kind")
    for kind in feature.field:
        kind.oneof_index = 0
    features = message(
        "Features", field("feature", 1, Field.TYPE_MESSAGE, "Features.FeatureEntry", repeated=True)
    )
    key, value = field("key", 1, Field.TYPE_STRING), field("value", 2, Field.TYPE_MESSAGE, "Feature")
    message("FeatureEntry", key, value, inside=features.nested_type).options.map_entry = True
    message("Example", field("features", 1, Field.TYPE_MESSAGE, "Features"))
    pool = need("google.protobuf.descriptor_pool").DescriptorPool()
    pool.Add(file)
    return need("google.protobuf.message_factory").GetMessageClass(
        pool.FindMessageTypeByName("reel2rig.Example")
    )
