"""What is found, what is not, and how sure: on talks with an assistant, with the real model."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from clawcortex import paths
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.store.index import Index
from clawcortex.store.opening import open_store
from clawcortex.testing import FakeHost
from context_retention import candidates, features, operations, ranker, shapes
from context_retention.query import parse
from context_retention.recall import Wanted, search
from tests.context_retention.assistant import FOUND, HISTORY, PERSON, UNRELATED
from tests.context_retention.conftest import NOW, embed_pending

INJECTED_AT_LEAST = 26
"""Of the 28 prompts that memory helps with."""
FIRST_AT_LEAST = 18
UNRELATED_AT_MOST = 0


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory, models_cache: Path) -> Iterator[Context]:
    """Return a context in which half a year of talks is remembered and embedded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAWCORTEX_MODELS_DIR", str(models_cache))
        patch.setenv("OPENCLAW_STATE_DIR", str(tmp_path_factory.mktemp("talks")))
        settings = Settings(min_score=0)
        store, embedder = open_store(settings), get_embedder(settings)
        embedder.load()
        index = Index(
            store, embedder.model, embedder.dimensions, flat_limit=1_000, snapshot_folder=paths.cache_dir()
        )
        resources = Resources(
            settings=settings,
            store=store,
            index=index,
            embedder=embedder,
            clock=lambda: NOW,
            wake=lambda: None,
            drain=lambda: None,
            host=FakeHost(),
        )
        log = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})
        context = Context(resources, Caller("cli", trusted=True), log)
        for turn in HISTORY:
            said = NOW - timedelta(days=turn.days_ago)
            operations.capture(context, shapes.CaptureInput(
                text=turn.text, speaker=turn.speaker, timestamp=said, session=f"{turn.days_ago:.0f}",
                provenance="owner" if turn.speaker == PERSON else "agent",
            ))  # fmt: skip
        embed_pending(resources)
        yield context
        store.close()


def ask(context: Context, text: str) -> shapes.RecallOutput:
    """Ask as the hook does."""
    return search(
        context, Wanted(text, NOW, list(context.store.scopes()), top_k=5, asker=PERSON, trusted_only=True)
    )


def found_at(answer: shapes.RecallOutput, words: str) -> int:
    return next((place for place, hit in enumerate(answer.hits) if words in hit.text), 99)


def test_what_was_told_is_found(talks: Context) -> None:
    places = {text: found_at(ask(talks, text), words) for text, words in FOUND}
    assert {text: place for text, place in places.items() if place >= 5} == {}
    assert sum(place == 0 for place in places.values()) >= FIRST_AT_LEAST, places


def test_what_helps_is_injected(talks: Context) -> None:
    kept_back = [text for text, _ in FOUND if ask(talks, text).abstained]
    assert len(FOUND) - len(kept_back) >= INJECTED_AT_LEAST, kept_back


def test_unrelated_prompts_abstain(talks: Context) -> None:
    wrong = [text for text in UNRELATED if not ask(talks, text).abstained]
    assert len(wrong) <= UNRELATED_AT_MOST, wrong


def test_everyday_prompts_abstain(talks: Context) -> None:
    for text in ("write a haiku about the sea", "thanks!", "what is 2+2", "ok"):
        assert ask(talks, text).abstained, text


def scored(context: Context, text: str) -> tuple[features.Features, np.ndarray]:
    view = context.index.view()
    query = parse(text, now=NOW, speakers=view.speakers, asker=PERSON)
    vector = context.embedder.encode([query.embed])[0]
    frequencies = context.store.frequencies((*query.stems, *query.names))
    rows = candidates.candidates(query, view, context.store, vector, view.alive, frequencies)
    made = features.compute(query, view, rows, vector, frequencies, len(view.columns.n))
    return made, ranker.score(made)


def test_scores_and_reasons_are_bounded_numbers(talks: Context) -> None:
    for text, _ in FOUND:
        made, scores = scored(talks, text)
        assert ((scores >= 0) & (scores <= 1)).all()
        parts = ranker.why(made, int(np.argmax(scores)))
        assert set(parts) == {"lexical", "dense", "window", "speaker", "date", "recency", "importance"}
        assert np.isfinite(list(parts.values())).all()


def test_without_the_model_words_alone_rank(talks: Context) -> None:
    view = talks.index.view()
    query = parse("When is my dentist appointment?", now=NOW, speakers=view.speakers, asker=PERSON)
    frequencies = talks.store.frequencies(query.stems)
    rows = candidates.candidates(query, view, talks.store, None, view.alive)
    made = features.compute(query, view, rows, None, frequencies, len(view.columns.n))
    assert not made.embedded.any()
    best = int(np.argmax(ranker.score(made)))
    assert "half past three" in talks.store.rows([int(view.columns.n[rows[best]])])[0].text


def test_no_candidate_lies_outside_the_mask(talks: Context) -> None:
    view = talks.index.view()
    mask = view.columns.created > (NOW - timedelta(days=40)).timestamp()
    query = parse("Which router do I have?", now=NOW, speakers=view.speakers)
    vector = talks.embedder.encode([query.embed])[0]
    rows = candidates.candidates(query, view, talks.store, vector, mask)
    assert len(rows)
    assert len(set(rows.tolist())) == len(rows)
    assert mask[rows].all()
