"""Fit the ranker's weights on conversations with known evidence, and say honestly how good they are.

    install.py run -- python bench/fit_ranker.py --data ../shared/data/locomo-dev.json

Every conversation is captured through the operation `capture` into one store. Its questions are asked as they
are, in the first person by the one they are about, without punctuation and as bare words; questions and turns
of another conversation and everyday prompts are asked, too: there nothing is relevant, and the score must say
so. Figures are for each conversation with weights fitted on the others. Then all are used for the weights.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from clawcortex import paths
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.store.base import Floats, Ints
from clawcortex.store.index import Index
from clawcortex.store.opening import open_store
from clawcortex.store.records import Scope
from clawcortex.testing import FakeHost
from clawcortex.text.terms import terms
from context_retention import operations, ranker
from context_retention.candidates import candidates
from context_retention.features import NAMES, Features, compute
from context_retention.query import parse
from context_retention.shapes import CaptureInput
from locomo import Conversation, Question, load, turn_text
from recall_quality import mean, measured
from report import progress

RIDGE = 50.0
KEPT = 80
"""Candidates of each question that are learned from: all evidence, the hardest others and a sample."""
WEIGHT = {
    "asked": 1.0, "own": 0.5, "plain": 0.3, "words": 0.3, "unnamed": 0.15, "foreign": 1.0, "turn": 1.0, "everyday": 2.0,
}  # fmt: skip
"""How much a prompt of each kind counts; the last three have no answer."""
DENSE = tuple(name for name in NAMES if "cos" in name or name in {"spread", "both"})
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.3)
EVERYDAY = """write a poem about autumn|what time is it in Tokyo|hi there|thank you so much|sounds good|no
convert 12 miles to kilometres|explain recursion to a child|what does HTTP 404 mean|summarise this article
who won the world cup in 1998|good night|sort this list alphabetically|how do I boil an egg|never mind|cool
translate this to Spanish|write a regex for email addresses|tell me something interesting|what is the speed of light
give me a synonym for happy|draft a polite decline|how does a diesel engine work|stop|haha|great, go on
what's 15 percent of 80|make it shorter|why is the sky blue|list the planets|try again|what can you do
write unit tests for this function|which is bigger, a whale or an elephant|perfect|rephrase that|define entropy"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt to one conversation, and which turns answer it."""

    kind: str
    conversation: str
    text: str
    asker: str = ""
    evidence: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """What was found for one prompt: features of every candidate, and which of them answer."""

    asked: Asked
    features: Features
    refs: list[str]
    answers: Floats


def variants(conversation: Conversation, question: Question, chance: random.Random) -> Iterator[Asked]:
    """Yield the ways in which a question is asked of its own conversation."""
    evidence, name = frozenset(question.evidence), conversation.name
    yield Asked("asked", name, question.text, "", evidence)
    plain = question.text.rstrip("?. ")
    about = [speaker for speaker in conversation.speakers if speaker in plain]
    if len(about) == 1:
        own = plain.replace(f"{about[0]}'s", "my")
        for is_, am in (("does", "do"), ("is", "am"), ("has", "have")):
            own = own.replace(f"{is_} {about[0]}", f"{am} I")
        own = own.replace(about[0], "I")
        yield Asked("own", name, f"{own}?", about[0], evidence)
        lead = chance.choice(
            ("", "please remind me ", "I was just thinking, ", "can you help me with this: ")
        )
        yield Asked("plain", name, lead + own.lower(), about[0], evidence)
    else:
        yield Asked("plain", name, plain.lower(), "", evidence)
    yield Asked("unnamed", name, question.text, "", evidence)
    words = [word for word in plain.split() if terms(word)]
    yield Asked("words", name, " ".join(words[:6]), "", evidence)


def prompts(conversations: Sequence[Conversation], chance: random.Random) -> Iterator[Asked]:
    """Yield every prompt, with and without an answer."""
    everyday = EVERYDAY.replace("\n", "|").split("|")
    for conversation in conversations:
        for question in conversation.questions:
            yield from variants(conversation, question, chance)
        others = [other for other in conversations if other is not conversation]
        for _ in range(80):
            other = chance.choice(others)
            text = chance.choice(other.questions).text
            for theirs, ours in zip(other.speakers, chance.sample(conversation.speakers, 2), strict=True):
                text = text.replace(theirs, ours)
            yield Asked("foreign", conversation.name, text)
            turn = chance.choice(other.turns)
            if len(terms(turn.text)) < 12:
                yield Asked("turn", conversation.name, turn.text, chance.choice(conversation.speakers))
        for text in everyday:
            yield Asked("everyday", conversation.name, text, chance.choice(conversation.speakers))


