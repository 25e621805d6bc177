"""Dates as they are spoken, and what only sounds like one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.text.dates.arithmetic import add_weekdays, easter
from clawcortex.text.dates.finding import find_dates
from clawcortex.text.dates.foreign import read_phrase
from clawcortex.text.dates.wording import fluent, spoken
from tests.voice_pipeline.steps import HOSTILE, calls

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
"""A Monday."""
WORDS = st.sampled_from(
    """uh um by the first second third twenty five of may march sat sun friday monday next last end week month quarter
    q1 2026 12 / - . , : am pm at nine in two days before after tomorrow noon and a half no christmas day year early mid
    eod ago from now 31 february 29 hundred thousand 99999999 éß İ １ 𝟛""".split()
)


@pytest.mark.parametrize(
    ("said", "phrase", "due"),
    [
        ("uh, by, by Friday please", "Friday", "2026-11-27"),
        ("it is due at the end of next week.", "the end of next week", "2026-12-04"),
        ("in two days", "in two days", "2026-11-25"),
        ("finish it by Q1", "Q1", "2027-03-31"),
        ("the end of Q2 next year", "the end of Q2 next year", "2027-06-30"),
        ("on the twenty-second of um December", "the twenty-second of um December", "2026-12-22"),
        ("the first Monday of December", "the first Monday of December", "2026-12-07"),
        ("Tuesday of next week", "Tuesday of next week", "2026-12-01"),
        ("two weeks before Christmas", "two weeks before Christmas", "2026-12-11"),
        ("January first two thousand and thirty two", "January first two thousand and thirty two", "2032-01-01"),
        ("twenty five January nineteen eighty six", "twenty five January nineteen eighty six", "1986-01-25"),
        ("by the 15th of next month", "the 15th of next month", "2026-12-15"),
        ("Friday the 27th", "Friday the 27th", "2026-11-27"),
        ("three business days from now", "three business days from now", "2026-11-26"),
        ("on 22.12.2026", "22.12.2026", "2026-12-22"),
        ("12/22/2026", "12/22/2026", "2026-12-22"),
        ("we met last Monday", "last Monday", "2026-11-16"),
        ("by 2/29", "2/29", "2028-02-29"),
        ("in May", "May", "2027-05-31"),
        ("by the 15th of the month", "the 15th of the month", "2026-12-15"),
        ("by year end", "year end", "2026-12-31"),
        ("by the end of the month", "the end of the month", "2026-11-30"),
        ("next week", "next week", "2026-12-04"),
        ("over the weekend", "the weekend", "2026-11-29"),
    ],
)  # fmt: skip
def test_a_day_is_found_with_the_words_that_say_it(said: str, phrase: str, due: str) -> None:
    (found,) = find_dates(said, NOW)
    assert (found.phrase, found.due.isoformat()) == (phrase, due)
    assert said[found.start : found.end] == phrase
    assert found.due_at is None


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("tomorrow at nine", "2026-11-24T09:00"),
        ("tomorrow at nine thirty in the evening", "2026-11-24T21:30"),
        ("half past eight on Friday morning", "2026-11-27T08:30"),
        ("call him at quarter to six tonight", "2026-11-23T17:45"),
        ("next Tuesday at three", "2026-12-01T15:00"),
        ("noon on Wednesday", "2026-11-25T12:00"),
        ("on monday the thirtieth six pm", "2026-11-30T18:00"),
        ("march eighteenth nine thirty", "2027-03-18T09:30"),
        ("in an hour and a half", "2026-11-23T11:30"),
        ("today at 9p", "2026-11-23T21:00"),
        ("2026-12-01T09:00:00", "2026-12-01T09:00"),
        ("two days from now at 3 pm", "2026-11-25T15:00"),
    ],
)
def test_a_time_of_day_belongs_to_its_day(said: str, at: str) -> None:
    (found,) = find_dates(said, NOW)
    assert found.due_at is not None
    assert f"{found.due_at:%Y-%m-%dT%H:%M}" == at
    assert found.due_at.tzinfo == BERLIN


@pytest.mark.parametrize(
    "said",
    """you may go|I may 5 times a day|he sat down|the sun will set|wait a second|on the second floor|a second of it
    march on|SAT scores|version 2.10.2026|release 1.2.3|v2.0.1|it costs 5/12 of that|3/4 of users|a 24/7 service
    five to ten people|call 206-607-0020|1-2-3 go|every Monday|9th in line|an hour-long show
    next to me|the week was long|in a minute|ratio of 16:09|day after day|deliver 2000 pieces
    this may or may not be|the 20th century|between the 21st and 23rd|Feb 30|I have five days
    at 5 dollars|week in review|the fifth element|a 4:3 screen|ABC-12345-A1B2C3""".replace(
        "\n    ", "|"
    ).split("|"),
)
def test_what_only_sounds_like_a_date_is_none(said: str) -> None:
    assert find_dates(said, NOW) == []


def test_midnight_and_a_week_end_where_people_mean() -> None:
    assert find_dates("by midnight", NOW)[0].due == date(2026, 11, 23)
    assert find_dates("by the end of the week", NOW)[0].due == date(2026, 11, 27)
    sunday = datetime(2026, 11, 29, 10, tzinfo=UTC)
    assert find_dates("by the end of the week", sunday)[0].due == date(2026, 11, 29)


def test_hours_are_real_time_and_days_the_clock_s() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=BERLIN)  # the night after it has 25 hours
    assert find_dates("in 24 hours", before)[0].first.hour == 11
    assert find_dates("tomorrow at noon", before)[0].first.hour == 12


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        find_dates("today", NOW.replace(tzinfo=None))


def test_wording_folds_numbers_and_leaves_out_what_is_said_twice() -> None:
    assert spoken("Uh, by, by the twenty-second, like, of of May").text == "by the 22th of may"
    assert spoken("at nineteen thirty, nineteen eighty six").text == "at 1930, 1986"
    assert fluent("I I need, um, the the Report").text == "I need the Report"


def test_calendar() -> None:
    assert [easter(year) for year in (2024, 2025, 2026)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
    ]
    assert add_weekdays(date(2026, 11, 27), 1) == date(2026, 11, 30)
    assert add_weekdays(date(2026, 11, 23), -1) == date(2026, 11, 20)
    assert add_weekdays(date(2026, 11, 23), 10) == date(2026, 12, 7)


@pytest.mark.parametrize(
    ("phrase", "language", "due"),
    [
        ("bis Freitag", "de", date(2026, 11, 27)),
        ("am 3. Mai", "de", date(2027, 5, 3)),
        ("para el viernes", "es", date(2026, 11, 27)),
        ("avant le 15 décembre", "fr", date(2026, 12, 15)),
    ],
)
def test_a_phrase_of_another_language(phrase: str, language: str, due: date) -> None:
    found = read_phrase(phrase, NOW, language)
    assert found is not None
    assert found.due == due


@pytest.mark.parametrize(
    ("phrase", "language"), [("x" * 61, "de"), ("Freitag", "zz"), ("", "de"), ("bis", "de")]
)
def test_a_phrase_that_names_nothing(phrase: str, language: str) -> None:
    assert read_phrase(phrase, NOW, language) is None


@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=40).map(" ".join)))
def test_any_text_is_read(text: str) -> None:
    found = find_dates(text, NOW)
    for one in found:
        assert text[one.start : one.end] == one.phrase
        assert one.first <= one.last
        assert one.due >= date.min
    assert [one.start for one in found] == sorted(one.start for one in found)


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    short, long = piece * 100, piece * 400
    find_dates(short, NOW)  # what is made once
    assert calls(lambda: find_dates(long, NOW)) <= 4.4 * calls(lambda: find_dates(short, NOW)) + 500
