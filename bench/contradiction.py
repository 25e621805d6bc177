"""Measure whether the newer fact wins and the older one stays reachable.

    install.py run -- python bench/contradiction.py --half dev

On pairs: how well `supersedes` is told from refinements, paraphrases and unrelated texts, by reader and quick model
together. End to end: every text of the half, captured into one person's memory with the dates of its pair, embedded
and related by the chore; then each question about now must put the newer text above the older, and each question about
before must return the older with the end of its time.
Weights were fitted, and cue words written, on half "dev": only half "final" says how good it is.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clawcortex.skills.context import Context
from clawcortex.store.records import Scope, Selection
from context_retention.pairs import JUDGED, Compared, chances
from context_retention.recall import Wanted, search
from context_retention.relating import relate
from context_retention.relation import Said, headings, is_duplicate
from context_retention.shapes import Hit
from context_retention.writing import Saying, prepare, write
from contradictions import Half, Pair, load
from fit_ranker import context_of
from report import emit, progress

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ONE = Scope(agent="main", channel="telegram", chat="111", sender="111")
DEPTH = 10


def told(pairs: Sequence[Pair]) -> list[tuple[datetime, Pair, str]]:
    """Return every text with its time, in order of time."""
    texts = []
    for i, pair in enumerate(pairs):
        newer = NOW - timedelta(days=1, minutes=17 * i)
        texts += [(newer, pair, pair.newer), (newer - timedelta(days=pair.gap_days), pair, pair.older)]
    return sorted(texts, key=lambda text: text[0])


def on_pairs(context: Context, pairs: Sequence[Pair]) -> tuple[dict[str, float], dict[str, float]]:
    """Return precision, recall and F1 of `supersedes`, and of each kind the share that was called so."""
    said = []
    for pair in pairs:
        vectors = context.embedder.encode([pair.newer, pair.older])
        heading = headings(context.embedder.model, vectors)
        newer = Said(pair.newer, pair.speaker, NOW, heading[0])
        older = Said(pair.older, pair.speaker, NOW - timedelta(days=pair.gap_days), heading[1])
        cosine = float(vectors[0] @ vectors[1])
        alike = is_duplicate(pair.newer, pair.older, cosine)
        said.append(not alike and chances(context, [Compared(newer, older, cosine)])[0] >= JUDGED)
    right = sum(one for one, pair in zip(said, pairs, strict=True) if pair.supersedes)
    precision, recall = right / max(1, sum(said)), right / sum(pair.supersedes for pair in pairs)
    by_kind: dict[str, list[bool]] = {}
    for one, pair in zip(said, pairs, strict=True):
        by_kind.setdefault(pair.kind, []).append(one)
    shares = {kind: sum(found) / len(found) for kind, found in by_kind.items()}
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * right / max(1, sum(said) + sum(p.supersedes for p in pairs)),
    }, shares


def fill(context: Context, pairs: Sequence[Pair]) -> None:
    """Capture every text as said by its speaker, embed, relate."""
    for at, pair, text in told(pairs):
        saying = Saying(text, ONE, at, speaker=pair.speaker, source_ref=f"{pair.id}/{text == pair.newer}")
        write(context, [prepare(saying)], "capture")
    model = context.embedder.model
    while waiting := context.store.unembedded(model, limit=256):
        numbers, texts = zip(*waiting, strict=True)
        context.store.put_vectors(model, numbers, context.embedder.encode(texts))
    while relate.run(context):
        pass


def ask(context: Context, question: str, asker: str) -> list[Hit]:
    """Return the hits of one question of the one who told."""
    scopes = list(context.store.scopes())
    return search(context, Wanted(question, NOW, scopes, top_k=DEPTH, asker=asker)).hits


def end_to_end(context: Context, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return the shares of questions that get the current fact first and that reach the history."""
    current, found, reachable, among = [], [], [], []
    for pair in (one for one in pairs if one.supersedes):
        texts = [hit.text for hit in ask(context, pair.question_now, pair.speaker)]
        places = [texts.index(text) if text in texts else DEPTH for text in (pair.newer, pair.older)]
        current.append(places[0] < places[1])
        found.append(places[0] < DEPTH)
        before = [hit for hit in ask(context, pair.question_before, pair.speaker) if hit.text == pair.older]
        among.append(bool(before))
        reachable.append(bool(before) and before[0].valid_to is not None)
    count = len(current)
    links = [memory for memory in context.store.select(Selection()) if memory.superseded_by]
    refs = {memory.id: memory.source_ref for memory in context.store.select(Selection())}
    supersedes = {pair.id for pair in pairs if pair.supersedes}
    right = sum(
        one.source_ref.split("/")[0] in supersedes
        and refs[one.superseded_by].split("/")[0] == one.source_ref.split("/")[0]
        for one in links
    )
    return {
        "current_first": sum(current) / count,
        "current_found": sum(found) / count,
        "history_reachable": sum(reachable) / count,
        "history_found": sum(among) / count,
        "links": len(links),
        "links_right": right / max(1, len(links)),
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).with_name("contradictions.jsonl"))
    parser.add_argument("--half", choices=("dev", "final"), default="final")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    half: Half = chosen.half
    pairs = load(chosen.data, half)
    with tempfile.TemporaryDirectory(prefix="clawcortex-bench-") as state:
        context = context_of(state)
        figures, by_kind = on_pairs(context, pairs)
        for kind, share in sorted(by_kind.items()):
            progress(f"{kind}: called supersedes {share:.3f}")
        fill(context, pairs)
        figures |= end_to_end(context, pairs)
        context.store.close()
    emit("contradiction", figures, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
