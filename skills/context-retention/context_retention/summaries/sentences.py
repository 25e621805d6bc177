"""A turn's text cut into sentences; every sentence is a piece of the text, white space aside."""

from __future__ import annotations

import re

LONGEST = 280
"""Characters of a sentence that are quoted; a longer one is cut between words and ends in "…"."""
ENDS = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])")
ABBREVIATED = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|nr|vs|etc|e\.g|i\.e|approx|ca|bzw|usw|z\.\s?b|d\.\s?h|inkl|tel|str|inc|ltd|co)"
    r"|\b[A-Z]|\b\d{1,2})\.$",
    re.IGNORECASE,
)
"""A full stop that ends no sentence: abbreviations, initials, German ordinals."""
BULLET = re.compile(r"^(?:[-*•–+]|\d{1,2}[.)])\s+")
CODE = re.compile(r"^\s*(?:```|~~~)")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, one line each; program code between fences is left out."""
    found: list[str] = []
    in_code = False
    for line in text.splitlines():
        if CODE.match(line):
            in_code = not in_code
            continue
        bare = BULLET.sub("", " ".join(line.split()))
        if bare and not in_code:
            found += _cut(bare)
    return found


def _cut(line: str) -> list[str]:
    found: list[str] = []
    start = 0
    for match in ENDS.finditer(line):
        piece = line[start : match.end()].rstrip()
        if match.end() < len(line) and ABBREVIATED.search(piece):
            continue
        found.append(piece)
        start = match.end()
    found.append(line[start:])
    return [piece for piece in found if piece.strip(" .!?…")]


def shortened(sentence: str) -> str:
    """Return at most `LONGEST` characters of a sentence."""
    if len(sentence) <= LONGEST:
        return sentence
    kept = sentence[: LONGEST - 1]
    whole = kept.rsplit(maxsplit=1)[0] if " " in kept else kept
    return whole.rstrip() + "…"


def alike(sentence: str) -> str:
    """Return what two sentences share that say the same in the same words."""
    return " ".join(re.findall(r"\w+", sentence.casefold()))
