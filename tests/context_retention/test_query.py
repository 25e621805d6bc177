"""How a question is read: whose words, when, and what is embedded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context_retention.dates import MOST_WINDOWS, windows
from context_retention.query import LONGEST, MOST_STEMS, Query, parse

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
SPEAKERS = {1: "Caroline", 2: "Jon Snow", 3: "Ann", 4: "main", 5: "Will"}


def read(text: str, asker: str = "") -> Query:
    return parse(text, now=NOW, speakers=SPEAKERS, asker=asker)


@pytest.mark.parametrize(
    ("text", "embedded", "speakers"),
    [
        ("When did Caroline go to the fair?", "When did I go to the fair?", {1}),
        ("What is Caroline\u2019s plan for her son?", "What is my plan for my son?", {1}),
        ("what does caroline like?", "what do I like?", {1}),
        ("Who gave Jon the watch?", "Who gave me the watch?", {2}),
        ("What does the main road look like?", "What does the main road look like?", set()),
        ("Will it rain?", "Will it rain?", set()),
        ("When will Will come?", "When will I come?", {5}),
        ("What is the capital of Peru?", "What is the capital of Peru?", set()),
    ],
)
def test_named_speakers_become_the_first_person(text: str, embedded: str, speakers: set[int]) -> None:
    query = read(text)
    assert query.embed == embedded
    assert query.speakers == speakers
    assert query.by_name == bool(speakers)


def test_my_belongs_to_the_asker() -> None:
    query = read("Do you remember what my dentist is called?", asker="Ann")
    assert query.speakers == {3}
    assert not query.by_name
    assert query.embed == "what my dentist is called?"
    assert read("what is my dentist called?").speakers == set()


def test_names_of_speakers_are_no_search_words() -> None:
    query = read("When did Caroline join the mentorship program?")
    assert query.stems == ("join", "mentorship", "program")
    assert query.names == ("carolin",)
    assert read("Caroline?").stems == ("carolin",)


def test_lone_digits_are_no_search_words() -> None:
    assert read("what is 2+2").stems == ()
    assert read("RT-AX88U").stems == ("rt", "ax88u")


def test_what_kind_of_question() -> None:
    assert read("When is the deadline?").wants_when
    assert read("How many cats do we have?").wants_count
    assert read("Where did I live before?").wants_history
    assert not read("Thanks!").wants_when


def test_long_prompts_are_read_at_both_ends() -> None:
    query = read("dentist " + "filler " * 2_000 + "router?")
    assert {"dentist", "router"} <= set(query.stems)
    assert len(query.embed) <= LONGEST + 1
    assert len(read(" ".join(f"word{i}" for i in range(500))).stems) == MOST_STEMS


@given(st.text(max_size=400), st.sampled_from(["", "Ann"]))
def test_any_text_can_be_read(text: str, asker: str) -> None:
    query = read(text, asker)
    assert len(query.stems) <= MOST_STEMS
    assert len(query.windows) <= MOST_WINDOWS


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("what did I say on 2026-03-04?", "2026-03-04", "2026-03-04"),
        ("on 3 March 2025", "2025-03-03", "2025-03-03"),
        ("on the 3rd of March", "2026-03-03", "2026-03-03"),
        ("March 3rd, 2025", "2025-03-03", "2025-03-03"),
        ("on 12/24/2025", "2025-12-24", "2025-12-24"),
        ("on 24.12.2025", "2025-12-24", "2025-12-24"),
        ("in December", "2025-12-01", "2025-12-31"),
        ("in May 2024", "2024-05-01", "2024-05-31"),
        ("in 2024", "2024-01-01", "2024-12-31"),
        ("in the summer of 2025", "2025-06-01", "2025-08-31"),
        ("yesterday", "2026-11-19", "2026-11-19"),
        ("the day before yesterday", "2026-11-18", "2026-11-18"),
        ("today", "2026-11-20", "2026-11-20"),
        ("last week", "2026-11-09", "2026-11-15"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("last Tuesday", "2026-11-17", "2026-11-17"),
        ("on Friday", "2026-11-13", "2026-11-13"),
        ("5 days ago", "2026-11-15", "2026-11-15"),
        ("two weeks ago", "2026-11-03", "2026-11-09"),
        ("a couple of months ago", "2026-09-06", "2026-10-06"),
        ("in the last 3 days", "2026-11-17", "2026-11-20"),
    ],
)
def test_dates(text: str, first: str, last: str) -> None:
    found = windows(text, NOW)
    assert len(found) == 1, found
    assert datetime.fromtimestamp(found[0].start, UTC) == day(first)
    assert datetime.fromtimestamp(found[0].end, UTC) == day(last) + timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I may go",
        "he will march on",
        "version 2.4.1",
        "room 2026b",
        "99/99/2025",
        "31 February 2025",
        "the sun",
    ],
)
def test_no_dates(text: str) -> None:
    assert windows(text, NOW) == ()


def test_days_begin_at_the_midnight_of_now() -> None:
    late = datetime(2026, 11, 20, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert windows("yesterday", late)[0].start == day("2026-11-18T22:00").timestamp()


@given(
    st.lists(
        st.sampled_from("last ago 3 days 2025 May of the 3rd week 2025-13-45 1/2/2025 on Friday".split())
    )
)
def test_any_mix_of_date_words(words: list[str]) -> None:
    assert all(window.start < window.end for window in windows(" ".join(words), NOW))
