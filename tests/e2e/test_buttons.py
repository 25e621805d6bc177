"""Messages with buttons through the real gateway, and what presses on them and replies to them bring."""

from __future__ import annotations

from typing import Any

import pytest

from .house import ANN, FAMILY, House
from .loopback import until
from .telegram import Person, Refusal, Sent

EVE = Person(666, "Eve")
"""Somebody whom no allow-list names."""


def tell(house: House, text: str, **more: Any) -> dict[str, Any]:
    """Let the server write to Ann's chat, unless told otherwise."""
    return house.ask("/v1/tap/tell", {"text": text, **more})


def shown(house: House, text: str) -> Sent:
    """Return the newest message or edit with this text, as Telegram got it."""
    return next(one for one in reversed(house.telegram.sent) if text in one.text)


def offer(house: House, text: str, value: str, target: int = ANN.id) -> Sent:
    """Let the server write a message with one button and return it."""
    assert tell(house, text, buttons=[[value]], target=str(target))["refused"] == ""
    return shown(house, text)


def press(house: House, person: Person, on: Sent, says: str, data: str = "", press: str = "") -> None:
    """Let a person press the button of a message, and wait for the bot's words in that chat."""
    before = house.telegram.press(person, on, data or on.keys[0][0]["callback_data"], 1001, press)
    house.telegram.wait(
        lambda: [one for one in house.telegram.sent[before:] if one.chat == on.chat and says in one.text],
        f"{says!r} in chat {on.chat}",
    )


def presses(house: House, mark: str) -> list[str]:
    """Return the presses with this mark that the skill kept, in the order they came."""
    found = sorted(house.ask("/v1/tap/presses", {})["texts"], key=lambda line: int(line.partition(":")[0]))
    return [line.partition(": ")[2] for line in found if mark in line]


def test_a_message_appears_with_its_buttons_and_is_edited(house: House) -> None:
    sent = tell(house, "Ship *it*?", buttons=[["a:yes", "a:no"], ["a:later"]])
    assert sent["refused"] == ""
    first = shown(house, "Ship")
    assert (first.method, first.chat, first.text) == ("sendMessage", ANN.id, "Ship <i>it</i>?")
    assert [[key["text"] for key in row] for row in first.keys] == [["A:Yes", "A:No"], ["A:Later"]]
    assert first.keys[0][0]["callback_data"].endswith(":clawcortex:a:yes")
    assert tell(house, "Shipped.", message_id=sent["message_id"])["refused"] == ""
    last = shown(house, "Shipped.")
    assert (last.method, str(last.parameters["message_id"])) == ("editMessageText", sent["message_id"])
    assert last.keys == []


@pytest.mark.parametrize(
    ("refusal", "more", "hint", "uncertain"),
    [
        (Refusal("To nobody.", 403, "Forbidden: bot was blocked by the user"), {}, "unblock", False),
        (Refusal("To nobody.", 400, "Bad Request: chat not found"), {}, "write to the bot first", False),
        (
            Refusal("To nobody.", 400, "Bad Request: message to edit not found"),
            {"message_id": "7"},
            "a new one",
            False,
        ),
        (Refusal("To nobody.", 500, "Internal Server Error"), {}, "Try again", True),
        (None, {"channel": "fax"}, "channels add", False),
        (None, {"agent": "nobody"}, "agents list", False),
        (None, {"target": "Ann Smith"}, "the chat's number", False),
    ],
)
def test_each_refusal_says_what_mends_it_and_openclaw_does_not_try_again(
    house: House, refusal: Refusal | None, more: dict[str, str], hint: str, uncertain: bool
) -> None:
    if refusal:
        house.telegram.refusals.append(refusal)
    refused = len(house.telegram.refused)
    found = tell(house, "To nobody.", **more)
    assert found["refused"]
    assert hint in found["hint"]
    assert (found["uncertain"], found["retry_after_s"]) == (uncertain, None)
    assert not house.telegram.refusals
    assert len(house.telegram.refused) == refused + bool(refusal)


