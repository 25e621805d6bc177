"""Long text in pieces that fit an embedding model, cut where people pause."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clawcortex.errors import InputError
from clawcortex.text.tokens import TOKEN

LIMIT_TOKENS = 220
"""Under the 256 that MiniLM reads, as the count is an estimate."""

_BREAKS = (
    re.compile(r"\n[^\S\n]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"(?<=[.!?…:;])[\"'”’»)\]]{0,3}\s+|(?<=[。！？｡؟।])\s*"),
    re.compile(r"\s+"),
)
"""Ends of paragraphs, lines, sentences, words: the strongest break that makes a piece fit is taken."""


Span = tuple[int, int]


def chunks(text: str, *, limit_tokens: int = LIMIT_TOKENS) -> list[str]:
    """Return the text in order in pieces of at most `limit_tokens`; only a word that is longer is cut."""
    if limit_tokens < 1:
        raise InputError(f"limit_tokens is {limit_tokens}", hint="Use a limit of at least 1.")
    pieces = (text[start:end].strip() for start, end in _split(text, (0, len(text)), limit_tokens, 0))
    return [piece for piece in pieces if piece]


def _split(text: str, span: Span, limit: int, level: int) -> Iterator[Span]:
    """Yield spans that fit, in order: parts of this level packed, larger ones split further."""
    if level == len(_BREAKS):
        yield from _slices(text, span, limit)
        return
    start, end = span[0], span[0]
    room = limit
    for part in _parts(text, span, _BREAKS[level]):
        size = _count(text, part)
        if size <= room:
            end, room = part[1], room - size
            continue
        yield start, end
        if size <= limit:
            (start, end), room = part, limit - size
        else:
            *whole, (start, end) = _split(text, part, limit, level + 1)
            yield from whole
            room = limit - _count(text, (start, end))
    yield start, end


def _count(text: str, span: Span) -> int:
    return sum(1 for _ in TOKEN.finditer(text, *span))


def _parts(text: str, span: Span, pattern: re.Pattern[str]) -> Iterator[Span]:
    """Yield the span cut behind every break."""
    at, last = span
    for match in pattern.finditer(text, at, last):
        if match.end() > at:
            yield at, match.end()
            at = match.end()
    yield at, last


def _slices(text: str, span: Span, limit: int) -> Iterator[Span]:
    """Yield a single word in pieces."""
    start, last = span
    end, count = start, 0
    for match in TOKEN.finditer(text, start, last):
        if count == limit:
            yield start, end
            start, count = end, 0
        end, count = match.end(), count + 1
    yield start, last
