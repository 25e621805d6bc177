"""Measure how well recall finds the turns that answer a question, without a language model.

    install.py run -- python bench/recall_quality.py --data ../shared/data/locomo-dev.json

Every conversation is captured through the operation `capture` for an agent of its own, all into one store;
every question is asked through the operation `recall`. R@k is the share of evidence turns among the first k
hits, averaged over questions; hit@10 the share of questions with any; MRR is of the first evidence turn.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence

import numpy as np

from clawcortex.client import Connection
from locomo import CATEGORIES, Conversation, load, turn_text
from report import emit, progress
from resident import Resident, post

DEPTH = 20


def measured(found: Sequence[str], evidence: Sequence[str]) -> dict[str, float]:
    """Return the figures of one question."""
    places = [found.index(ref) if ref in found[:DEPTH] else DEPTH for ref in evidence]
    figures = {f"recall_at_{k}": float(np.mean([place < k for place in places])) for k in (5, 10, 20)}
    first = min(places)
    return {**figures, "hit_at_10": float(first < 10), "mrr": 1 / (first + 1) if first < DEPTH else 0.0}


def mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of every figure."""
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def feed(connection: Connection, conversation: Conversation) -> None:
    """Capture every turn of a conversation."""
    for turn in conversation.turns:
        post(connection, "/v1/context-retention/capture", {
            "text": turn_text(turn), "speaker": turn.speaker, "timestamp": turn.at.isoformat(),
            "session": turn.session, "agent": conversation.name, "source_ref": turn.ref,
        })  # fmt: skip
    progress(f"captured {conversation.name}: {len(conversation.turns)} turns")


def ask(connection: Connection, conversation: Conversation, question: str) -> list[str]:
    """Return the source references of the hits, best first, each once."""
    answer = post(connection, "/v1/context-retention/recall", {
        "query": question, "agent": conversation.name, "top_k": DEPTH, "now": conversation.end.isoformat(),
    })  # fmt: skip
    hits = answer["hits"]
    assert isinstance(hits, list)
    return list(dict.fromkeys(hit["source_ref"] for hit in hits))


def measure(data: str) -> dict[str, list[dict[str, float]]]:
    """Return the figures of every question, by category."""
    by_category: dict[str, list[dict[str, float]]] = {}
    conversations = load(data)
    with Resident() as resident, Connection() as connection:
        for conversation in conversations:
            feed(connection, conversation)
        resident.until_ready()
        for conversation in conversations:
            for question in conversation.questions:
                figures = measured(ask(connection, conversation, question.text), question.evidence)
                by_category.setdefault(CATEGORIES[question.category], []).append(figures)
            progress(f"asked {conversation.name}: {len(conversation.questions)} questions")
    return by_category


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--store-url", default="", help="an empty store, as postgresql://…; else SQLite")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    os.environ["CLAWCORTEX_STORE_URL"] = chosen.store_url
    by_category = measure(chosen.data)
    everything = mean([figures for rows in by_category.values() for figures in rows])
    emit(
        "recall_quality",
        everything,
        chosen.json,
        [(name, mean(by_category[name])) for name in sorted(by_category)],
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