def test_a_429_is_waited_for_by_openclaw_and_told_when_it_stays(house: House) -> None:
    def slow(text: str) -> Refusal:
        return Refusal(text, 429, "Too Many Requests: retry after 1", 1)

    house.telegram.refusals.append(slow("Once it is free."))
    assert tell(house, "Once it is free.")["refused"] == ""
    house.telegram.refusals.extend([slow("Never free.")] * 3)
    found = tell(house, "Never free.")
    assert (found["retry_after_s"], found["uncertain"]) == (1.0, False)
    assert not house.telegram.refusals, "OpenClaw tried three times"
    assert not any("Never free." in one.text for one in house.telegram.sent)


def test_a_press_reaches_the_skill_once_and_its_reply_the_chat(house: House) -> None:
    on = offer(house, "Press me.", "b:yes")
    for _ in range(2):  # Telegram tells it again when it was not heard
        house.telegram.press(ANN, on, on.keys[0][0]["callback_data"], 1001, "4711")
    press(house, ANN, on, "Pressed clawcortex:b:forged.", data="clawcortex:b:forged")
    assert sorted(presses(house, ":b:")) == [
        "clawcortex:b:forged by telegram:111 in 111 (private, allowed)",
        "clawcortex:b:yes by telegram:111 in 111 (private, allowed)",
    ]
    assert len([one for one in house.telegram.sent if one.text == "Pressed clawcortex:b:yes."]) == 1


def test_what_no_button_of_ours_carries_is_refused_politely(house: House) -> None:
    on = offer(house, "Forge me.", "c:yes")
    press(house, ANN, on, "not one of mine", data="clawcortex:" + "c" * 53)
    press(house, ANN, on, "Pressed clawcortex:c", data="clawcortex:c\ud800")
    assert len(presses(house, ":c")) == 1


def test_a_stranger_in_a_group_is_told_apart_and_one_in_private_is_not_heard(house: House) -> None:
    on = offer(house, "All of you.", "d:yes", FAMILY.id)
    for person in (EVE, ANN):
        press(house, person, on, "Pressed clawcortex:d:yes.")
    private = offer(house, "Only Ann.", "e:yes")
    house.telegram.press(EVE, private, private.keys[0][0]["callback_data"], 1001)
    press(house, ANN, private, "Pressed clawcortex:e:yes.")
    assert presses(house, ":d:") == [
        "clawcortex:d:yes by telegram:666 in -100400 (group, stranger)",
        "clawcortex:d:yes by telegram:111 in -100400 (group, allowed)",
    ]
    assert presses(house, ":e:") == ["clawcortex:e:yes by telegram:111 in 111 (private, allowed)"]


def test_a_claimed_message_never_reaches_the_agent(house: House) -> None:
    reply = house.command(ANN, "Mine: é 😀", "Taken: Mine: é 😀")
    assert reply.asked == []
    assert "Mine:" not in house.tell(ANN, "And this one is yours.").received


def test_a_press_while_the_server_is_down_is_kept_said_so_and_applied_once(house: House) -> None:
    on = offer(house, "Press me later.", "f:yes")
    house.break_server()
    try:
        press(house, ANN, on, "I cannot apply it right now")
        assert "is yours" in house.tell(ANN, "Mine: the answer is yours.").received
    finally:
        house.repair()
    house.wait_for_server()
    press(house, ANN, on, "Pressed clawcortex:f:now.", data="clawcortex:f:now")
    until(lambda: not list(house.spool.glob("*.json")), "the spool is read")
    assert presses(house, ":f:") == [
        "clawcortex:f:yes by telegram:111 in 111 (private, allowed)",
        "clawcortex:f:now by telegram:111 in 111 (private, allowed)",
    ]
    assert not any(one.text == "Pressed clawcortex:f:yes." for one in house.telegram.sent)
