"""What a store takes: refused here before anything waits for the database, and made ready to be stored."""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from clawcortex.errors import InputError
from clawcortex.store.base import Floats
from clawcortex.store.records import NewMemory
from clawcortex.store.sql import times

_CUT = re.compile(r"[\x00-\x20\x7f]")
_LENGTH_SLACK = 1e-2
LONGEST_STEM = 500
"""Characters; PostgreSQL takes 2,046 bytes, and `text.terms` makes nothing near it."""


def is_stem(term: str) -> bool:
    """Return whether full text leaves this whole: it is cut at spaces and control characters only."""
    return 0 < len(term) <= LONGEST_STEM and not _CUT.search(term)


def spread(texts: Iterable[str]) -> Counter[str]:
    """Return in how many of these texts, stems joined by spaces, each stem stands."""
    return Counter(chain.from_iterable(set(stems.split(" ")) for stems in texts if stems))


def checksum(text: str) -> bytes:
    """Return what `check` compares a text with."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def packed(stems: Sequence[str]) -> bytes:
    """Return the crc32 of every stem as little-endian uint32."""
    hashes = array("I", [zlib.crc32(stem.encode()) for stem in stems])
    if hashes.itemsize != 4 or _BIG_ENDIAN:
        return b"".join(value.to_bytes(4, "little") for value in hashes)
    return hashes.tobytes()


_BIG_ENDIAN = array("H", [1]).tobytes() == b"\x00\x01"


def accept_memories(memories: Sequence[NewMemory]) -> None:
    """Refuse what cannot be stored, before anything waits for the writer."""
    for memory in memories:
        if not memory.text.strip():
            raise InputError("a memory has no text", hint="Give the text that is to be remembered.")
        if not memory.key:
            raise InputError(
                "a memory has no key", hint="Give a key that is the same when the same text comes again."
            )
        if not math.isfinite(memory.importance):
            raise InputError(f"importance {memory.importance} is not a finite number", hint="Give 0 to 1.")
        if not all(map(is_stem, memory.terms)):
            raise InputError(
                "a stem is empty, too long or holds a space",
                hint="Give stems as clawcortex.text.terms makes them.",
            )
        times.stamp(memory.created_at)
        _encodable(memory)


def _encodable(memory: NewMemory) -> None:
    scope = memory.scope
    joined = "\n".join(
        (
            *(memory.text, memory.key, memory.turn, memory.session, memory.speaker, memory.source_ref),
            *(scope.agent, scope.channel, scope.account, scope.chat, scope.sender),
            *memory.terms,
        )
    )
    if "\0" in joined:
        raise InputError(
            f"the memory with key {memory.key!a} holds a NUL character, which no database text can",
            hint="Pass text through clawcortex.text.clean first.",
        )
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"the memory with key {memory.key!a} is not valid Unicode: {error.reason}",
            hint="Pass text through clawcortex.text.clean first.",
        ) from error


def accept_vectors(positions: Sequence[int], vectors: Floats) -> Floats:
    """Return the vectors as float32; refuse what is not one finite unit vector a position."""
    given = np.ascontiguousarray(vectors, dtype=np.float32)
    if given.ndim != 2 or given.shape[0] != len(positions) or given.shape[1] == 0:
        raise InputError(f"vectors of shape {given.shape} do not fit {len(positions)} positions")
    if not np.isfinite(given).all():
        raise InputError("a vector holds NaN or infinity")
    lengths = np.linalg.norm(given, axis=1)
    if (np.abs(lengths - 1.0) > _LENGTH_SLACK).any():
        raise InputError(
            "a vector is not L2-normalised", hint="Divide each vector by its length before storing it."
        )
    return given
