"""Full text: exactly the stems that were given, counted exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawcortex.errors import InputError
from clawcortex.store.base import Store
from clawcortex.store.records import NewMemory, Selection
from clawcortex.text.terms import hashed, terms

from .conftest import BASE, NewMemories, OpenStore


def _add(store: Store, *stems: tuple[str, ...]) -> list[int]:
    start = store.count()
    new = [
        NewMemory(text="x", key=f"{start}-{i}-{stems}", created_at=BASE, terms=one)
        for i, one in enumerate(stems)
    ]
    return [one.n for one in store.add(new)]


def test_any_stem_matches_newest_first(store: Store) -> None:
    _add(store, ("berlin", "move"), ("lisbon",), ("berlin", "lisbon"), ())
    assert store.matching(["berlin", "lisbon"]).tolist() == [3, 2, 1]
    assert store.matching(["berlin", "lisbon"], limit=2).tolist() == [3, 2]
    assert store.matching(["berlin", "berlin", ""]).tolist() == [3, 1]
    assert store.matching(["nowhere"]).tolist() == store.matching([]).tolist() == []
    assert store.matching(["berlin"], limit=0).tolist() == store.matching(["berlin"], limit=-1).tolist() == []
    assert store.matching(["berlin"]).dtype == np.int64


def test_a_stem_counts_once_a_memory(store: Store) -> None:
    _add(store, ("tea", "tea", "cup"), ("tea",))
    assert store.frequencies(["tea", "cup", "pot", "tea"]) == {"tea": 2, "cup": 1, "pot": 0}
    assert store.frequencies([]) == {}
    store.delete(Selection(positions=(1,)))
    assert store.frequencies(["tea", "cup"]) == {"tea": 1, "cup": 0}
    assert store.matching(["tea", "cup"]).tolist() == [2]


@pytest.mark.parametrize(
    "text",
    [
        "Zürich straße",
        "東京に行きました",
        "мой дом",
        "ελληνικά",
        "हिन्दी भाषा",
        "café naïve",
        "3.14 2026 x86_64",
        "O'Brien's",
    ],
)
def test_stems_of_every_script_are_found(store: Store, text: str) -> None:
    stems = terms(text)
    _add(store, tuple(stems), ("other",))
    for stem in stems:
        assert store.matching([stem]).tolist() == [1], stem
        assert store.frequencies([stem])[stem] == 1


@pytest.mark.parametrize("stem", ['"', 'a" OR "b', "near", "not", "and", "*", "stems:x", "^a", "a_b", "-"])
def test_query_syntax_is_only_text(store: Store, stem: str) -> None:
    _add(store, ("b",), ("plain",))
    assert store.matching([stem, "plain"]).tolist() == [2]
    if " " not in stem:
        added = _add(store, (stem,))
        assert store.matching([stem]).tolist() == added


@pytest.mark.parametrize("stem", ["", "two words", "a\x00b", "\x7f"])
def test_what_is_no_stem_is_refused(store: Store, stem: str) -> None:
    with pytest.raises(InputError):
        _add(store, ("fine", stem))
    assert store.matching([stem]).tolist() == []


def test_replayed_and_refused_memories_are_not_counted(store: Store, memories: NewMemories) -> None:
    store.add(memories(2))
    store.add(memories(2))
    assert store.frequencies(["text"])["text"] == 2


WORDS = st.lists(st.sampled_from(["a", "b", "c", "été", "東京", "7", "x_y"]), max_size=5).map(tuple)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(WORDS, min_size=1, max_size=8),
    gone=st.sets(st.integers(0, 7)),
    asked=st.lists(st.sampled_from(["a", "b", "été", "東京", "7", "x_y", "no"]), max_size=4),
    limit=st.integers(1, 6),
)
def test_matching_and_counting_are_exact(
    open_again: OpenStore,
    rows: list[tuple[str, ...]],
    gone: set[int],
    asked: list[str],
    limit: int,
) -> None:
    store = open_again()
    store.delete(Selection(since=BASE))
    ns = _add(store, *rows)
    store.delete(Selection(positions=tuple(n for i, n in enumerate(ns) if i in gone)))
    left = {n: row for i, (n, row) in enumerate(zip(ns, rows, strict=True)) if i not in gone}
    expected = sorted((n for n, row in left.items() if set(row) & set(asked)), reverse=True)
    assert store.matching(asked, limit=limit).tolist() == expected[:limit]
    assert store.frequencies(asked) == {word: sum(word in row for row in left.values()) for word in asked}
    columns = store.columns()
    assert columns.n.tolist() == list(left)
    assert columns.terms.tolist() == hashed([word for row in left.values() for word in row]).tolist()
    assert store.check() == []
    store.close()