def context_of(state: str) -> Context:
    """Return a context over a new store in this folder, with the real embedder."""
    os.environ.setdefault("CLAWCORTEX_MODELS_DIR", str(paths.models_dir()))
    os.environ["OPENCLAW_STATE_DIR"] = state
    settings = Settings()
    store, embedder = open_store(settings), get_embedder(settings)
    embedder.load()
    index = Index(
        store,
        embedder.model,
        embedder.dimensions,
        flat_limit=settings.flat_index_limit,
        snapshot_folder=paths.cache_dir(),
    )
    resources = Resources(
        settings=settings,
        store=store,
        index=index,
        embedder=embedder,
        clock=lambda: datetime.now(UTC),
        wake=lambda: None,
        drain=lambda: None,
        host=FakeHost(),
    )
    log = logging.LoggerAdapter(logging.getLogger("clawcortex.bench"), {})
    return Context(resources, Caller("cli", trusted=True), log)


def fill(context: Context, conversations: Sequence[Conversation]) -> None:
    """Capture every turn and embed it."""
    for conversation in conversations:
        for turn in conversation.turns:
            operations.capture(context, CaptureInput(
                text=turn_text(turn), speaker=turn.speaker, timestamp=turn.at, session=turn.session,
                agent=conversation.name, source_ref=turn.ref,
            ))  # fmt: skip
        progress(f"captured {conversation.name}")
    model = context.embedder.model
    while waiting := context.store.unembedded(model, limit=256):
        numbers, texts = zip(*waiting, strict=True)
        context.store.put_vectors(model, numbers, context.embedder.encode(texts))
    context.index.refresh()


class Library:
    """The filled store, asked in this process as recall asks it."""

    def __init__(self, context: Context, conversations: Sequence[Conversation]) -> None:
        self._context, self._view = context, context.index.view()
        ns = [int(n) for n in self._view.columns.n]
        self._refs = np.array([memory.source_ref for memory in context.store.rows(ns)])
        self._ends = {one.name: one.end for one in conversations}
        agents: dict[int, Scope] = dict(self._view.scopes)
        self._agent = np.array([agents[int(number)].agent for number in self._view.columns.scope])

    def case(self, asked: Asked, *, dense: bool) -> Case:
        """Return the candidates of one prompt with their features."""
        view, store = self._view, self._context.store
        now = self._ends[asked.conversation]
        speakers = {} if asked.kind == "unnamed" else view.speakers
        query = parse(asked.text, now=now, speakers=speakers, asker=asked.asker)
        vector = self._context.embedder.encode([query.embed])[0] if dense else None
        frequencies = store.frequencies((*query.stems, *query.names))
        rows: Ints = candidates(query, view, store, vector, self._agent == asked.conversation, frequencies)
        features = compute(query, view, rows, vector, frequencies, len(view.columns.n))
        refs = [str(ref) for ref in self._refs[rows]]
        return Case(asked, features, refs, np.array([ref in asked.evidence for ref in refs], np.float32))


