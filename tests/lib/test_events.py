"""What skills tell each other: every kind goes through the store and comes back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from clawcortex import paths
from clawcortex.errors import InputError
from clawcortex.skills import events
from clawcortex.skills.events import DecisionAnswered, DecisionAsked, DecisionWanted, Payload
from clawcortex.store.base import Store
from clawcortex.store.records import Event

AT = datetime(2026, 11, 20, 8, 0, 0, 1, tzinfo=UTC)
WILD = "**é😀** <b>\x00\x1b[31m\u202e'; DROP TABLE events; --"

SAMPLES: list[Payload] = [
    DecisionWanted(key="lesson:1", agent="main", title=WILD, options=("A", "B"), by="memory-compounding"),
    DecisionAsked(ask_id="a1", agent="main", title="Ship?", asked_at=AT, expires_at=AT + timedelta(days=1)),
    DecisionAnswered(
        ask_id="a1",
        agent="main",
        title="Ship?",
        choice="edit",
        text=WILD * 1_000,
        by="telegram:111",
        via="button",
        asked_at=AT,
        answered_at=AT,
    ),
    events.DecisionExplained(ask_id="a1", reason=WILD),
    events.FeedbackRecorded(feedback_id="f1", kind="reject", agent="main", subject=WILD, at=AT),
    events.LessonPromoted(lesson_id="l1", text=WILD, agents=("main", "writer"), count=3),
    events.PrioritiesChanged(version="v1", by="owner", added=(WILD,), conflicts=1),
    events.VoiceTranscribed(note="0f", text=WILD, said_at=AT, speaker="telegram:111"),
    events.SignalRaised(signal_id="s1", kind="company", agents=("a", WILD), to=(WILD,), score=0.8, at=AT),
    events.SyncWritten(day="2026-11-23", file="/x.md", agents=("main",)),
]


def stored(store: Store, payload: Payload) -> Event:
    new = payload.new()
    seq = store.append_event(new.kind, new.payload)
    [event] = [event for event in store.read_events("test") if event.seq == seq]
    return event


def test_there_is_a_sample_of_every_kind() -> None:
    assert {type(sample) for sample in SAMPLES} == set(events.KINDS.values())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.event)
def test_an_event_comes_back_from_the_store_as_it_was(store: Store, sample: Payload) -> None:
    event = stored(store, sample)
    assert type(sample).of(event) == sample
    schema = json.loads((paths.repo_root() / "schemas" / f"event.{event.kind}.schema.json").read_text())
    jsonschema.validate(event.payload, schema)


def test_what_a_newer_version_adds_is_ignored() -> None:
    payload = dict(SAMPLES[0].new().payload) | {"added_in": "2028"}
    assert DecisionWanted.of(Event(1, "decision.wanted", AT, payload)) == SAMPLES[0]


def test_an_event_of_another_kind_or_shape_is_refused_by_its_number() -> None:
    payload = dict(SAMPLES[1].new().payload)
    with pytest.raises(InputError, match=r"event 7 is of kind 'decision\.asked'"):
        DecisionWanted.of(Event(7, "decision.asked", AT, payload))
    with pytest.raises(InputError, match=r"event 8 \(decision\.asked\): asked_at"):
        DecisionAsked.of(Event(8, "decision.asked", AT, payload | {"asked_at": "2026-11-20T08:00:00"}))


def test_text_that_is_not_unicode_is_refused_before_it_is_an_event() -> None:
    with pytest.raises(ValueError, match="unicode"):
        events.DecisionExplained(ask_id="a1", reason="\ud800")
