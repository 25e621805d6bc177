"""Measure what recall loses when half of all memories are evicted.

    install.py run -- python bench/eviction.py --data ../shared/data/locomo-dev.json

Every conversation is captured, and a first share of the questions (drawn with a fixed seed) is asked through the
operation `recall`, which counts what it returned; no label takes part in that. Then copies of that state lose
half of their memories: by our policy, at random, and oldest first, as baselines. All questions are asked of
each copy and of one that lost nothing; the loss is the difference of R@10 in points.

`recall_loss_points` is over all questions. `recall_loss_used_points` is over the used ones: each turn of their
evidence had been counted as recalled before the eviction, by whatever question. `recall_loss_asked_points` is over
the questions that were themselves asked before, found or not; `recall_loss_new_points` over all others.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from clawcortex import paths
from clawcortex.client import Connection
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.records import Memory, Selection
from locomo import Conversation, Question, load
from recall_quality import ask, feed, measured
from report import emit, progress
from resident import Resident, post

SEED = 20
EVERY = 10_000_000
Asked = tuple[Conversation, Question]
Recalls = list[float]
Policy = Callable[[Connection, Sequence[Memory], int], None]


def by_worth(connection: Connection, memories: Sequence[Memory], kept: int) -> None:
    """Evict as the product does."""
    del memories
    done = post(connection, "/v1/context-retention/evict", {"rows": kept})
    assert done["left"] == kept, done


def at_random(connection: Connection, memories: Sequence[Memory], kept: int) -> None:
    """Remove any memories."""
    _remove(connection, random.Random(SEED).sample(memories, len(memories) - kept))


def oldest_first(connection: Connection, memories: Sequence[Memory], kept: int) -> None:
    """Remove what was said longest ago."""
    _remove(connection, sorted(memories, key=lambda one: one.created_at)[: len(memories) - kept])


def _remove(connection: Connection, memories: Iterable[Memory]) -> None:
    post(connection, "/v1/context-retention/forget", {"ids": [memory.id for memory in memories]})


POLICIES: Mapping[str, Policy] = {"worth": by_worth, "random": at_random, "oldest": oldest_first}


@dataclass(frozen=True, slots=True)
class Lived:
    """A state after some use: its database, and what was counted as recalled there."""

    database: Path
    memories: list[Memory]
    recalled: frozenset[str]


class Copied(Resident):
    """A server on a copy of what was lived."""

    def __init__(self, lived: Lived) -> None:
        super().__init__()
        shutil.copy(lived.database, paths.private_folder(self.state) / paths.database_path().name)


def live(conversations: Sequence[Conversation], asked: Sequence[Asked], database: Path) -> Lived:
    """Capture everything, ask some questions, and keep the database."""
    with Resident() as resident:
        with Connection() as connection:
            for conversation in conversations:
                feed(connection, conversation)
        resident.until_ready()
        _use(asked)
        with (
            closing(sqlite3.connect(paths.database_path())) as source,
            closing(sqlite3.connect(database)) as target,
        ):
            source.backup(target)
    with closing(open_store(Settings(store_url=f"sqlite:{database}"))) as store:
        memories = store.select(Selection(), limit=EVERY)
        usage = store.usage()
        counted = set(usage.n[usage.recalls > 0].tolist())
    return Lived(database, memories, frozenset(one.source_ref for one in memories if one.n in counted))


def _use(asked: Sequence[Asked]) -> None:
    with Connection() as connection:
        for conversation, question in asked:
            ask(connection, conversation, question.text)
        progress(f"asked {len(asked)} questions")
        post(connection, "/v1/context-retention/evict", {"dry_run": True})  # counts what waits to be counted


def recalls(connection: Connection, questions: Sequence[Asked]) -> Recalls:
    """Return R@10 of every question."""
    return [
        measured(ask(connection, conversation, question.text), question.evidence)["recall_at_10"]
        for conversation, question in questions
    ]


def after(lived: Lived, questions: Sequence[Asked], name: str, kept: int) -> Recalls:
    """Return R@10 once a policy has let go."""
    with Copied(lived) as resident:
        resident.until_ready()
        with Connection() as connection:
            if name in POLICIES:
                POLICIES[name](connection, lived.memories, kept)
            found = recalls(connection, questions)
    progress(f"{name}: R@10 {np.mean(found):.3f}")
    return found


def measure(
    data: str, share: float, evicted: float
) -> tuple[dict[str, float], list[tuple[str, dict[str, float]]]]:
    """Return our policy's figures, and a row for each policy."""
    conversations = load(data)
    questions = [(conversation, one) for conversation in conversations for one in conversation.questions]
    places = range(len(questions))
    asked = sorted(random.Random(SEED).sample(places, round(share * len(questions))))
    with TemporaryDirectory(prefix="clawcortex-bench-") as folder:
        lived = live(conversations, [questions[i] for i in asked], Path(folder) / "memory.db")
        kept = round((1 - evicted) * len(lived.memories))
        before = after(lived, questions, "nothing evicted", kept)
        groups: dict[str, Sequence[int]] = {
            "": places,
            "used_": [i for i in places if lived.recalled.issuperset(questions[i][1].evidence)],
            "asked_": asked,
            "new_": sorted(set(places).difference(asked)),
        }
        rows = []
        for name in POLICIES:
            found = after(lived, questions, name, kept)
            losses = {
                f"recall_loss_{group}points": 100 * float(np.mean([before[i] - found[i] for i in members]))
                for group, members in groups.items()
            }
            rows.append((name, losses))
    figures = {
        **rows[0][1],
        **{
            f"{name}_{key}": value
            for name, losses in rows[1:]
            for key, value in losses.items()
            if "asked" not in key
        },
        "recall_at_10_before": float(np.mean(before)),
        "memories": len(lived.memories),
        "kept": kept,
        "recalled_before": len([one for one in lived.memories if one.source_ref in lived.recalled]),
        "questions": len(questions),
        "used_questions": len(groups["used_"]),
    }
    return figures, rows


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--share", type=float, default=0.5, help="share of the questions asked before")
    parser.add_argument("--evicted", type=float, default=0.5, help="share of the memories evicted")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    figures, _ = measure(chosen.data, chosen.share, chosen.evicted)
    emit("eviction", figures, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