def sampled(cases: Sequence[Case], seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return features, answers and weights of what is learned from; a sample stands for what it left out."""
    chance = np.random.default_rng(seed)
    values, answers, weights = [], [], []
    for case in cases:
        right, wrong = np.flatnonzero(case.answers), np.flatnonzero(case.answers == 0)
        hardest = wrong[np.argsort(-case.features.values[wrong, NAMES.index("mix_gap")])]
        hard, rest = hardest[: KEPT // 2], hardest[KEPT // 2 :]
        drawn = chance.permutation(rest)[: KEPT // 2]
        kept = np.concatenate([right, hard, drawn])
        stands_for = np.ones(len(kept))
        stands_for[len(kept) - len(drawn) :] = len(rest) / max(1, len(drawn))
        values.append(case.features.values[kept])
        answers.append(case.answers[kept])
        weights.append(stands_for * WEIGHT[case.asked.kind])
    return np.concatenate(values), np.concatenate(answers), np.concatenate(weights)


def fitted(cases: Sequence[Case], left_out: Sequence[str] = ()) -> ranker.Weights:
    """Return the logistic model of these cases, by Newton's method with step halving."""
    values, answers, weights = sampled(cases)
    usual, spread = np.average(values, axis=0, weights=weights), values.std(axis=0)
    used = (spread > 1e-6) & ~np.isin(NAMES, left_out)
    scaled = ((values - usual)[:, used] / spread[used]).astype(np.float64)
    scaled = np.column_stack([scaled, np.ones(len(scaled))])
    ridge = np.diag([RIDGE] * int(used.sum()) + [1e-6])

    def cost(beta: np.ndarray) -> float:
        found = scaled @ beta
        return float(weights @ (np.logaddexp(0, found) - answers * found) + beta @ ridge @ beta / 2)

    beta = np.zeros(scaled.shape[1])
    beta[-1] = np.log(weights @ answers / weights.sum())
    before, now = np.inf, cost(beta)
    while before - now > 1e-3:
        chances = 1 / (1 + np.exp(-np.clip(scaled @ beta, -30, 30)))
        slope = scaled.T @ (weights * (chances - answers)) + ridge @ beta
        curve = (scaled.T * (weights * chances * (1 - chances))) @ scaled + ridge
        step, before = np.linalg.solve(curve, slope), now
        while (now := cost(beta - step)) > before and np.abs(step).max() > 1e-9:
            step /= 2
        beta = beta - step
    coefficients = np.zeros(len(NAMES))
    coefficients[used] = beta[:-1] / spread[used]
    return ranker.Weights(float(beta[-1]), coefficients.astype(np.float32), usual.astype(np.float32))


def left_out_scores(cases: Sequence[Case], drop: Sequence[str]) -> list[Floats]:
    """Return every case's scores by weights that were fitted without its conversation."""
    names = sorted({case.asked.conversation for case in cases})
    weights = {n: fitted([case for case in cases if case.asked.conversation != n], drop) for n in names}
    return [
        ranker.weighed(weights[case.asked.conversation].logits(case.features.values), case.features)
        for case in cases
    ]


def show(title: str, cases: Sequence[Case], scores: Sequence[Floats]) -> None:
    """Print ranking figures of the prompts with an answer, and how many prompts pass each threshold."""
    print(f"\n{title}, each conversation by the others' weights")
    for kind in WEIGHT:
        mine = [(case, score) for case, score in zip(cases, scores, strict=True) if case.asked.kind == kind]
        best = np.array([score.max(initial=0) for _, score in mine])
        passing = "  ".join(f">{t:g}: {np.mean(best > t):.3f}" for t in THRESHOLDS)
        print(f"{kind:<9}{len(mine):>5} prompts, best score {passing}")
        if any(case.asked.evidence for case, _ in mine):
            figures = mean(
                [
                    measured(
                        [case.refs[i] for i in np.argsort(-score, kind="stable")[:20]],
                        sorted(case.asked.evidence),
                    )
                    for case, score in mine
                ]
            )
            print(" " * 9 + "  ".join(f"{key} {value:.4f}" for key, value in figures.items()))


def as_stored(weights: ranker.Weights) -> dict[str, object]:
    """Return the weights as the file holds them."""
    return {
        "bias": round(weights.bias, 4),
        "coefficients": {
            n: round(float(c), 4) for n, c in zip(NAMES, weights.coefficients, strict=True) if c
        },
        "usual": {n: round(float(u), 4) for n, u in zip(NAMES, weights.usual, strict=True)},
    }


def main() -> int:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--out", type=Path, default=ranker.WEIGHTS, help="where the weights are written")
    chosen = parser.parse_args()
    conversations = load(chosen.data)
    stored: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="clawcortex-fit-") as state:
        context = context_of(state)
        fill(context, conversations)
        library = Library(context, conversations)
        asked = list(prompts(conversations, random.Random(7)))
        for mode, drop in (("hybrid", ()), ("lexical", DENSE)):
            cases = [library.case(one, dense=mode == "hybrid") for one in asked]
            cases = [case for case in cases if len(case.refs)]
            progress(f"{mode}: {len(cases)} prompts")
            show(mode, cases, left_out_scores(cases, drop))
            stored[mode] = as_stored(fitted(cases, drop))
        context.store.close()
    chosen.out.write_text(json.dumps({"version": 1, "weights": stored}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
