"""What a graph knows between its tokens and its vector: the output of every layer, made readable.

A graph gives back only what it lists as outputs, and its layers are named inside it. To list more, a second message is
put behind the first: protocol buffers merge them (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clawcortex.errors import ModelError
from clawcortex.models.matrices import as_bytes, fields

NORMALISING = frozenset({b"LayerNormalization", b"SkipLayerNormalization"})
_GRAPH, _NODE, _OUTPUT, _NODE_OUTPUT, _NODE_TYPE, _NAME = 7, 1, 12, 2, 4, 1


def layer_names(graph: Path) -> list[str]:
    """Return the names of the layers' outputs (shape: texts x tokens x width), from the embedding to the last.

    A layer of a BERT ends in its second normalisation; raise ModelError for a graph that is built in another way.
    """
    try:
        found = list(_normalised(memoryview(graph.read_bytes())))
    except (OSError, ValueError, IndexError, StopIteration) as error:
        raise ModelError(f"{graph}: its layers cannot be listed ({error})") from error
    if len(found) < 3 or len(found) % 2 == 0:
        raise ModelError(f"{graph}: {len(found)} normalisations are not those of a BERT")
    return found[::2]


def with_outputs(graph: Path, names: list[str]) -> bytes:
    """Return the graph that also gives back what has these names."""
    told = b"".join(_field(_OUTPUT, _field(_NAME, name.encode())) for name in names)
    return graph.read_bytes() + _field(_GRAPH, told)


def _normalised(content: memoryview) -> Iterator[str]:
    graph = next(value for number, value in fields(content) if number == _GRAPH)
    for number, value in fields(graph):
        if number != _NODE:
            continue
        node = list(fields(value))
        if any(n == _NODE_TYPE and bytes(as_bytes(v)) in NORMALISING for n, v in node):
            yield bytes(as_bytes(next(v for n, v in node if n == _NODE_OUTPUT))).decode()


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
