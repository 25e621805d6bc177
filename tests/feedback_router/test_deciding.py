"""Ask, tap, recorded once: through hooks, consumers and jobs on a real store."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from clawcortex.errors import BusyError, ConflictError, DeniedError, InputError, NotFoundError
from clawcortex.skills.events import DecisionAnswered, DecisionExplained
from clawcortex.store.records import Scope
from feedback_router import asking, operations
from feedback_router.callback import new_id
from feedback_router.records import ASKS, DECISIONS, WAITS
from feedback_router.shapes import AnswerInput, CancelInput, PendingInput

from .asks import NOW
from .conftest import Desk, DeskOf


def answers(desk: Desk) -> list[DecisionAnswered]:
    return [DecisionAnswered.of(event) for event in desk.events("decision.answered")]


def test_a_tap_is_recorded_once_and_the_message_shows_it(desk: Desk, chat: Scope) -> None:
    asked = desk.ask("Deploy 1.4?", scope=chat, category="deploy", description="Tests are green.")
    assert (asked.state, asked.fresh, asked.sent_to) == ("open", True, "telegram:111")
    [sent] = desk.work()
    assert not sent.edit
    assert [[one.label for one in row] for row in sent.buttons] == [["Approve", "Reject"], ["Edit", "Skip"]]
    assert sent.text.startswith("❓ main · deploy\nDeploy 1.4?\n│ Tests are green.")
    assert desk.press(asked.id) == "✅ Approved by Ann · 09:00: “Deploy 1.4?”"
    [edited] = desk.work()
    assert edited.edit
    assert edited.sent == sent.sent
    assert edited.buttons == ()
    assert edited.text.startswith("✅ Approved by Ann · 09:00\nmain · deploy: Deploy 1.4?")
    for _ in range(3):
        assert desk.press(asked.id, "reject") == (
            "Decided already: ✅ Approved by Ann · 09:00. Nothing was changed."
        )
    assert desk.work() == []
    [event] = answers(desk)
    assert (event.choice, event.by, event.via, event.ask_id) == (
        "approve",
        "telegram:111",
        "button",
        asked.id,
    )
    assert desk.store.count_records(ASKS) == 0
    assert list(desk.store.list_records(DECISIONS)) == [asked.id]


def test_each_refusal_has_its_own_words_and_leaves_nothing(desk_of: DeskOf, chat: Scope) -> None:
    desk = desk_of(owners=())
    asked = desk.ask(scope=chat, expires_in=60)
    desk.work()
    before = desk.store.list_records(ASKS)
    told = [
        desk.press(asked.id, by="222"),
        desk.press(asked.id, isAuthorized=False),
        desk.press(new_id(NOW)),
        desk.press(asked.id, "o7"),
    ]
    assert told[0] == told[1]
    assert len(set(told)) == 3
    assert all("Nothing was recorded" in one for one in told)
    for value in ("", "clawcortex:", "clawcortex:\u0661:approve", "clawcortex:*:approve"):
        assert desk.press(asked.id, value=value) == "", "index.js says that it is nobody's"
    desk.clock.advance(seconds=61)
    late = desk.press(asked.id)
    assert "Too late" in late
    assert desk.store.list_records(ASKS) == before
    assert desk.store.count_records(DECISIONS) == desk.store.count_records(WAITS) == 0
    assert answers(desk) == []
    desk.work()
    assert desk.press(asked.id) == late, "the same once it is recorded as expired"
    assert [one.choice for one in answers(desk)] == ["expired"]


@pytest.mark.parametrize("value", ["x" * 53, "clawcortex:" + "x" * 9_989, "ü" * 27])
def test_a_value_that_no_button_has_does_not_get_in(desk: Desk, value: str) -> None:
    with pytest.raises(InputError):
        desk.press("", value=value)


def test_edit_takes_the_next_message_of_that_person_in_that_chat(desk: Desk, chat: Scope) -> None:
    asked = desk.ask("Send “Hello”?", scope=chat)
    desk.work()
    assert "Send me the new text" in desk.press(asked.id, "edit")
    assert desk.work() == [], "nothing is decided yet"
    assert desk.say("hi", by="222") is None
    assert desk.say("hi", chat="-100400") is None
    assert desk.say("/status") is None, "a command stays a command"
    told = desk.say("Send “Good morning, Ann” *now*")
    assert told == '✏️ Edited by Ann · 09:00: “Send "Hello"?”'
    [edited] = desk.work()
    assert 'Instead:\n│ Send "Good morning, Ann" ∗now∗' in edited.text
    assert desk.say("the next one is the agent's") is None
    [event] = answers(desk)
    assert (event.choice, event.text, event.via) == ("edit", "Send “Good morning, Ann” *now*", "text")


def test_an_edit_can_be_left_and_ends_by_itself(desk: Desk, chat: Scope) -> None:
    asked = desk.ask(scope=chat)
    desk.press(asked.id, "edit")
    assert desk.say("Cancel.") == "Cancelled. The question is still open."
    assert desk.say("and on it goes") is None
    desk.press(asked.id, "edit")
    desk.clock.advance(minutes=10)
    assert desk.say("ten minutes later") is None
    assert desk.store.count_records(WAITS) == 0
    desk.press(asked.id, "edit")
    assert desk.press(asked.id, "approve").startswith("✅ Approved")
    assert "Decided already" in str(desk.say("too late for a text"))
    assert desk.say("and now to the agent") is None
    assert [one.choice for one in answers(desk)] == ["approve"]


def test_a_rejection_may_be_explained(desk: Desk, chat: Scope) -> None:
    asked = desk.ask(scope=chat)
    desk.work()
    assert "Why? Your next message" in desk.press(asked.id, "reject")
    assert len(desk.work()) == 1
    assert desk.say("Never on a Friday") == "Noted, thank you."
    [edited] = desk.work()
    assert edited.text.endswith("Because:\n│ Never on a Friday")
    assert desk.say("another message") is None
    [event] = desk.events("decision.explained")
    assert DecisionExplained.of(event) == DecisionExplained(ask_id=asked.id, reason="Never on a Friday")
    again = desk.ask(scope=chat)
    desk.press(again.id, "reject")
    assert desk.say("skip") == "No reason, then. The answer stands."
    assert len(desk.events("decision.explained")) == 1


def test_what_is_secret_or_invisible_is_not_kept(desk: Desk, chat: Scope) -> None:
    asked = desk.ask("Log in with\x00 password: hunter2secret?\u202e", scope=chat)
    desk.press(asked.id, "reject")
    desk.say("the key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH")
    kept = str(desk.store.list_records(DECISIONS)) + str(desk.events())
    assert "hunter2secret" not in kept
    assert "abcdefghijklmnop" not in kept
    assert "\x00" not in kept


def test_the_same_key_is_one_question(desk: Desk, chat: Scope) -> None:
    first = desk.ask(scope=chat, dedupe_key="deploy-1.4")
    assert len(desk.work()) == 1
    again = desk.ask("Deploy, please?", scope=chat, dedupe_key="deploy-1.4")
    assert (again.id, again.fresh, again.state) == (first.id, False, "open")
    desk.press(first.id)
    over = desk.ask(scope=chat, dedupe_key="deploy-1.4")
    assert (over.id, over.state, over.choice) == (first.id, "answered", "approve")
    assert [one.edit for one in desk.work()] == [True], "sent once"
    other = desk.ask(scope=Scope("work", "telegram", "default", "111", "111"), dedupe_key="deploy-1.4")
    assert other.id != first.id, "another agent's key is another key"
    assert [one.key for one in answers(desk)] == ["agent:main:deploy-1.4"]


def test_of_two_who_ask_the_same_at_once_one_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[str] = []

    def meanwhile(now: datetime) -> str:
        monkeypatch.setattr(asking, "new_id", new_id)
        first.append(desk.ask(dedupe_key="deploy").id)  # after the other found the key free
        return new_id(now)

    monkeypatch.setattr(asking, "new_id", meanwhile)
    second = desk.ask(dedupe_key="deploy")
    assert (second.id, second.fresh) == (first[0], False)
    assert list(desk.store.list_records(ASKS)) == first


def test_only_who_was_asked_or_owns_answers_in_a_group(desk_of: DeskOf) -> None:
    desk = desk_of(owners=("telegram:111",))
    asked = desk.ask(channel="telegram", target="-100400", allowed=["telegram:222"])
    assert "not put to you" in desk.press(asked.id, by="333", chat="-100400")
    assert "Approved by Bob" in desk.press(asked.id, by="222", chat="-100400")
    second = desk.ask(channel="telegram", target="-100400")
    assert "not put to you" in desk.press(second.id, by="222", chat="-100400")
    assert "Approved by Ann" in desk.press(second.id, by="111", chat="-100400")


def test_an_agent_asks_only_here_or_an_owner_and_only_as_itself(desk: Desk) -> None:
    bobs = Scope("main", "telegram", "default", "222", "222")
    assert desk.ask(scope=bobs).sent_to == "telegram:222"
    assert desk.ask(scope=bobs, channel="telegram", target="111").sent_to == "telegram:111"
    with pytest.raises(DeniedError):
        desk.ask(scope=bobs, channel="telegram", target="999")
    with pytest.raises(DeniedError):
        desk.ask(scope=bobs, agent="work")
    with pytest.raises(DeniedError):
        desk.ask(scope=bobs, allowed=["telegram:222"])
    with pytest.raises(InputError):
        desk.ask(scope=bobs, channel="telegram")


def test_bad_questions_are_refused_with_what_to_do(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="no agent 'ghost'") as caught:
        desk.ask(agent="ghost")
    assert caught.value.hint == "Agents: main, work."
    for options in (["One"], ["Yes", "yes"], ["Yes", "expired"], ["Yes", "x" * 41], ["Approve", " approve "]):
        with pytest.raises(InputError):
            desk.ask(options=options)
    with pytest.raises(InputError):
        desk.ask("\u200b\x00")
    with pytest.raises(ValueError, match="at most 300"):
        desk.ask("x" * 10_000)
    assert desk.store.count_records(ASKS) == 0


def test_too_many_open_questions_are_refused_to_an_agent(
    desk: Desk, chat: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_OPEN", 2)
    desk.ask(scope=chat)
    desk.ask(scope=chat)
    with pytest.raises(BusyError):
        desk.ask(scope=chat)
    assert desk.ask().fresh, "the owner may"


def test_own_options_are_recorded_as_they_read(desk: Desk, chat: Scope) -> None:
    asked = desk.ask("How do you travel?", scope=chat, options=["Train", "Plane", "Skip"])
    assert desk.press(asked.id, "o2") == "☑️ Plane by Ann · 09:00: “How do you travel?”"
    assert [one.choice for one in answers(desk)] == ["Plane"]


def test_the_owner_answers_and_cancels_at_the_machine(desk_of: DeskOf) -> None:
    desk = desk_of(owners=())
    context = desk.context()
    first, second, third = (desk.ask(f"Question {desk.clock.advance(seconds=1):%S}") for _ in range(3))
    assert first.sent_to == "", "nobody to send it to: it waits here"
    assert desk.work() == []
    waiting = operations.pending(context, PendingInput(limit=2))
    assert (waiting.count, [one.title for one in waiting.asks]) == (3, ["Question 01", "Question 02"])
    told = operations.answer(context, AnswerInput(id=first.id, choice="Reject", reason="No"))
    assert (told.choice, told.by, told.via, told.reason) == ("reject", "owner", "cli", "No")
    with pytest.raises(InputError, match="text"):
        operations.answer(context, AnswerInput(id=second.id, choice="edit"))
    assert operations.answer(context, AnswerInput(id=second.id, choice="edit", text="So")).text == "So"
    assert operations.cancel(context, CancelInput(id=third.id)).state == "cancelled"
    with pytest.raises(ConflictError):
        operations.answer(context, AnswerInput(id=third.id, choice="approve"))
    with pytest.raises(ConflictError):
        operations.cancel(context, CancelInput(id=first.id))
    with pytest.raises(NotFoundError):
        operations.answer(context, AnswerInput(id=new_id(NOW), choice="approve"))
    fourth = desk.ask()
    with pytest.raises(InputError):
        operations.answer(context, AnswerInput(id=fourth.id, choice="perhaps"))
    assert [one.choice for one in answers(desk)] == ["reject", "edit", "cancelled"]


def test_the_agent_is_told_once_where_it_asked(desk: Desk, chat: Scope) -> None:
    asked = desk.ask("Deploy 1.4?", scope=chat)
    assert desk.prompt() == []
    desk.press(asked.id, "reject")
    assert desk.prompt(chat="-100400") == []
    assert desk.prompt(agent="work") == []
    assert desk.prompt() == ["Deploy 1.4?: ❌ Rejected by Ann · 09:00"]
    assert desk.prompt() == []


def test_presses_made_while_the_server_was_away_count_once_if_they_were_in_time(
    desk: Desk, chat: Scope
) -> None:
    asked = desk.ask(scope=chat, expires_in=3_600)
    desk.work()
    desk.clock.advance(hours=3)
    desk.drained.append(lambda: desk.press(asked.id, minutes_ago=150))
    [edited] = desk.work()
    assert "Approved by Ann · 09:30" in edited.text
    assert "Decided already" in desk.press(asked.id, minutes_ago=150), "the same press comes again"
    assert [one.choice for one in answers(desk)] == ["approve"]
    assert answers(desk)[0].answered_at == NOW + timedelta(minutes=30)


def test_an_edit_pressed_while_the_server_was_away_does_not_swallow_a_message(
    desk: Desk, chat: Scope
) -> None:
    asked = desk.ask(scope=chat)
    desk.work()
    desk.press(asked.id, "edit", minutes_ago=30)
    [shown] = desk.work(seconds=5)
    assert shown.text.startswith("You answered this while clawcortex was away")
    assert desk.say("what is the weather?") is None
    desk.press(asked.id, "reject", minutes_ago=30)
    assert desk.say("and tomorrow?") is None
    assert len([one for one in desk.work(seconds=5) if one.edit]) == 2, "both messages show the end"


def test_what_the_agent_is_told_fits_and_the_rest_comes_next(desk: Desk, chat: Scope) -> None:
    for number in range(3):
        desk.clock.advance(seconds=1)
        asked = desk.ask(f"Letter {number}?", scope=chat)
        desk.press(asked.id, "edit")
        desk.say(f"text {number} " * 400)
    told = [desk.prompt() for _ in range(4)]
    assert [len(texts) for texts in told] == [1, 1, 1, 0]
    assert [texts[0].partition(":")[0] for texts in told[:3]] == ["Letter 0?", "Letter 1?", "Letter 2?"]
    assert "ask again with the same dedupe_key" in told[0][0]


def test_a_decision_that_the_budget_cut_comes_with_the_next_prompt(desk: Desk, chat: Scope) -> None:
    for number in range(3):
        desk.press(desk.ask(f"Letter {number}?", scope=chat).id, "approve")
    assert [len(desk.prompt(fits=fits)) for fits in (0, 1, 99, 99)] == [0, 1, 2, 0]


def test_a_person_is_called_as_the_memory_knows_them(desk: Desk, chat: Scope) -> None:
    desk.store.put_record("names", "telegram:111", {"name": "Ann *Weber*"})
    asked = desk.ask(scope=chat)
    assert desk.press(asked.id, senderName="ann77").startswith("✅ Approved by Ann ∗Weber∗ ·")


def test_in_a_group_nobody_is_asked_who_could_not_answer(desk_of: DeskOf) -> None:
    desk = desk_of(owners=())
    group = Scope("main", "telegram", "default", "-100400", "111")
    desk.store.put_record("chats", "telegram:default:-100400", {"type": "group"})
    with pytest.raises(InputError, match="nobody may answer"):
        desk.ask(scope=group)
    assert desk.ask(channel="telegram", target="-100400", allowed=["telegram:222"]).fresh


def test_nobody_takes_a_skills_key(desk: Desk, chat: Scope) -> None:
    for asked in (desk.ask(scope=chat, dedupe_key="lesson:1"), desk.ask(dedupe_key="lesson:1")):
        desk.press(asked.id)
    assert [one.key for one in answers(desk)] == ["agent:main:lesson:1", "owner:lesson:1"]
    with pytest.raises(ValueError, match="dedupe_key"):
        desk.ask(dedupe_key="a\x00b")
