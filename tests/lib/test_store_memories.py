"""Memories: stored once, read back whole, chosen, linked, removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawcortex.errors import ClawcortexError, ConflictError, InputError, NotFoundError
from clawcortex.store.base import Store
from clawcortex.store.records import LOCAL, ChatType, NewMemory, Provenance, Scope, Selection

from .conftest import BASE, NewMemories, OpenStore

ANN = Scope(channel="telegram", chat="111", sender="111")
GROUP = Scope(channel="telegram", chat="-100", sender="111", chat_type=ChatType.GROUP)


def test_what_is_stored_is_read_back_whole(store: Store) -> None:
    given = NewMemory(
        text="نص عربي 😀 with \x01 and\nlines",
        key="k",
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=timezone(timedelta(hours=5))),
        scope=GROUP,
        turn="01TURN",
        part=3,
        session="agent:main:main#2",
        speaker="Ann",
        provenance=Provenance.UNTRUSTED,
        source_ref="telegram:9",
        importance=0.7,
        pinned=True,
        terms=("a", "b"),
    )
    added = store.add([given])[0]
    found = store.rows([added.n])[0]
    for name in (
        "text",
        "scope",
        "turn",
        "part",
        "session",
        "speaker",
        "provenance",
        "source_ref",
        "importance",
        "pinned",
    ):
        assert getattr(found, name) == getattr(given, name), name
    assert found.created_at == given.created_at
    assert found.created_at.utcoffset() == timedelta(0)
    assert (found.id, found.n) == (added.id, added.n)
    assert (found.superseded_by, found.duplicate_of) == ("", "")


def test_a_known_key_is_answered_not_stored_again(store: Store, memories: NewMemories) -> None:
    first = store.add(memories(3))
    again = store.add(
        [replace(memories(1)[0], text="another text"), *memories(2, start=2), *memories(1, start=3)]
    )
    assert [one.fresh for one in first] == [True, True, True]
    assert [one.fresh for one in again] == [False, False, True, False]
    assert (again[0].id, again[0].n) == (first[0].id, first[0].n)
    assert again[2].n == again[3].n
    assert [memory.text for memory in store.rows([1])] == ["text number 0"]
    assert store.count() == 4


def test_rows_come_in_the_order_asked_without_the_missing(store: Store, memories: NewMemories) -> None:
    store.add(memories(5))
    assert [memory.n for memory in store.rows([4, 99, 2, 4, -1])] == [4, 2, 4]
    assert store.rows([]) == []


def test_n_is_never_used_again(open_again: OpenStore, memories: NewMemories) -> None:
    store = open_again()
    store.add(memories(3))
    store.delete(Selection(positions=(2, 3)))
    store.scrub()
    store.close()
    assert open_again().add(memories(1, start=10))[0].n == 4


def test_a_part_bears_its_texts_id(store: Store, memories: NewMemories) -> None:
    parts = [replace(one, turn="01TEXT", part=i) for i, one in enumerate(memories(3))]
    added = store.add(parts)
    assert added[0].id == "01TEXT"
    assert len({one.id for one in added}) == 3
    assert [memory.part for memory in store.select(Selection(ids=("01TEXT",)))] == [0, 1, 2]
    assert [memory.part for memory in store.select(Selection(ids=(added[1].id,)))] == [1]
    with pytest.raises(ConflictError):
        store.add([replace(memories(1, start=9)[0], turn="01TEXT")])


@pytest.mark.parametrize(
    "broken",
    [
        {"text": ""},
        {"text": " \n\t"},
        {"key": ""},
        {"text": "lone \ud800 surrogate"},
        {"speaker": "\udfff"},
        {"text": "with\0NUL"},
        {"session": "\0"},
        {"scope": Scope(chat="\0")},
        {"importance": float("nan")},
        {"created_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - what is refused
        {"part": 2**70},
    ],
)
def test_what_cannot_be_stored_is_refused_and_nothing_with_it(
    store: Store, memories: NewMemories, broken: dict[str, object]
) -> None:
    with pytest.raises(InputError) as caught:
        store.add([*memories(1), *memories(1, start=1, **broken)])
    assert caught.value.hint
    assert store.count() == 0
    assert store.add(memories(1))[0].fresh


def test_a_text_of_ten_megabytes(store: Store, memories: NewMemories) -> None:
    text = "long " * 2_000_000
    n = store.add(memories(1, text=text))[0].n
    assert store.rows([n])[0].text == text


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(session="s"), [1, 2, 3, 4]),
        (Selection(agent="work"), [5]),
        (Selection(chat="111"), [3, 4]),
        (Selection(chat="111", session="s", since=BASE + timedelta(minutes=3)), [4]),
        (Selection(since=BASE + timedelta(minutes=1), until=BASE + timedelta(minutes=3)), [2, 3]),
        (Selection(positions=(5, 1, 77)), [1, 5]),
        (Selection(positions=(5, 1), after=1), [5]),
        (Selection(agent="nobody"), []),
        (Selection(), [1, 2, 3, 4, 5]),
        (Selection(after=3), [4, 5]),
    ],
)
def test_every_given_field_of_a_selection_must_match(
    store: Store, memories: NewMemories, selection: Selection, expected: list[int]
) -> None:
    store.add(memories(2, session="s"))
    store.add(memories(2, start=2, session="s", scope=ANN))
    store.add(memories(1, start=4, scope=Scope(agent="work")))
    assert [memory.n for memory in store.select(selection)] == expected
    deleted = store.delete(selection)
    assert deleted == ([] if selection.empty else expected)


def test_select_stops_at_the_limit(store: Store, memories: NewMemories) -> None:
    store.add(memories(5))
    assert [memory.n for memory in store.select(Selection(), limit=2)] == [1, 2]
    assert store.select(Selection(), limit=0) == store.select(Selection(), limit=-1) == []


def test_newest_of_scopes_and_session(store: Store, memories: NewMemories) -> None:
    store.add(memories(4, session="a"))
    store.add(memories(4, start=4, session="b", scope=ANN))
    numbers = {scope: number for number, scope in store.scopes().items()}
    assert numbers.keys() == {LOCAL, ANN}
    both = list(numbers.values())
    assert [memory.n for memory in store.newest(both, limit=5)] == [4, 5, 6, 7, 8]
    assert [memory.n for memory in store.newest([numbers[LOCAL]], limit=2)] == [3, 4]
    assert [memory.n for memory in store.newest(both, session="a")] == [1, 2, 3, 4]
    assert (
        store.newest([], limit=5)
        == store.newest([numbers[LOCAL]], session="b")
        == store.newest(both, limit=0)
        == []
    )


def test_links_and_what_becomes_of_them(store: Store, memories: NewMemories) -> None:
    added = store.add(memories(3))
    store.link(1, superseded_by=added[1].id)
    store.link(1, duplicate_of=added[2].id)
    old = store.rows([1])[0]
    assert (old.superseded_by, old.duplicate_of) == (added[1].id, added[2].id)
    store.delete(Selection(positions=(2,)))
    assert store.rows([1])[0].superseded_by == ""
    assert store.rows([1])[0].duplicate_of == added[2].id
    for n, target in ((1, "unknown"), (99, added[2].id)):
        with pytest.raises(NotFoundError):
            store.link(n, superseded_by=target)
    assert store.check() == []


def test_a_closed_store_says_so(store: Store, memories: NewMemories) -> None:
    store.close()
    store.close()
    for call in (store.count, lambda: store.add(memories(1))):
        with pytest.raises(ClawcortexError, match="closed"):
            call()


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)
TEXTS = TEXTS.filter(str.strip)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=5),
    moment=st.datetimes(timezones=st.just(UTC)),
    importance=st.floats(0, 1),
    scope=st.builds(Scope, agent=TEXTS, chat=TEXTS, chat_type=st.sampled_from(ChatType)),
)
def test_anything_valid_survives_the_way_there_and_back(
    store: Store, texts: list[str], moment: datetime, importance: float, scope: Scope
) -> None:
    start = store.count()
    given = [
        NewMemory(
            text=text,
            key=f"{start}-{i}",
            created_at=moment,
            importance=importance,
            scope=scope,
            session=text,
            speaker=text,
        )
        for i, text in enumerate(texts)
    ]
    found = store.rows([one.n for one in store.add(given)])
    assert [(m.text, m.created_at, m.importance, m.scope, m.session, m.speaker) for m in found] == [
        (m.text, m.created_at, m.importance, m.scope, m.session, m.speaker) for m in given
    ]
