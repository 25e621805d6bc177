"""The matrices of an exported graph: their names and values, read without the exporter's packages.

An ONNX file is a protocol buffer (model.graph = field 7, graph.initializer = 5); what is read of a tensor: dims = 1,
data_type = 2, name = 8, external_data = 13 with key = 1 and value = 2. Large ones lie in a file of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import GRAPH, WEIGHTS
from clawcortex.models.base import Floats

_FLOAT32 = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Matrix:
    """One matrix of the graph and where its values begin, in bytes of the weights' file."""

    name: str
    shape: tuple[int, int]
    offset: int

    def read(self, folder: Path) -> Floats:
        """Return a copy of the values."""
        count = self.shape[0] * self.shape[1]
        values: Floats = np.fromfile(folder / WEIGHTS, np.float32, count, offset=self.offset)
        return values.reshape(self.shape)


def matrices(folder: Path) -> list[Matrix]:
    """Return every matrix of float32 that lies in the weights' file, in order of the graph."""
    file = folder / GRAPH
    try:
        content = memoryview(file.read_bytes())
        graph = next(value for number, value in fields(content) if number == 7)
        found = [_matrix(as_bytes(value)) for number, value in fields(as_bytes(graph)) if number == 5]
    except (OSError, ValueError, IndexError, StopIteration) as error:
        raise ModelError(f"{file}: its weights cannot be listed ({error})") from error
    return [matrix for matrix in found if matrix is not None]


def _matrix(tensor: memoryview) -> Matrix | None:
    dims: list[int] = []
    name, kind, place = "", 0, {}
    for number, value in fields(tensor):
        if number == 1:
            dims += [value] if isinstance(value, int) else list(_varints(value))
        elif number == 2:
            kind = int(value) if isinstance(value, int) else 0
        elif number == 8:
            name = bytes(as_bytes(value)).decode()
        elif number == 13:
            entry = {n: bytes(as_bytes(v)).decode() for n, v in fields(as_bytes(value))}
            place[entry[1]] = entry[2]
    if kind != _FLOAT32 or len(dims) != 2 or place.get("location") != WEIGHTS:
        return None
    return Matrix(name, (dims[0], dims[1]), int(place.get("offset", "0")))


def as_bytes(value: int | memoryview) -> memoryview:
    """Return a field's value that is bytes; none for a number."""
    return value if isinstance(value, memoryview) else memoryview(b"")


def fields(message: int | memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a message; ValueError or IndexError for a damaged one."""
    content, at = as_bytes(message), 0
    while at < len(content):
        key, at = _varint(content, at)
        if key & 7 == _VARINT:
            value, at = _varint(content, at)
            yield key >> 3, value
            continue
        if key & 7 == _BYTES:
            size, at = _varint(content, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(key & 7, -1)
        if size < 0 or at + size > len(content):
            raise ValueError("it ends inside a field")
        yield key >> 3, content[at : at + size]
        at += size


def _varints(content: memoryview) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
