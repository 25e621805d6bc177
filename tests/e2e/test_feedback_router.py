"""One tap on the real OpenClaw: asked by the model, tapped in Telegram, recorded once, shown, told to the agent."""

from __future__ import annotations

from typing import Any

import pytest

from .house import ANN, BOB, FAMILY, House
from .loopback import until
from .model import ToolCall
from .telegram import Chat, Person, Sent

TOOL = "feedback_router_ask"
CHATS = (ANN.chat(), BOB.chat(), FAMILY)


def ask(house: House, title: str, **given: Any) -> str:
    """Let the owner's script ask Ann, and return the question's id."""
    question = {"title": title, "channel": "telegram", "target": str(ANN.id), **given}
    return str(house.ask("/v1/feedback-router/ask", question)["id"])


def shown(house: House, text: str, since: int = 0, chat: Chat | None = None) -> Sent:
    """Wait for a message with buttons."""
    sent = house.telegram.reads(chat or ANN.chat(), text, since)
    assert sent.keys
    assert sent.number
    return sent


def tap(house: House, on: Sent, label: str, says: str, person: Person = ANN, data: str = "") -> Sent:
    """Let a person tap a button and wait for what they are told."""
    key = next(key for row in on.keys for key in row if key["text"] == label)
    before = house.telegram.press(person, on, data or key["callback_data"], on.number)
    return house.telegram.reads(next(chat for chat in CHATS if chat.id == on.chat), says, before)


def edited(house: House, on: Sent, text: str) -> Sent:
    """Wait until the message shows this, without its buttons."""

    def found() -> Sent | None:
        edits = (one for one in house.telegram.sent if one.method == "editMessageText")
        return next((one for one in edits if one.number == on.number and text in one.text), None)

    sent: Sent = house.telegram.wait(found, f"{text!r} in message {on.number}")
    assert sent.keys == []
    return sent


def decisions(house: House, ask_id: str) -> list[dict[str, Any]]:
    found = house.ask("/v1/feedback-router/report", {"agent": "main", "limit": 200})
    return [one for one in found["decisions"] if one["id"] == ask_id]


def remembered(house: House, ask_id: str) -> bool:
    waiting = house.ask("/v1/feedback-router/pending", {})["asks"]
    return any(one["id"] == ask_id and one["sent"] for one in waiting)


def test_the_model_asks_a_tap_decides_and_the_next_prompt_says_so(house: House) -> None:
    before = len(house.telegram.sent)
    title = "Send the *invoice* to <b>Weber</b>?"
    question = {
        "title": title,
        "description": "1,240.00 EUR\n[pay](https://evil.example)",
        "category": "mail",
    }
    house.model.plan(ToolCall(TOOL, question))
    asked = house.tell(ANN, "Please send the invoice once I agree")
    assert '"state":"open"' in "".join(asked.asked[-1].results)
    on = shown(house, "Send the ∗invoice∗ to ‹b›Weber‹/b›?", before)
    assert ">pay</a>" not in on.text, "a link is shown with its address"
    assert [key["text"] for row in on.keys for key in row] == ["Approve", "Reject", "Edit", "Skip"]
    tap(house, on, "Approve", "✅ Approved by")
    edited(house, on, "✅ Approved by")
    assert "Decided already" in tap(house, on, "Reject", "Nothing was changed").text
    reply = house.tell(ANN, "And now?")
    assert "Decided on your questions" in reply.block
    assert "✅ Approved by" in reply.block
    assert "Decided on your questions" not in house.tell(ANN, "And after that?").block


