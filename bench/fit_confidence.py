"""Fit how sure recall is that memory holds an answer, and say how well that separates.

    install.py run -- python bench/fit_confidence.py --data ../shared/data/locomo-dev.json

The prompts of fit_ranker.py are asked of whole conversations and of small memories cut out of them, with
and without the evidence: single turns without neighbours, as `remember` leaves them, and a few sessions. A
prompt is answered when evidence stands among the first five. Figures are by weights fitted on the other
conversations.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clawcortex.skills.context import Context
from clawcortex.store.base import Floats, Ints
from context_retention import confidence, operations, ranker
from context_retention.candidates import candidates
from context_retention.features import compute
from context_retention.query import parse
from context_retention.shapes import CaptureInput
from fit_ranker import Asked, context_of, fill, prompts
from locomo import Conversation, load, turn_text
from report import progress

EACH = 260
"""Most prompts of a kind."""
SIZES = (4, 8, 15, 30, 60, 120)
ALONE = "-alone"
"""Ends the agent's name for the copy of a conversation in which no turn has neighbours."""
FIRST = 5
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """One prompt to one memory: what its best candidate shows, and whether it was answered."""

    memory: str
    kind: str
    conversation: str
    values: tuple[float, ...]
    answered: bool


def fill_alone(context: Context, conversations: Sequence[Conversation]) -> None:
    """Capture every turn once more, as a memory of its own."""
    for conversation in conversations:
        for turn in conversation.turns:
            said = {"speaker": turn.speaker, "timestamp": turn.at, "source_ref": turn.ref}
            alone = {"text": turn_text(turn), "agent": conversation.name + ALONE, **said}
            operations.capture(context, CaptureInput.model_validate(alone))


class Memories:
    """The filled store, and small memories cut out of it."""

    def __init__(self, context: Context, conversations: Sequence[Conversation]) -> None:
        self._context, self._view = context, context.index.view()
        memories = context.store.rows([int(n) for n in self._view.columns.n])
        self._refs = np.array([memory.source_ref for memory in memories])
        self._agents = np.array([memory.scope.agent for memory in memories])
        self._ends = {one.name: one.end for one in conversations}
        self._chance = random.Random(11)

    def masks(self, asked: Asked) -> Iterator[tuple[str, np.ndarray, bool]]:
        """Yield (kind of memory, rows it holds, whether the evidence is among them)."""
        yield "whole", self._agents == asked.conversation, True
        evidence = np.isin(self._refs, list(asked.evidence))
        sessions = self._view.columns.session
        for name, agent in (("alone", asked.conversation + ALONE), ("sessions", asked.conversation)):
            pool = self._agents == agent
            with_it = bool(asked.evidence) and self._chance.random() < 0.6
            size = self._chance.choice(SIZES)
            kept = np.zeros(len(pool), np.bool_)
            if name == "alone":
                kept[self._chance.sample(list(np.flatnonzero(pool)), min(size, int(pool.sum())))] = True
            else:
                known = sorted(set(sessions[pool]))
                kept = pool & np.isin(sessions, self._chance.sample(known, min(5, max(1, size // 20))))
            kept &= ~evidence
            if with_it and name == "alone":
                kept |= pool & evidence
            elif with_it:
                kept |= pool & np.isin(sessions, sessions[pool & evidence])
            yield name, kept, with_it

    def cases(self, asked: Asked, *, dense: bool) -> Iterator[Case]:
        """Yield the prompt's cases in every kind of memory."""
        view, store = self._view, self._context.store
        speakers = {} if asked.kind == "unnamed" else view.speakers
        query = parse(asked.text, now=self._ends[asked.conversation], speakers=speakers, asker=asked.asker)
        vector = self._context.embedder.encode([query.embed])[0] if dense else None
        frequencies = store.frequencies((*query.stems, *query.names))
        for memory, mask, with_evidence in self.masks(asked):
            rows: Ints = candidates(query, view, store, vector, mask, frequencies)
            if not len(rows):
                continue
            features = compute(query, view, rows, vector, frequencies, len(view.columns.n))
            odds = confidence.log_odds(ranker.score(features))
            first = self._refs[rows[np.argsort(-odds, kind="stable")[:FIRST]]]
            answered = with_evidence and bool(np.isin(first, list(asked.evidence)).any())
            shown = confidence.evidence(query, features, odds).values()
            yield Case(memory, asked.kind, asked.conversation, shown, answered)


def fitted(cases: Sequence[Case]) -> Floats:
    """Return bias and weights of a logistic model, by Newton's method."""
    values = np.array([(1.0, *case.values) for case in cases])
    answers = np.array([case.answered for case in cases], np.float64)
    ridge = np.diag([0.0] + [RIDGE] * (values.shape[1] - 1))
    weights = np.zeros(values.shape[1])
    for _ in range(30):
        chances = 1 / (1 + np.exp(-values @ weights))
        slope = values.T @ (chances - answers) + ridge @ weights
        curve = (values.T * (chances * (1 - chances))) @ values + ridge
        weights -= np.linalg.solve(curve, slope)
    return weights.astype(np.float32)


def show(mode: str, cases: Sequence[Case], threshold: float) -> None:
    """Print which share of prompts would be answered, by memory and kind."""
    names = {case.conversation for case in cases}
    weights = {name: fitted([case for case in cases if case.conversation != name]) for name in names}
    found = [
        weights[case.conversation][0] + np.dot(weights[case.conversation][1:], case.values) for case in cases
    ]
    passing = 1 / (1 + np.exp(-np.array(found))) >= threshold
    print(f"\n{mode}: share of prompts with something at or above {threshold}")
    for memory in ("whole", "alone", "sessions"):
        for answered in (True, False):
            kinds = sorted({case.kind for case in cases})
            rows = {
                kind: [p for case, p in zip(cases, passing, strict=True)
                       if (case.memory, case.answered, case.kind) == (memory, answered, kind)]
                for kind in kinds
            }  # fmt: skip
            shares = "  ".join(f"{kind} {np.mean(row):.2f}" for kind, row in rows.items() if row)
            print(f"{memory:<9}{'answered' if answered else 'nothing':<9} {shares}")


def main() -> int:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--out", type=Path, default=confidence.WEIGHTS, help="where the weights are written")
    parser.add_argument("--threshold", type=float, default=0.35)
    chosen = parser.parse_args()
    conversations = load(chosen.data)
    by_kind: dict[str, list[Asked]] = {}
    for asked in prompts(conversations, random.Random(7)):
        by_kind.setdefault(asked.kind, []).append(asked)
    chance = random.Random(11)
    picked = [one for kind in by_kind.values() for one in chance.sample(kind, min(EACH, len(kind)))]
    stored = {}
    with tempfile.TemporaryDirectory(prefix="clawcortex-fit-") as state:
        context = context_of(state)
        fill_alone(context, conversations)
        fill(context, conversations)
        memories = Memories(context, conversations)
        for mode in ("hybrid", "lexical"):
            cases = [case for asked in picked for case in memories.cases(asked, dense=mode == "hybrid")]
            progress(f"{mode}: {len(cases)} cases")
            show(mode, cases, chosen.threshold)
            stored[mode] = [round(float(weight), 4) for weight in fitted(cases)]
        context.store.close()
    note = "bias, near, nearest, covered, asked, odds; fitted by bench/fit_confidence.py"
    chosen.out.write_text(json.dumps({"note": note, "weights": stored}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
