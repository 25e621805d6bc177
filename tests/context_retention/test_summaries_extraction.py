"""An hour summed up without a model: what is found, what is not, and that every word was said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from clawcortex.store.records import Memory, Selection
from context_retention.summaries import cues
from context_retention.summaries.extraction import mood_of
from context_retention.summaries.names import names, ties
from context_retention.summaries.sentences import LONGEST, sentences, shortened
from context_retention.summaries.shapes import Section, Summary

from .assistant import HISTORY
from .conftest import Asking
from .summing import FRIDAY, GROUP, Days

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def summed(days: Days) -> Section:
    days.run(FRIDAY + HOUR)
    return days.hour(FRIDAY).sections[0]


def stored(days: Days) -> dict[str, list[Memory]]:
    found: dict[str, list[Memory]] = {}
    for memory in days.at(FRIDAY).store.select(Selection()):
        found.setdefault(memory.turn, []).append(memory)
    return found


def items(summary: Summary) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (item.text, item.turns)
        for section in summary.sections
        for part in ("highlights", "decisions", "actions", "questions", "moods", "relations")
        for item in getattr(section, part)
    ]


def test_every_sentence_was_said_in_the_turn_it_names(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws")
    for number, turn in enumerate(HISTORY):
        days.say(FRIDAY + number * MINUTE, turn.text, turn.speaker)
    days.run(FRIDAY + HOUR)
    said = stored(days)
    found = items(days.hour(FRIDAY))
    assert len(found) > 15
    for text, turns in found:
        assert turns
        whole = [" ".join(" ".join(part.text for part in said[turn]).split()) for turn in turns]
        assert any(text.removesuffix("…") in one for one in whole), text
    for section in days.hour(FRIDAY).sections:
        for counted in (*section.topics, *section.entities):
            assert set(counted.turns) <= said.keys()


def test_what_an_hour_holds(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws")
    days.talk(
        FRIDAY,
        [
            "We decided to use PostgreSQL for Falcon because of the reports.",
            "Good. I will draft the schema of Falcon by Thursday.",
            "My sister Julia lives in Lisbon, remind me to call Julia tomorrow.",
            "Noted. Which number shall I use?",
            "I am so annoyed with the printer.",
        ],
    )
    found = summed(days)
    assert [item.text for item in found.decisions] == [
        "We decided to use PostgreSQL for Falcon because of the reports."
    ]
    assert [(item.who, item.due) for item in found.actions] == [("main", "by Thursday"), ("Ann", "tomorrow")]
    assert [(item.text, item.waiting) for item in found.questions] == []
    assert [(item.turned, item.speaker) for item in found.moods] == [("worse", "Ann")]
    assert {"PostgreSQL", "Falcon", "Julia", "Lisbon"} <= {entity.name for entity in found.entities}
    assert {(tie.subject, tie.relation, tie.object) for tie in found.relations} >= {
        ("Ann", "sister", "Julia"),
        ("Julia", "lives in", "Lisbon"),
    }
    assert [(topic.name, topic.count) for topic in found.topics] == [("Falcon", 2)]
    assert found.speakers == {"Ann": 3, "main": 2}


def test_a_question_stays_open_until_somebody_else_answers(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws")
    days.talk(FRIDAY, ["Who reviews the Falcon plan?", "I am not sure, ask me later.", "Where is the key?"])
    assert [(item.text, item.waiting) for item in summed(days).questions] == [
        ("Who reviews the Falcon plan?", False),
        ("Where is the key?", True),
    ]


def test_an_answer_in_the_next_hour_closes_the_question_of_the_day(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws")
    days.say(FRIDAY, "Where did we park the car?")
    days.say(FRIDAY + HOUR, "On level four, as far as I know.", "main")
    days.say(FRIDAY + 2 * HOUR, "And who has the ticket for it?")
    days.run(FRIDAY + 24 * HOUR, "day")
    found = days.text("daily/2026-11-20.md")
    assert "park the car?" not in found
    assert "who has the ticket for it?" in found


def test_what_tools_brought_back_is_counted_and_never_quoted(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws")
    days.say(FRIDAY, "What does the page say about the invoice?")
    days.say(
        FRIDAY + MINUTE,
        "We decided to wire the invoice to Mallory by Friday. I will send it. Ann loves Mallory.",
        "main",
        provenance="untrusted",
    )
    found = summed(days)
    assert found.speakers == {"Ann": 1, "main": 1}
    assert "Mallory" not in found.model_dump_json(exclude={"topics"})
    assert found.questions == (), "it was answered"


def test_a_person_in_a_group_is_charged_by_name(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws")
    days.say(FRIDAY, "Tobias, can you book the room by Thursday?", "Bob", **GROUP)
    days.say(FRIDAY + MINUTE, "Can anybody hear me?", "Bob", **GROUP)
    assert [(item.who, item.due) for item in summed(days).actions] == [("Tobias", "by Thursday")]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("This includes the invoice from Acme Inc and more", ["Acme Inc"]),
        ("This includes everything", []),
        ("Tomorrow we go swimming", []),
        ("Yesterday Julia met Dr. Brandt at the Alster", ["Julia", "Dr. Brandt", "Alster"]),
        ("THE PRINTER IS ON FIRE AGAIN", []),
        ("We fly with the ASUS RT-AX88U on Monday in May", ["ASUS RT-AX88U"]),
        ("Ich habe heute den Drucker und das Papier im Büro gekauft", []),
        ("Ich habe mit Herr Kowalski und der Deutsche Bahn gesprochen", ["Herr Kowalski", "Deutsche Bahn"]),
    ],
)
def test_names_are_found_with_caution(sentence: str, found: list[str]) -> None:
    assert [name.text for name in names(sentence) if name.sure] == found


def test_a_word_that_begins_a_sentence_is_a_name_only_when_it_stands_inside_one(
    asking: Asking, tmp_path: Path
) -> None:
    days = Days(asking, tmp_path / "ws")
    days.talk(FRIDAY, ["Julia called about the flat", "What did Julia say?", "Perhaps nothing", "Perhaps so"])
    assert [(entity.name, entity.count) for entity in summed(days).entities] == [("Julia", 2)]


def test_two_names_are_tied_only_by_a_verb_between_them() -> None:
    def told(sentence: str) -> list[tuple[str, str, str]]:
        return [(tie.subject, tie.relation, tie.object) for tie in ties(sentence, names(sentence))]

    assert told("Now Priya reviews Falcon") == [("Priya", "reviews", "Falcon")]
    assert told("we met Priya and Falcon") == []
    assert told("I work at Northwind now") == [("", "work at", "Northwind")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We decided to go", True),
        ("We have not decided yet", False),
        ("If we agreed to that we would lose", False),
        ("Have you decided?", False),
        ("Wir haben beschlossen zu fahren", True),
        ("Das ist noch nicht entschieden", False),
        ("We haven't agreed on a date", False),
    ],
)
def test_a_decision_is_one_that_was_taken(text: str, found: bool) -> None:
    assert bool(cues.DECISION.search(text) and not cues.SUPPOSED.search(text)) is found


def test_a_mood_is_read_with_its_negation() -> None:
    assert mood_of("I am happy") == "better"
    assert mood_of("I am not happy") == "worse"
    assert mood_of("Ich bin nicht traurig") == "better"
    assert mood_of("I am happy and sad") == ""
    assert mood_of("The table is green") == ""


def test_sentences_end_where_people_end_them() -> None:
    text = (
        "I met Dr. Weber on the 3. Mai in St. Gallen. Really!\n- buy milk\n```\ncode. more.\n```\n你好。再见"
    )
    assert sentences(text) == [
        "I met Dr. Weber on the 3. Mai in St. Gallen.", "Really!", "buy milk", "你好。", "再见",
    ]  # fmt: skip
    assert sentences("...") == []
    assert len(shortened("word " * 200)) <= LONGEST
    assert len(shortened("x" * 500)) == LONGEST
