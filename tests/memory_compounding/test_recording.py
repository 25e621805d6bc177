"""Feedback is written down once, whatever comes twice, out of order, or badly formed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from clawcortex.errors import InputError
from clawcortex.settings import Settings
from clawcortex.skills.events import DecisionExplained, FeedbackRecorded
from clawcortex.store.opening import open_store
from clawcortex.store.records import NewEvent
from memory_compounding import operations, shapes
from tests.memory_compounding.house import MONDAY, House, answer, made


def log(house: House, **more: Any) -> shapes.Logged:
    """Log as the owner."""
    given = {"kind": "reject", "subject": "a mail", "reason": "too long"}
    return operations.log(house.context(), shapes.LogInput(**given | more))


def shown(house: House, **chosen: Any) -> list[shapes.Feedback]:
    """Return the history."""
    return operations.history(house.context(), shapes.HistoryInput(**chosen)).feedback


@pytest.mark.parametrize("kind", ["approve", "reject", "edit", "skip", " Reject "])
def test_the_four_kinds_are_recorded_and_told(house: House, kind: str) -> None:
    logged = log(house, kind=kind)
    assert logged.fresh
    assert [one.kind for one in house.feedback()] == [kind.strip().casefold()]
    told = house.store.read_events("test", kinds=[FeedbackRecorded.event])
    assert [FeedbackRecorded.of(one).feedback_id for one in told] == [logged.id]


@pytest.mark.parametrize("kind", ["approvedd", "", "delete", "reject; drop", "\x00", "approve" * 1_000])
def test_any_other_kind_is_refused_with_the_allowed_ones(house: House, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        log(house, kind=kind)
    assert caught.value.hint == "Give one of: approve, reject, edit, skip."
    assert house.feedback() == []


@pytest.mark.parametrize("subject", ["", "   ", "\x00\x01", "\u200b" * 0])
def test_an_empty_subject_is_refused(house: House, subject: str) -> None:
    with pytest.raises(InputError, match="subject is empty"):
        log(house, subject=subject)


@pytest.mark.parametrize(
    "at", [datetime(1970, 1, 1, tzinfo=UTC), MONDAY + timedelta(hours=1), datetime(9999, 1, 1, tzinfo=UTC)]
)
def test_a_time_at_which_nobody_gave_feedback_is_refused(house: House, at: datetime) -> None:
    with pytest.raises(InputError, match="cannot be the time of a feedback"):
        log(house, timestamp=at)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        shapes.LogInput(kind="skip", subject="x", timestamp=datetime(2026, 11, 1))  # noqa: DTZ001


def test_a_key_logs_once(house: House) -> None:
    first = log(house, key="k")
    house.clock.advance(hours=1)
    again = log(house, key="k")
    assert (first.fresh, again.fresh, again.id) == (True, False, first.id)
    assert log(house).id != log(house).id, "without a key each is its own"


def test_an_agent_logs_for_itself_and_now(house: House) -> None:
    past = MONDAY - timedelta(days=3)
    request = shapes.LogInput(kind="approve", subject="a mail", agent="sales", timestamp=past)
    operations.log(house.agents("main"), request)
    found = house.feedback()[0]
    assert (found.agent, found.at, found.by, found.trusted) == ("main", MONDAY, "agent:main", False)


def test_control_characters_and_secrets_are_not_kept(house: House) -> None:
    log(house, reason="wrong\x00 key: sk-abcdefghijklmnopqrstuvwxyz0123456789ABCD\u202e")
    reason = house.feedback()[0].reason
    assert "\x00" not in reason
    assert "abcdefghijklmnop" not in reason


def test_history_is_chosen_by_agent_kind_and_time_and_newest_first(house: House) -> None:
    for days, agent, kind in (
        (400, "main", "skip"),
        (90, "main", "reject"),
        (5, "sales", "edit"),
        (1, "main", "edit"),
    ):
        log(house, agent=agent, kind=kind, timestamp=MONDAY - timedelta(days=days))
    assert [one.kind for one in shown(house)] == ["edit", "edit", "reject", "skip"]
    assert [one.kind for one in shown(house, limit=2)] == ["edit", "edit"]
    assert [one.agent for one in shown(house, kind="edit", agent="sales")] == ["sales"]
    assert len(shown(house, since=MONDAY - timedelta(days=90), until=MONDAY - timedelta(days=2))) == 2


def test_a_decision_is_one_feedback_and_an_expired_one_is_none(house: House) -> None:
    house.decide("approve")
    house.decide("expired")
    house.decide("cancelled")
    house.decide("Tuesday")
    house.decide("edit", description="Dear Sir", text="Hi Tom")
    assert [(one.kind, one.before, one.after) for one in house.feedback()] == [
        ("approve", "", ""),
        ("edit", "Dear Sir", "Hi Tom"),
    ]


def test_a_reason_that_comes_later_is_learned_from(house: House) -> None:
    answered = house.decide("reject")
    assert house.mistakes() == {}
    house.explain(answered.ask_id, "too long")
    assert house.feedback()[0].reason == "too long"
    assert house.mistakes()["too-long"].count == 1
    house.explain(answered.ask_id, "no emojis please")
    assert set(house.mistakes()) == {"emojis"}


CHOICES = st.sampled_from(["approve", "reject", "edit", "skip", "expired"])
REASONS = st.sampled_from(["", "too long", "no emojis", "wrong language"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_duplicated_and_reordered_events_give_the_same_feedback_and_mistakes(
    house: House, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    asks = data.draw(st.lists(st.tuples(CHOICES, REASONS, REASONS), min_size=1, max_size=5))
    events: list[NewEvent] = []
    for number, (choice, reason, later) in enumerate(asks):
        events.append(answer(f"ask{number}", choice, reason, MONDAY + timedelta(minutes=number)).new())
        if later:
            events.append(DecisionExplained(ask_id=f"ask{number}", reason=later).new())
    orders = [
        events,
        data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4)))),
    ]
    seen = []
    for order in orders:
        folder = tmp_path_factory.mktemp("again")
        other = made(
            open_store(Settings(store_url=f"sqlite:{folder / 'memory.db'}")), house.embedder, folder / "w"
        )
        other.clock.advance(minutes=len(asks))
        other.tell(*order)
        other.again(other.store.read_events("all"))
        other.follow()
        mistakes = {key: (one.count, one.fresh, one.agents) for key, one in other.mistakes().items()}
        seen.append(([(one.id, one.kind, one.reason, one.mistake) for one in other.feedback()], mistakes))
        other.store.close()
    assert seen[0] == seen[1]
    counted = sum(choice in ("reject", "edit") and bool(reason or later) for choice, reason, later in asks)
    assert sum(count for count, _, _ in seen[0][1].values()) == counted