def test_edit_takes_the_next_message_and_a_rejection_its_reason(house: House) -> None:
    first = ask(house, "Answer with a yes?")
    on = shown(house, "Answer with a yes?")
    tap(house, on, "Edit", "Send me the new text")
    assert house.command(ANN, "Yes, but in May", "✏️ Edited by").asked == [], "the agent never sees it"
    edited(house, on, "Yes, but in May")
    second = ask(house, "Order 20 chairs?")
    on = shown(house, "Order 20 chairs?")
    tap(house, on, "Reject", "Why?")
    edited(house, on, "❌ Rejected by")
    assert house.command(ANN, "Only twelve people come", "Noted, thank you").asked == []
    edited(house, on, "Only twelve people come")
    assert "and this is yours" in house.tell(ANN, "and this is yours").received
    [edit], [rejection] = decisions(house, first), decisions(house, second)
    assert (edit["choice"], edit["text"]) == ("edit", "Yes, but in May")
    assert (rejection["choice"], rejection["reason"]) == ("reject", "Only twelve people come")


def test_forged_and_expired_and_strangers_taps_are_refused(house: House) -> None:
    asked = ask(house, "Sell the car?", expires_in=3_600)
    on = shown(house, "Sell the car?")
    assert on.keys[0][0]["callback_data"].endswith(f":clawcortex:{asked}:approve")
    tap(house, on, "Approve", "I do not know this question", data=f"clawcortex:{'0' * len(asked)}:approve")
    tap(house, on, "Approve", "does not offer that answer", data=f"clawcortex:{asked}:o9")
    elsewhere = Sent("sendMessage", {**on.parameters, "chat_id": BOB.id}, on.number)
    tap(house, elsewhere, "Approve", "not put to you", BOB)
    assert decisions(house, asked) == []
    short = ask(house, "Be quick?", expires_in=1)
    late = shown(house, "Be quick?")
    edited(house, late, "⌛ Expired")
    tap(house, late, "Approve", "Too late")
    assert [one["state"] for one in decisions(house, short)] == ["expired"]
    tap(house, on, "Skip", "⏭ Skipped by")


def test_in_a_group_only_those_named_may_answer(house: House) -> None:
    asked = ask(house, "Barbecue on Friday?", target=str(FAMILY.id), allowed=[f"telegram:{BOB.id}"])
    on = shown(house, "Barbecue on Friday?", chat=FAMILY)
    tap(house, on, "Approve", "not put to you", ANN)
    tap(house, on, "Approve", "✅ Approved by", BOB)
    edited(house, on, "✅ Approved by")
    assert [one["by"] for one in decisions(house, asked)] == [f"telegram:{BOB.id}"]
    changed = ask(house, "Bring salad?", target=str(FAMILY.id), allowed=[f"telegram:{BOB.id}"])
    on = shown(house, "Bring salad?", chat=FAMILY)
    tap(house, on, "Edit", "Send me the new text", BOB)
    assert house.tell(ANN, "Bob, what will you bring?", FAMILY).asked, "only his words are taken"
    assert house.command(BOB, "Bread", "✏️ Edited by", FAMILY).asked == []
    edited(house, on, "Bread")
    assert [one["text"] for one in decisions(house, changed)] == ["Bread"]


def test_a_tap_while_the_server_is_down_is_applied_once_it_is_back(house: House) -> None:
    asked = ask(house, "Water the plants?")
    on = shown(house, "Water the plants?")
    until(lambda: remembered(house, asked), "the server knows which message it sent")
    house.break_server()
    try:
        tap(house, on, "Approve", "I cannot apply it right now")
        tap(house, on, "Skip", "I cannot apply it right now")
    finally:
        house.repair()
    house.wait_for_server()
    edited(house, on, "✅ Approved by")
    until(lambda: not list(house.spool.glob("*.json")), "the spool is read")
    assert [one["choice"] for one in decisions(house, asked)] == ["approve"]
    tap(house, on, "Skip", "Decided already")


@pytest.mark.parametrize("text", ["x" * 10_000, "\u200b\u0000"])
def test_a_title_that_cannot_be_shown_is_refused_to_the_model(house: House, text: str) -> None:
    house.model.plan(ToolCall(TOOL, {"title": text}))
    reply = house.tell(ANN, "Ask me something")
    assert "title" in "".join(reply.asked[-1].results)
