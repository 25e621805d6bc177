"""A text cut where something new is said: at full stops, blank lines, bullets, and where speech runs on.

A line break alone ends nothing: transcripts are wrapped anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clawcortex.text.dates.words import either
from clawcortex.text.linear import linear
from voice_pipeline.extracting.verbs import VERBS

LONGEST = 400
"""Characters of a clause; speech without a stop is cut between words."""
_END = linear(r"[.!?…]+[\"'”’)\]]*(?:\s+|$)|[。！？]|;\s|\n[ \t]*(?:\n\s*|(?:[-*•]|[0-9]{1,2}[.)])[ \t]+)")
_ABBREVIATED = linear(
    r"(?i)(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|no|vs|e\.g|i\.e|approx|inc|ltd|a\.m|p\.m|[a-z])\.$"
)
_NOD = linear(
    r"(?i),\s*(?:right|ok|okay|yes|yeah|correct|agreed"
    r"|(?:is|are|do|does|did|wo|have|has|ca|should)n['’]t (?:it|i|we|you|he|she|they))\s*\?[\"'”’)]*$"
)
_MODAL = (
    r"(?:'ll|’ll|'m going to|'ve got to|\s+(?:will|need(?:s)? to|ha(?:s|ve) to|ha(?:s|ve) got to|must|should"
    r"|am going to|is going to|are going to|gotta|is supposed to))\b"
)
_NEW = linear(
    r"(?i)(?:,\s*|\s+)(?P<link>(?:and|but|so|then|also|oh|plus|okay|ok)\b[\s,]*)+"
    rf"(?:please\b|remind\s|remember\sto\b|don'?t\sforget\b|make\ssure\b|let's\b|(?:can|could|would|will)\syou\b|ask\s\w+\sto\b"
    rf"|tell\s\w+\sto\b|(?:i|we|you|he|she|they|[a-z]+){_MODAL})"
    rf"|(?i)(?:,\s*(?:and|but|so|then|also)|\s(?:so|then))\s+(?:then\s+)?{either(VERBS)}\s"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of the source and where it stands."""

    text: str
    start: int
    end: int

    @property
    def asks(self) -> bool:
        """Tell whether it is a question."""
        return self.text.rstrip("\"'”’) ").endswith("?")


def clauses(text: str) -> Iterator[Clause]:
    """Yield what is said, piece by piece; `source[piece.start:piece.end] == piece.text`."""
    start = 0
    for match in _END.finditer(text):
        if match[0][0] == "." and _ABBREVIATED.search(
            text[max(start, match.start() - 8) : match.start() + 1]
        ):
            continue
        yield from _pieces(text, start, match.end())
        start = match.end()
    yield from _pieces(text, start, len(text))


def _pieces(text: str, start: int, end: int) -> Iterator[Clause]:
    sentence = text[start:end]
    cuts = [0]
    for match in _NEW.finditer(sentence):
        if match.start() - cuts[-1] >= 8:
            cuts.append(match.start())
    for first, last in zip(cuts, [*cuts[1:], len(sentence)], strict=True):
        for low in _limited(sentence, first, last):
            clause = _trimmed(text, start + low[0], start + low[1])
            if clause is not None:
                yield clause


def _limited(sentence: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield parts of at most `LONGEST` characters, cut at white space where there is any."""
    while last - first > LONGEST:
        space = sentence.rfind(" ", first + 1, first + LONGEST)
        cut = space if space > first else first + LONGEST
        yield first, cut
        first = cut
    yield first, last


def _trimmed(text: str, start: int, end: int) -> Clause | None:
    piece = text[start:end]
    bare = piece.strip(" \t\r\n,-*•–—")
    if nod := _NOD.search(bare):  # a statement still
        bare = bare[: nod.start()]
    if not any(c.isalnum() for c in bare):
        return None
    begin = start + piece.index(bare)
    return Clause(bare, begin, begin + len(bare))
