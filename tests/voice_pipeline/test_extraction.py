"""Priorities, decisions, tasks and changes of plan by rules, each with the words that it comes from."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError
from tests.voice_pipeline.steps import HOSTILE, calls
from voice_pipeline.extracting.extraction import LONGEST, extract
from voice_pipeline.extracting.intent import WEIGHTS, intent
from voice_pipeline.extracting.model import Said
from voice_pipeline.extracting.rules import extract_by_rules
from voice_pipeline.extracting.shapes import LONGEST_NAME, LONGEST_QUOTE, LONGEST_TEXT, Extraction

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
NOTE = """Okay so, um, top priority this week is the launch. Second priority is hiring. I need to, uh, send the report
to Bob by,
by Friday, and Sarah has to finish the slides by the end of next week. We decided to go with Postgres instead
of Mongo. Can you remind me to call mom tomorrow at nine? Don't forget to book flights. It's urgent!"""


def read(text: str) -> Extraction:
    found = extract(Said(text, NOW))
    for item in (*found.priorities, *found.decisions, *found.actions, *found.shifts):
        assert text[item.start : item.end] == item.quote
    return found


def test_a_note_as_people_speak() -> None:
    found = read(NOTE)
    assert [(one.rank, one.theme) for one in found.priorities] == [(1, "The launch"), (2, "Hiring")]
    assert [one.text for one in found.decisions] == ["We decided to go with Postgres instead of Mongo"]
    assert [(one.owner, one.text, one.due_phrase, one.urgency) for one in found.actions] == [
        ("me", "Send the report to Bob", "by Friday", "normal"),
        ("Sarah", "Finish the slides", "by the end of next week", "normal"),
        ("me", "Call mom", "tomorrow at nine", "high"),
        ("me", "Book flights", "", "high"),
    ]
    assert [f"{one.due}" for one in found.actions] == ["2026-11-27", "2026-12-04", "2026-11-24", "None"]
    assert found.actions[2].due_at == datetime(2026, 11, 24, 9, tzinfo=NOW.tzinfo)
    assert [one.away_from for one in found.shifts] == ["Mongo"]
    assert (found.by, found.note) == ("rules", "")


@pytest.mark.parametrize(
    ("said", "owner", "text", "due"),
    [
        ("remind alice to send the report by friday", "Alice", "Send the report", "2026-11-27"),
        ("Bob, please update the website by Q1.", "Bob", "Update the website", "2027-03-31"),
        ("Ask Tom to check the invoices by Thursday.", "Tom", "Check the invoices", "2026-11-26"),
        (
            "The design team will deliver the mockups next Tuesday.",
            "design team",
            "Deliver the mockups",
            "2026-12-01",
        ),
        ("Call the dentist on Monday, no, Tuesday.", "", "Call the dentist", "2026-11-24"),
        ("We haven't heard from Bob, so call him tomorrow.", "", "Call him", "2026-11-24"),
        ("The report is due on Friday.", "", "Report", "2026-11-27"),
        ("Deadline for the proposal is December 5th.", "", "The proposal", "2026-12-05"),
        ("Note to self: buy a present before Saturday.", "me", "Buy a present", "2026-11-27"),
        ("Could we get the numbers by Tuesday?", "us", "Get the numbers", "2026-11-24"),
        ("Buy milk.", "", "Buy milk", "None"),
        ("Pay rent by December first.", "", "Pay rent", "2026-12-01"),
        ("The budget must be approved before Christmas.", "", "Budget must be approved", "2026-12-24"),
        ("we should move the meeting to thursday", "us", "Move the meeting to thursday", "2026-11-26"),
        ("Action item: update the docs.", "", "Update the docs", "None"),
        ("I've got to renew the passport in two weeks", "me", "Renew the passport", "2026-12-07"),
        ("If you have time, please water the plants.", "you", "Water the plants", "None"),
        ("Could somebody water the plants by Friday?", "", "Water the plants", "2026-11-27"),
        ("We need to ship version two before Christmas, right?", "us", "Ship version two", "2026-12-24"),
        ("Ben has to send the offer by Friday, doesn't he?", "Ben", "Send the offer", "2026-11-27"),
    ],
)
def test_who_does_what_until_when(said: str, owner: str, text: str, due: str) -> None:
    (task,) = read(said).actions
    assert (task.owner, task.text, f"{task.due}") == (owner, text, due)


@pytest.mark.parametrize(
    "said",
    """We don't need to fix the bug.|I will see.|It will rain tomorrow.|They will be happy.|What should we do by Friday?
    If we win, we will party.|I already sent the report.|She used to work here.|I have to say I love it.
    Anna will be on vacation next week.|We must not deploy on Friday.|I told him to fix it.
    The weather is nice.|Look at that.|The plan is good.
    That was a great meeting yesterday.
    You need to see this movie|I won't call him.
    |...|👍|hmm, uh, um""".replace("\n    ", "|").split("|"),
)
def test_what_gives_nobody_anything_to_do(said: str) -> None:
    assert read(said).actions == ()


def test_speech_without_stops_or_capitals() -> None:
    said = "alice needs to send the report by friday and bob will review the deck in two days and i have to call jo"
    found = read(said)
    assert [(one.owner, one.text) for one in found.actions] == [
        ("Alice", "Send the report"), ("Bob", "Review the deck"), ("me", "Call jo"),
    ]  # fmt: skip


def test_a_list_of_priorities_is_ranked() -> None:
    found = read("My priorities today are the investor deck, the payroll and calling Jane.")
    assert [(one.rank, one.theme) for one in found.priorities] == [
        (1, "The investor deck"), (2, "The payroll"), (3, "Calling Jane"),
    ]  # fmt: skip
    run_on = read("My top priority this week is the launch, then hiring, and third the budget.")
    assert [(one.rank, one.theme) for one in run_on.priorities] == [
        (1, "The launch"), (2, "Hiring"), (3, "The budget"),
    ]  # fmt: skip
    spread = read(
        "My priorities today are: first, the investor deck. Second, the payroll. Third, calling Jane."
    )
    assert [(one.rank, one.theme) for one in spread.priorities][1:] == [
        (2, "The payroll"),
        (3, "Calling Jane"),
    ]
    assert read("That is not our top priority.").priorities == ()


def test_what_is_open_or_asked_is_not_decided() -> None:
    assert read("Should we go with Postgres?").decisions == ()
    assert (
        read(
            "We haven't decided on Postgres yet. If we agreed on it, fine. We need to decide soon."
        ).decisions
        == ()
    )
    assert [one.text for one in read("So we finally agreed on Postgres.").decisions] == [
        "We finally agreed on Postgres"
    ]


def test_changes_of_plan_name_both_sides() -> None:
    found = read(
        "Forget about the old dashboard, we're moving on to the mobile app. Put the redesign on hold. "
        "We're switching from Slack to Teams. Don't forget the milk."
    )
    assert [(one.away_from, one.towards) for one in found.shifts] == [
        ("The old dashboard", "The mobile app"), ("The redesign", ""), ("Slack", "Teams"),
    ]  # fmt: skip


def test_urgency_is_said_or_follows_from_the_date() -> None:
    said = "Mary will file the taxes by next month, no rush. Jim will fix the login today. Send the contract asap."
    assert [one.urgency for one in read(said).actions] == ["low", "high", "high"]


def test_the_classifier_says_where_its_weights_come_from() -> None:
    assert "Apache-2.0" in WEIGHTS.read_text(encoding="utf-8")
    assert all(len(name.split()) <= 3 for name in intent().weights)
    assert intent().wants("Could you please send me the report by Friday?")
    assert not intent().wants("The weather was nice in our newsletter.")


def test_borders() -> None:
    assert read("") == Extraction()
    with pytest.raises(InputError, match="characters"):
        extract(Said("a" * (LONGEST + 1), NOW))
    with pytest.raises(InputError, match="time zone"):
        extract(Said("a", NOW.replace(tzinfo=None)))


@pytest.mark.parametrize(
    "said",
    [
        f"{'a' * 150} will send the report by Friday", f"the {'b' * 300} team will send it by Friday",
        f"Send {'c' * 900} by Friday", f"top priority is {'ß' * 399}", f"We decided {'d ' * 300}",
        f"switching from {'e' * 250} to {'f' * 250}", f"by {'uh ' * 200} Friday send the report",
    ],
)  # fmt: skip
def test_long_words_stay_in_bounds(said: str) -> None:
    found = read(said)
    assert all(
        len(one.quote) <= LONGEST_QUOTE for one in (*found.priorities, *found.decisions, *found.shifts)
    )
    assert all(len(one.text) <= LONGEST_TEXT and len(one.owner) <= LONGEST_NAME for one in found.actions)


def test_today_is_a_due_date_at_midnight() -> None:
    midnight = NOW.replace(hour=0)
    (task,) = extract(Said("Send the report today.", midnight)).actions
    assert task.due == midnight.date()


PIECES = st.sampled_from(
    """i we bob will need to send the report by friday please can you remind me forget not top priority is first second
    decided instead of switching from hold . , ? ! ; : - \n uh um "quoted" (x) 🎉 é ß İ no sorry monday q1 12/3 and
    then let's team the because""".split(" ")
)


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map(" ".join)))
def test_any_text_is_read_and_every_item_quotes_it(text: str) -> None:
    assert read(text).by == "rules"  # and what `read` asserts of every item


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    short, long = piece * 150, piece * 600
    extract_by_rules(short, NOW)  # what is read once
    assert (
        calls(lambda: extract_by_rules(long, NOW)) <= 4.6 * calls(lambda: extract_by_rules(short, NOW)) + 2000
    )
