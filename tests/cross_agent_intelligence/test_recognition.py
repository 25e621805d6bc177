"""Mentions by rules and from known names: what is recognised, what never is, and what hostile texts cost."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.recognition import recognise
from cross_agent_intelligence.recognising.shapes import LONGEST_NAME, Kind, Mention


def told(text: str, *known: tuple[str, Kind]) -> list[tuple[str, str]]:
    return [(one.name, one.kind) for one in recognise(text, gazetteer=Gazetteer(known))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We signed with Acme Corp. on paper.", [("Acme Corp.", "company")]),
        ("Lakeside Bakery, Inc. delivers", [("Lakeside Bakery, Inc.", "company")]),
        ("It belongs to Brandt & Söhne GmbH", [("Brandt & Söhne GmbH", "company")]),
        ("ask Dr. Amara Nwosu", [("Dr. Amara Nwosu", "person")]),
        ("Mr Ortiz and Mrs. Alvarez came", [("Mr Ortiz", "person"), ("Mrs. Alvarez", "person")]),
        ("Project Borealis slipped", [("Project Borealis", "project")]),
        ("how is the Kestrel project", [("Kestrel", "project")]),
        ("see https://acme.com/a?b=1.", [("https://acme.com/a?b=1", "link")]),
        ("acme.com is down", [("acme.com", "link")]),
        ("mail ben@acme.com or @ben_o", [("ben@acme.com", "handle"), ("@ben_o", "handle")]),
        ("that is $4.5k, 300 euros", [("$4.5k", "money"), ("300 euros", "money")]),
        ("EUR 1,200.50 are due on Friday", [("EUR 1,200.50", "money"), ("Friday", "date")]),
        ("We decided to move.", [("We decided to move.", "decision")]),
        ("We have not decided yet.", []),
        ("Did we decide? We decided, didn't we?", []),
    ],
)
def test_what_is_written_in_a_known_way(text: str, expected: list[tuple[str, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "This includes everything.",
        "This Includes Everything",
        "THIS INCLUDES EVERYTHING",
        "This includes the Incident, Incoming and Cooperation reports",
        "This\nInc",
        "The Co-operation and the Company agreed on a Corporate Limitedness",
    ],
)
def test_half_a_word_is_no_legal_form(text: str) -> None:
    assert [one for one in told(text) if one[1] == "company"] == []


def test_known_names_are_found_as_whole_words_however_they_are_written() -> None:
    known: list[tuple[str, Kind]] = [("Acme", "company"), ("Ben Ortiz", "person"), ("Müller", "person")]
    assert told("ACME's plan, acme again, Acmeist", *known) == [("ACME", "company")]
    assert told("ben ortiz, Ben  Ortiz. Ben. Ortiz", *known) == [
        ("ben ortiz", "person"),
        ("Ben  Ortiz", "person"),
    ]
    assert told("AC/DC or B. Ortiz", ("AC/DC", "company"), ("B. Ortiz", "person")) == [
        ("AC/DC", "company"),
        ("B. Ortiz", "person"),
    ]
    assert told("MULLER and müller", *known) == [("MULLER", "person")]


def test_a_known_name_is_not_taken_out_of_a_longer_one() -> None:
    assert told("Acme Health Inc. is not Acme.", ("Acme", "company")) == [
        ("Acme Health Inc.", "company"),
        ("Acme", "company"),
    ]


def test_a_word_with_a_capital_is_no_common_word() -> None:
    assert told("apple pie", ("Apple", "company")) == []


def test_the_longest_known_name_is_found_and_can_be_forgotten() -> None:
    names = Gazetteer([("New York", "place"), ("New York Times", "company"), ("York", "place")])
    text = "New York Times of New York"
    assert [one.name for one in names.find(text)] == ["New York Times", "New York"]
    names.remove("New York Times")
    names.remove("nobody")
    assert [one.name for one in names.find(text)] == ["New York", "New York"]
    names.remove("New York")
    assert [one.name for one in names.find(text)] == ["York", "York"]


@pytest.mark.parametrize("name", ["", "…", "x" * (LONGEST_NAME + 1), "a " * 13])
def test_what_is_no_name_is_not_learned(name: str) -> None:
    assert list(Gazetteer([(name, "company")]).find(name)) == []


BOMB = "(a+)+$ (((x*)*)*)* [a-z]{1,9999}"


@pytest.mark.parametrize(
    "text",
    [
        "This includes Acme Corp. and $300 by Friday, see https://a.com/b @bob " * 14_000,
        "x@x." * 250_000,
        "'" * 1_000_000,
        "A" * 1_000_000,
        BOMB * 30_000,
    ],
    ids=lambda text: text[:8],
)
def test_a_megabyte_is_read(text: str) -> None:
    """Its time is linear: what would not be ends in the test's timeout."""
    mentions = recognise(text, gazetteer=Gazetteer([(BOMB, "company"), ("Acme", "company")]))
    assert all(one.name == text[one.start : one.end] for one in mentions)


def test_a_name_that_is_a_pattern_is_only_a_name() -> None:
    assert told(f"we use {BOMB} now", (BOMB, "product")) == []
    assert told("we use a+ and (b|c)* now", ("(b|c)*", "product")) == [("b|c", "product")]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_has_mentions_that_stand_in_it(text: str) -> None:
    mentions = recognise(text, gazetteer=Gazetteer([("a", "person"), ("B c", "company")]))
    assert all(one.name == text[one.start : one.end] and one.name for one in mentions)
    named = sorted((one for one in mentions if one.kind != "decision"), key=lambda one: one.start)
    assert all(one.end <= other.start for one, other in itertools.pairwise(named))


class Told:
    """A tagger that says one thing."""

    def __init__(self, *mentions: Mention) -> None:
        self.mentions = mentions

    def tag(self, text: str) -> list[Mention]:
        return list(self.mentions)


def test_what_the_tagger_is_not_sure_of_is_left_out() -> None:
    unsure, sure = Mention("Borealis", "product", 0, 8, 0.3), Mention("Ben", "person", 12, 15, 0.9)
    found = recognise("Borealis by Ben", gazetteer=Gazetteer(), tagger=Told(unsure, sure))
    assert found == [sure]


def test_the_tagger_and_a_legal_form_make_one_name() -> None:
    tagged = Mention("de Beers Acme", "company", 5, 18, 0.8)
    [found] = recognise("from de Beers Acme Inc. today", gazetteer=Gazetteer(), tagger=Told(tagged))[:1]
    assert (found.name, found.kind) == ("de Beers Acme Inc.", "company")


def test_names_of_a_long_texts_beginning_are_found_in_the_rest() -> None:
    text = "Globex called. " + "nothing here. " * 1_000 + "Globex paid."
    found = recognise(text, gazetteer=Gazetteer(), tagger=Told(Mention("Globex", "company", 0, 6, 0.9)))
    assert [one.start for one in found if one.name == "Globex"] == [0, text.rindex("Globex")]
