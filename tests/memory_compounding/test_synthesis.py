"""The weekly synthesis: every claim names its decisions, a person's edits stay."""

from __future__ import annotations

import json
import re

import pytest

from clawcortex.errors import HostError, InputError
from memory_compounding import operations, shapes
from memory_compounding.operations import skill
from tests.memory_compounding.house import House

NAME = "memory/weekly/2026-W47-synthesis.md"


def write(house: House, **chosen: str) -> shapes.SynthesizeOutput:
    """Write the week."""
    return operations.synthesize(house.context(), shapes.SynthesizeInput(**chosen))


def decided(house: House) -> None:
    """Fill a week with decisions."""
    for _ in range(3):
        house.decide("reject", "too long", title="Mail to Brandt")
    house.decide("approve", title="Call with Aoki", category="scheduling")
    house.decide("edit", "no emojis", title="Post [x](http://evil) <b>", category="post")


def claims(text: str) -> list[str]:
    """Return the claims of a synthesis."""
    return [line for line in text.partition("### Decisions")[0].splitlines() if line.startswith("- ")]


def test_a_week_is_told_with_the_decisions_that_each_claim_stands_on(house: House) -> None:
    decided(house)
    written = write(house).written[0]
    text = (house.workspace / NAME).read_text(encoding="utf-8")
    assert written.file == str(house.workspace / NAME)
    assert (written.method, written.decisions) == ("extractive", 5)
    for title in ("### Recommendations", "### Outcomes", "### Learnings", "### Decisions"):
        assert title in text
    notes = set(re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE))
    assert notes == {"1", "2", "3", "4", "5"}
    assert claims(text)
    for claim in claims(text):
        cited = re.findall(r"\[\^(\d+)\]", claim)
        assert cited, claim
        assert set(cited) <= notes, claim
    assert "New lesson: Keep it much shorter." in text
    for one in house.feedback():
        assert f"<!-- {one.id} -->" in text
    assert "[x](http" not in text
    assert "<b>" not in text


def test_a_lesson_that_did_not_hold_is_named(house: House) -> None:
    decided(house)
    house.clock.advance(days=7)
    house.decide("reject", "too long again")
    write(house)
    text = (house.workspace / "memory/weekly/2026-W48-synthesis.md").read_text(encoding="utf-8")
    assert "Did not hold, corrected 1 times again" in text
    assert "1 rejected (the week before: 3)" in text


def test_the_models_words_count_where_they_name_decisions_they_were_given(house: House) -> None:
    decided(house)
    said = {
        "recommendations": [{"text": "Mails to Brandt were proposed.", "lines": [1, 2, 3]}],
        "outcomes": [{"text": "Nothing was paid.", "lines": [99]}, {"text": "Unfounded.", "lines": []}],
        "learnings": [{"text": "Write shorter mails.", "lines": [1]}],
    }
    house.script(json.dumps(said))
    written = write(house).written[0]
    assert written.method == "model"
    assert "Mails to Brandt were proposed." in written.markdown
    assert "Nothing was paid" not in written.markdown
    assert "Unfounded" not in written.markdown
    assert "3 rejected" in written.markdown, "what the model had nothing valid for is told without it"
    assert house.host.requests[-1].purpose == "synthesis"


@pytest.mark.parametrize("answer", [HostError("down"), "no json", json.dumps({"recommendations": []})])
def test_a_model_that_fails_costs_no_synthesis(house: House, answer: str | HostError) -> None:
    decided(house)
    house.script(answer, answer)
    assert write(house).written[0].method == "extractive"


def test_what_a_person_changed_stays(house: House) -> None:
    decided(house)
    write(house)
    file = house.workspace / NAME
    text = file.read_text(encoding="utf-8")
    file.write_text(
        "My own note.\n\n" + text.replace("### Outcomes", "### What came of it"), encoding="utf-8"
    )
    before = file.read_bytes()
    house.decide("approve", title="One more")
    answer = write(house)
    assert file.read_bytes() == before
    assert "was changed by a person" in answer.warnings[0]


def test_a_second_run_brings_it_up_to_date_and_a_third_changes_nothing(house: House) -> None:
    decided(house)
    write(house)
    house.decide("approve", title="One more")
    write(house)
    text = (house.workspace / NAME).read_text(encoding="utf-8")
    assert "One more" in text
    assert text.count("clawcortex:begin synthesis") == 1
    write(house)
    assert (house.workspace / NAME).read_text(encoding="utf-8") == text


def test_every_agent_gets_its_own_and_one_without_a_workspace_is_told(house: House) -> None:
    house.decide("approve", agent="main", title="Mine")
    house.decide("approve", agent="ghost", title="Of nobody")
    answer = write(house)
    assert [(one.agent, bool(one.file)) for one in answer.written] == [("ghost", False), ("main", True)]
    assert answer.warnings == ["ghost has no workspace: its synthesis is not filed"]
    assert "Of nobody" not in (house.workspace / NAME).read_text(encoding="utf-8")


def test_a_week_that_is_none_or_empty_is_told(house: House) -> None:
    with pytest.raises(InputError, match="2026-W60 is no week"):
        write(house, week="2026-W60")
    answer = write(house, week="2025-W01", agent="main")
    assert (answer.written, answer.warnings) == ([], ["nobody gave main feedback in 2025-W01"])


def test_what_is_decided_after_the_sunday_run_is_written_on_monday(house: House) -> None:
    decided(house)
    write(house)
    text = (house.workspace / NAME).read_bytes()
    house.clock.advance(days=7)
    assert write(house, week="last").written == [], "its file holds all of it"
    assert (house.workspace / NAME).read_bytes() == text
    house.decide("approve", title="Of the week after")
    house.clock.advance(days=-7)
    house.decide("approve", title="Late on Sunday")
    house.clock.advance(days=7)
    [written] = write(house, week="last").written
    assert (written.week, written.decisions) == ("2026-W47", 6)
    text = (house.workspace / NAME).read_bytes()
    assert b"Late on Sunday" in text
    assert b"Of the week after" not in text


def test_a_missed_sunday_run_is_made_up_for(house: House) -> None:
    decided(house)
    house.clock.advance(days=7)
    assert [one.decisions for one in write(house, week="last").written] == [5]
    assert (house.workspace / NAME).is_file()


def test_it_runs_on_sunday_night_and_once_it_is_over() -> None:
    assert [(one.cron, one.operation, one.arguments) for one in skill.schedules] == [
        ("0 23 * * 0", "synthesize", {}),
        ("15 23 * * 0", "track", {}),
        ("5 0 * * 1", "synthesize", {"week": "last"}),
    ]
