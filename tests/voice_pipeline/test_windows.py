"""A long text is read by the model in parts: everything once, and each item where it stands."""

from __future__ import annotations

import json
import re
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import HostError
from clawcortex.testing import Asked, FakeHost
from voice_pipeline.extracting.extraction import MOST_PARTS, OVERLAP, extract
from voice_pipeline.extracting.model import LONGEST_TEXT_ASKED, Said
from voice_pipeline.extracting.sentences import clauses
from voice_pipeline.extracting.shapes import MOST
from voice_pipeline.extracting.windows import windows

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
TALK = "It was a long walk along the river and the weather was lovely that day. "


def told(tasks: int, apart: int) -> str:
    """Return a text in which Bob has to send one report after the other."""
    return "".join(f"Bob has to send report {number} by Friday. {TALK * apart}" for number in range(tasks))


def attentive(asked: Asked) -> str:
    """Answer as a model that finds every task it is shown, in words of its own for each question."""
    numbers = re.findall(r"Bob has to send report (\d+) by Friday", asked.prompt)
    actions = [
        {
            "quote": f"Bob has to send report {number} by Friday",
            "text": f"Send report {number}{' by Friday' * (len(asked.prompt) % 2)}",
            "owner": "Bob",
            "due": "by Friday",
        }
        for number in numbers
    ]
    return json.dumps({"actions": actions})


def test_a_long_text_is_asked_about_in_parts_and_each_task_found_once_where_it_stands() -> None:
    text = told(40, 23)
    assert len(text) > 2.5 * LONGEST_TEXT_ASKED
    host = FakeHost(*[attentive] * MOST_PARTS)
    found = extract(Said(text, NOW), host=host)
    assert (found.by, found.note) == ("model", "")
    assert len(host.requests) == len(windows(text, LONGEST_TEXT_ASKED, OVERLAP)) == 3
    assert [re.findall(r"\d+", one.quote) for one in found.actions] == [[str(n)] for n in range(40)]
    assert all(text[one.start : one.end] == one.quote for one in found.actions)
    assert {(one.owner, str(one.due)) for one in found.actions} == {("Bob", "2026-11-27")}


def test_what_only_one_of_two_parts_saw_counts() -> None:
    text = told(40, 23)
    (_, first), (second, _) = [(one.start, one.end) for one in windows(text, LONGEST_TEXT_ASKED, OVERLAP)[:2]]
    shared = re.findall(r"report \d+ ", text[second:first])
    assert shared, "a task stands where two parts overlap"

    def blind(asked: Asked) -> str:
        return attentive(asked).replace(shared[0], "nothing of this kind ")

    for script in ([attentive, blind, attentive], [blind, attentive, attentive]):
        assert len(extract(Said(text, NOW), host=FakeHost(*script)).actions) == 40


def test_when_the_model_fails_the_rest_is_read_by_rules_and_nobody_waits_again() -> None:
    host = FakeHost(attentive, HostError("no answer in time"), attentive)
    found = extract(Said(told(40, 23), NOW), host=host)
    assert [re.findall(r"\d+", one.quote) for one in found.actions] == [[str(n)] for n in range(40)]
    assert (found.by, len(host.requests)) == ("model", 2)
    assert found.note == "from part 2 of 3 on read by rules: no answer in time"


def test_a_text_of_a_whole_day_costs_no_call() -> None:
    host = FakeHost()
    found = extract(Said(told(40, 130), NOW), host=host)
    assert (host.requests, found.by, len(found.actions)) == ([], "rules", 40)
    assert found.note.startswith("read by rules: 3")


def test_no_more_items_than_a_list_bears() -> None:
    host = FakeHost(*[attentive] * MOST_PARTS)
    assert len(extract(Said(told(90, 8), NOW), host=host).actions) == MOST


@given(
    st.lists(
        st.sampled_from(["One. ", "Two words here, and then some more of them! ", "x" * 90, "\n\n", " ? "])
    ),
    st.integers(400, 900),
    st.integers(0, 300),
)
def test_parts_hold_every_clause_whole_and_overlap(pieces: list[str], longest: int, overlap: int) -> None:
    text = "".join(pieces)
    parts = windows(text, longest, overlap)
    assert all(one.end - one.start <= max(longest, len(text) if len(parts) == 1 else 0) for one in parts)
    assert (parts[0].own_start, parts[-1].own_end) == (0, len(text))
    for here, following in pairwise(parts):
        assert here.own_end == following.own_start
        assert here.start < following.start
        assert here.end < following.end
    for clause in clauses(text):
        assert any(one.start <= clause.start and clause.end <= one.end for one in parts)
