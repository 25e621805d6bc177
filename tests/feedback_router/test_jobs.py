"""What follows an ask in time: quiet hours, pace, batches, reminders, expiry, kills between two steps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from clawcortex.errors import HostError
from clawcortex.server.tasks import run_one
from clawcortex.skills.events import DecisionWanted
from clawcortex.store.records import Scope
from feedback_router import operations
from feedback_router.jobs import SEND
from feedback_router.pacing import BATCH_MOST
from feedback_router.records import DECISIONS, MESSAGES
from feedback_router.shapes import PatternsInput, PendingInput, ReportInput
from feedback_router.statistics import Patterns

from .asks import NOW
from .conftest import Desk, DeskOf

NIGHT = NOW.replace(hour=23)


def choices(desk: Desk) -> list[object]:
    return [event.payload["choice"] for event in desk.events("decision.answered")]


def test_in_quiet_hours_only_who_is_talking_is_asked(desk: Desk, chat: Scope) -> None:
    desk.clock.moment = NIGHT
    desk.ask("From a script")
    desk.ask("In the middle of a talk", scope=chat)
    desk.clock.advance(milliseconds=1)  # who asked first is written to first
    desk.ask("The house burns", urgent=True)
    assert "In the middle of a talk" in desk.work()[0].text
    assert "The house burns" in desk.work(seconds=2)[0].text
    assert desk.work(hours=7) == []
    desk.clock.moment = NIGHT + timedelta(hours=7)
    [morning] = desk.work(hours=1)
    assert "From a script" in morning.text
    assert desk.clock.moment == NIGHT + timedelta(hours=8)


def test_more_than_five_that_wait_come_as_one_message(desk: Desk) -> None:
    desk.clock.moment = NIGHT
    asks = []
    for number in range(10):
        desk.clock.advance(seconds=1)
        asks.append(desk.ask(f"Question {number}"))
    sent = desk.work(hours=8)
    sent += desk.work(minutes=1)
    assert [len(one.buttons) for one in sent] == [2 * BATCH_MOST, 2]
    sent += desk.work(minutes=1)
    assert [len(one.buttons) for one in sent] == [2 * BATCH_MOST, 2, 2]
    assert "8 of 8 questions wait for you" in sent[0].text
    assert [f"Question {number}" in sent[0].text for number in range(10)] == [True] * 8 + [False] * 2
    desk.press(asks[3].id)
    [edited] = desk.work(minutes=1)
    assert edited.sent == sent[0].sent
    assert len(edited.buttons) == 2 * (BATCH_MOST - 1)
    assert "7 of 8 questions wait" in edited.text


def test_up_to_five_come_one_by_one_and_not_too_fast(desk: Desk, chat: Scope) -> None:
    for _ in range(5):
        desk.ask(scope=chat)
    sent = [len(desk.work(milliseconds=500)) for _ in range(12)]
    assert sum(sent) == 5
    assert max(sent) == 1


@pytest.mark.parametrize("retry_after_s", [None, 40.0])
def test_a_429_and_a_gateway_that_is_down_are_outwaited(
    desk: Desk, chat: Scope, retry_after_s: float | None
) -> None:
    asked = desk.ask(scope=chat)
    desk.host.refusals.extend([HostError("429: too many", retry_after_s=retry_after_s)] * 3)
    assert desk.work() == []
    assert operations.pending(desk.context(), PendingInput()).asks[0].sent is False
    assert desk.work(seconds=1) == []
    waited = 1
    while not (sent := desk.work(seconds=1)):
        waited += 1
    assert len(sent) == 1
    assert waited >= (3 * 40 if retry_after_s else 2 + 4 + 8) - 1
    desk.press(asked.id)
    desk.host.refusals.append(HostError("down"))
    assert desk.work(seconds=1) == []
    assert [one.edit for one in desk.work(seconds=10)] == [True]


def test_half_way_there_is_one_reminder(desk: Desk, chat: Scope) -> None:
    asked = desk.ask(scope=chat, expires_in=4 * 3_600)
    [first] = desk.work()
    assert desk.work(minutes=119) == []
    [reminder] = desk.work(minutes=1)
    assert reminder.text.startswith("⏰ Still waiting for you\n\n❓ main")
    assert reminder.buttons == first.buttons
    desk.press(asked.id)
    assert {one.sent.message_id for one in desk.work(seconds=5)} == {"1001", "1002"}, "both show the end"
    assert desk.work(hours=10) == []


def test_an_ask_that_nobody_answers_ends(desk: Desk, chat: Scope) -> None:
    desk.ask(scope=chat, expires_in=600)
    desk.work()
    [edited] = desk.work(seconds=600)
    assert edited.text.startswith("⌛ Expired, nobody answered · 09:10")
    assert edited.buttons == ()
    assert choices(desk) == ["expired"]
    assert desk.prompt() == ["Deploy?: ⌛ Expired, nobody answered · 09:10"]


def test_an_escalated_ask_goes_to_an_owner_and_then_ends(desk_of: DeskOf) -> None:
    desk = desk_of(owners=("telegram:333",))
    asked = desk.ask(
        scope=Scope("main", "telegram", "default", "111", "111"), expires_in=600, on_expiry="escalate"
    )
    desk.work()
    [escalated] = desk.work(seconds=601)
    assert escalated.sent.target == "333"
    assert escalated.text.startswith("⏰ Nobody answered this in time")
    assert choices(desk) == []
    assert "Approved" in desk.press(asked.id, by="333")
    assert {one.sent.target for one in desk.work(seconds=5)} == {"111", "333"}
    ended = desk.ask(
        scope=Scope("main", "telegram", "default", "111", "111"), expires_in=600, on_expiry="escalate"
    )
    for _ in range(3):
        desk.work(seconds=601)
    assert "Too late" in desk.press(ended.id, by="333")
    assert choices(desk) == ["approve", "expired"]


def test_a_channel_without_buttons_is_answered_by_numbers(desk_of: DeskOf) -> None:
    desk = desk_of(owners=("signal:+491",))
    asked = desk.ask("Deploy?")
    desk.clock.advance(seconds=1)
    other = desk.ask("Travel?", options=["Train", "Plane"])
    sent = desk.work() + desk.work(seconds=5)
    assert [one.buttons for one in sent] == [(), ()]
    assert "Answer with a number: 1 Approve, 2 Reject, 3 Edit, 4 Skip." in sent[0].text
    assert "Answer with a number: 5 Train, 6 Plane." in sent[1].text

    def say(text: str, by: str = "+491") -> str | None:
        return desk.say(text, by=by, chat=by, channel="signal")

    assert say("7") is None
    assert say("I need 6 of them") is None
    assert say("6", by="+492") is None, "no number of that chat"
    assert str(say(" 6. ")).startswith("☑️ Plane by signal:+491")
    assert "Decided already" in str(say("5"))
    assert "Send me the new text" in str(say("3"))
    assert str(say("Deploy tomorrow")).startswith("✏️ Edited")
    assert {asked.id, other.id} == set(desk.store.list_records(DECISIONS))
    assert len(desk.work(seconds=5)) == 2


def test_an_ask_decided_while_it_is_sent_shows_it_at_once(desk: Desk, chat: Scope) -> None:
    asked = desk.ask(scope=chat)
    message = desk.host.message

    def slow(**given: object) -> object:
        sent = message(**given)  # type: ignore[arg-type]
        desk.press(asked.id)
        return sent

    desk.host.message = slow  # type: ignore[assignment, method-assign]
    sent, edited = desk.work()
    assert (sent.edit, edited.edit) == (False, True)
    assert edited.text.startswith("✅ Approved")


def test_jobs_that_run_again_do_nothing_twice(desk: Desk, chat: Scope) -> None:
    asked = desk.ask(scope=chat, expires_in=7_200)
    desk.work()
    for number in range(3):
        desk.store.enqueue(SEND, {"ask": asked.id, "tries": 0}, key=f"again:{number}")
    assert desk.work() == []
    desk.press(asked.id)
    [message] = desk.store.list_records(MESSAGES)
    for number in range(3):
        desk.store.enqueue("feedback-router.edit", {"message": message, "tries": 0}, key=f"edit:{number}")
    assert len(desk.work()) == 1


def test_what_another_skill_wants_decided_is_asked_once(desk: Desk) -> None:
    wanted = DecisionWanted(
        key="lesson:1", agent="main", title="Keep this lesson?", category="lesson", by="memory-compounding"
    )
    for _ in range(3):
        desk.store.amend([], events=[wanted.new()])
    [sent] = desk.work()
    assert "❓ main · lesson\nKeep this lesson?" in sent.text
    [ask] = operations.pending(desk.context(), PendingInput()).asks
    forged = desk.ask(scope=Scope("main", "telegram", "default", "111", "111"), dedupe_key="lesson:1")
    assert forged.fresh
    assert forged.id != ask.id, "an agent cannot take a skill's key"
    desk.press(ask.id)
    desk.press(forged.id, "reject")
    told = [event.payload for event in desk.events("decision.answered")]
    assert [(one["key"], one["choice"]) for one in told] == [
        ("lesson:1", "approve"),
        ("agent:main:lesson:1", "reject"),
    ]


def test_a_wish_of_an_agent_that_is_gone_is_sent_by_another(desk: Desk) -> None:
    wanted = DecisionWanted(key="x", agent="gone", title="Keep?", by="memory-compounding")
    desk.store.amend([], events=[wanted.new()])
    [sent] = desk.work()
    assert sent.sent.agent == "main"
    assert "❓ gone · general" in sent.text


def test_patterns_are_written_for_the_agents_at_midnight(desk: Desk, chat: Scope, tmp_path: Path) -> None:
    for option in ("approve", "approve", "reject"):
        asked = desk.ask(scope=chat, category="deploy")
        desk.clock.advance(minutes=2)
        desk.press(asked.id, option)
    [job] = [one for one in operations.skill.schedules if one.operation == "patterns"]
    assert job.cron == "0 0 * * *"
    found = operations.patterns(desk.context(), PatternsInput.model_validate(job.arguments))
    file = tmp_path / "workspace" / "feedback" / "decision-patterns.json"
    assert found.path == str(file)
    written = Patterns.model_validate_json(file.read_text())
    assert written.all.choices == {"approve": 2, "reject": 1}
    assert [one.name for one in written.categories] == ["main/deploy"]
    assert file.stat().st_mode & 0o777 == 0o600
    report = operations.report(desk.context(), ReportInput(agent="main"))
    assert (report.all.asks, len(report.decisions), report.waiting) == (3, 3, 0)
    assert report.decisions[0].choice == "reject"
    assert report.digest.startswith("main, 30 days: 3 asked, 67% approved")
    assert found.digest.startswith("Decisions of 90 days: 3 asked, 67% approved")


def test_at_midnight_what_a_job_lost_is_taken_up_again(desk: Desk, chat: Scope) -> None:
    asked = desk.ask(scope=chat, expires_in=600)
    desk.work()
    desk.clock.advance(minutes=10)
    job = desk.store.lease({"feedback-router.expire": 60})
    assert job is not None
    desk.store.finish(job, error="given up")
    assert not run_one(desk.opened)
    operations.patterns(desk.context(), PatternsInput(write=True))
    desk.work()
    assert "Too late" in desk.press(asked.id)
    assert choices(desk) == ["expired"]
