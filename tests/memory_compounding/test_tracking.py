"""Corrections are placed in mistakes as they come: each once, at a flat cost, whatever the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.store.records import Write
from clawcortex.testing import HashEmbedder
from memory_compounding import catalogue, operations, shapes, tracking
from memory_compounding.kept import FEEDBACK
from memory_compounding.remembered import vectors_of
from memory_compounding.wording import wording
from tests.memory_compounding.house import House


def test_every_kind_of_the_catalogue_is_whole() -> None:
    kinds = catalogue.kinds()
    names = {kind.name for kind in kinds}
    assert len(kinds) == len(names) == len(catalogue.by_key())
    for kind in kinds:
        assert len(set(kind.phrasings)) == len(kind.phrasings) >= 8, kind.name
        assert kind.instruction.endswith("."), kind.name
        assert not kind.opposite or kind.opposite in names, kind.name


@pytest.mark.parametrize(
    ("reason", "category", "mistake"),
    [
        ("way too formal", "email", "too-formal"),
        ("be more formal", "email", "too-casual"),
        ("this is much too long", "email", "too-long"),
        ("this call is much too long", "scheduling", "meeting-too-long"),
        ("this call is much too long", "Calendar", "meeting-too-long"),
        ("way too short", "report", "too-short"),
        ("You mixed up our time and theirs, they are in Tokyo", "scheduling", "wrong-timezone"),
        ("please nothing before nine", "", "too-early-in-the-day"),
    ],
)
def test_a_correction_is_recognised_in_few_words(
    house: House, reason: str, category: str, mistake: str
) -> None:
    house.decide("reject", reason, category=category)
    assert set(house.mistakes()) == {mistake}


def test_agents_categories_and_times_are_counted(house: House) -> None:
    first = house.decide("reject", "too long", agent="sales")
    last = house.decide("edit", "shorter please", category="report")
    mistake = house.mistakes()["too-long"]
    assert (mistake.agents, mistake.categories) == ({"sales": 1, "main": 1}, {"email": 1, "report": 1})
    assert (mistake.first_seen, mistake.last_seen) == (first.answered_at, last.answered_at)
    shown = operations.mistakes(house.context(), shapes.MistakesInput()).mistakes
    assert [(one.key, one.count, one.examples) for one in shown] == [
        ("too-long", 2, ["too long", "shorter please"])
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("one two three four five six seven eight", "one two", "too long, made it shorter"),
        ("one two", "one two three four five six seven", "too short, added more detail"),
        ("Dear Sir, come", "Hi Tom, come", "“Hi Tom,” instead of “Dear Sir,”"),
        ("come at 8", "come at 8 CET", "“CET” was missing"),
        ("come now please", "come please", "without “now”"),
        ("same", "same", ""),
        ("", "new", ""),
    ],
)
def test_an_edit_without_a_reason_says_what_it_changed(before: str, after: str, said: str) -> None:
    assert wording("", before, after) == said
    assert wording(" why \n not ", before, after) == "why not"


def test_approvals_skips_and_bare_rejections_make_no_mistake(house: House) -> None:
    house.decide("approve", "not too long, good")
    house.decide("skip", "too long")
    house.decide("reject")
    assert house.mistakes() == {}


def test_one_more_correction_reads_and_writes_the_same_few_documents_however_many_there_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed."""
    calls: Counter[str] = Counter()

    def count(name: str) -> None:
        real = getattr(type(house.store), name)

        def counted(*args: Any, **more: Any) -> Any:
            calls[name] += 1
            return real(house.store, *args, **more)

        monkeypatch.setattr(house.store, name, counted, raising=False)

    for _ in range(3):
        house.decide("reject", "too long")
    for name in ("get_record", "list_records", "amend"):
        count(name)
    costs = []
    for _ in range(20):
        house.clock.advance(minutes=1)
        request = shapes.LogInput(kind="reject", subject="a mail", reason="too long")
        logged = operations.log(house.context(), request)
        calls.clear()
        tracking.place(house.context(), logged.id)
        costs.append(dict(calls))
    assert costs[0] == costs[-1]
    assert "list_records" not in costs[-1]


def test_mistakes_are_read_anew_when_another_process_changed_them(house: House) -> None:
    house.decide("reject", "the kite was upside down", category="")
    key = next(iter(house.mistakes()))
    tracking._held.clear()
    house.decide("reject", "the kite was upside down again", category="")
    assert {one.key: one.count for one in house.mistakes().values()} == {key: 2}


def test_mistakes_outlive_a_change_of_the_model(house: House) -> None:
    for _ in range(2):
        house.decide("reject", "the kite was upside down", category="")
    other = replace(house, embedder=HashEmbedder())
    other.decided = house.decided
    other.decide("reject", "the kite was upside down", category="")
    assert [(one.count, one.model.split("/")[0]) for one in house.mistakes().values()] == [(3, "hash-384")]


def test_a_record_that_cannot_be_read_stops_nobody(house: House) -> None:
    house.decide("reject", "too long")
    identity = house.feedback()[0].id
    stored = house.store.get_record(FEEDBACK, identity)
    assert house.store.amend([Write(FEEDBACK, identity, stored, {"kind": "nonsense"})])
    assert tracking.place(house.context(), identity) == ""
    house.decide("reject", "too long")
    assert house.mistakes()["too-long"].count == 2


def test_the_catalogue_is_embedded_once_and_again_when_its_file_is_damaged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[int] = []
    encode = house.embedder.encode

    def counted(texts: Sequence[str]) -> Any:
        embedded.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(house.embedder, "encode", counted)
    first = vectors_of(house.embedder, ["one", "two"])
    assert (vectors_of(house.embedder, ["one", "two"]) == first).all()
    assert embedded == [2]
    [file] = paths.cache_dir().glob("catalogue-*.npy")
    for damage in (b"", b"no array", file.read_bytes()[:-4]):
        file.write_bytes(damage)
        assert (vectors_of(house.embedder, ["one", "two"]) == first).all()
    assert embedded == [2] * 4
    vectors_of(house.embedder, ["three"])
    assert not file.exists(), "what another catalogue left goes"
