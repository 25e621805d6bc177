"""Measure how well names are recognised: strict spans with their types, and spans alone.

    install.py run -- python bench/entities.py --data TRAIN.conll --test DEV.conll

Files as WNUT17 has them: a word, a tab, its BIO tag; an empty line after each sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and their BIO tags."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


def load(file: Path) -> list[Sentence]:
    """Return the sentences of a file."""
    found, words, tags = [], list[str](), list[str]()
    for line in [*file.read_text(encoding="utf-8").split("\n"), ""]:
        word, _, tag = line.strip().partition("\t")
        if word:
            words.append(word)
            tags.append(tag.strip())
        elif words:
            found.append(Sentence(tuple(words), tuple(tags)))
            words, tags = [], []
    return found


def spans(tags: Sequence[str]) -> set[Span]:
    """Return first word, word after the last, and type of every name; an I- without its B- begins one."""
    found: set[Span] = set()
    start, kind = 0, ""
    for i, tag in enumerate([*tags, "O"]):
        begins = tag.startswith("B-") or (tag.startswith("I-") and tag[2:] != kind)
        if kind and (begins or tag == "O"):
            found.add((start, i, kind))
            kind = ""
        if begins:
            start, kind = i, tag[2:]
    return found


def figures(said: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return F1, precision and recall over all names, and F1 of the spans alone."""
    pairs = [(spans(a), spans(b)) for a, b in zip(said, true, strict=True)]
    right = sum(len(a & b) for a, b in pairs)
    bare = [({s[:2] for s in a}, {s[:2] for s in b}) for a, b in pairs]
    right_spans = sum(len(a & b) for a, b in bare)
    guessed, wanted = sum(len(a) for a, _ in pairs), sum(len(b) for _, b in pairs)
    return {
        "f1": 2 * right / max(1, guessed + wanted),
        "precision": right / max(1, guessed),
        "recall": right / max(1, wanted),
        "span_f1": 2 * right_spans / max(1, guessed + wanted),
    }
