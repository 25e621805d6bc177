"""Messages through the gateway: sent once, refused with a hint, and never a second time without need."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.gateway import GatewayHost
from clawcortex.openclaw.host import Button, Sent
from clawcortex.testing import FakeHost, Told

from .port import Exchange, Port

PLACE = {"agent": "work", "channel": "telegram", "target": "111", "account": "", "thread": ""}
SENT = Sent(**PLACE, message_id="1001")
YES, NO = Button("Yes", "clawcortex:42:yes", "success"), Button("No", "clawcortex:42:no")


@pytest.fixture(autouse=True)
def answer(port: Port) -> None:
    """Let the port answer as index.js does for a message."""
    port.body = json.dumps({"messageId": "1001"}).encode()


def send(host: GatewayHost | FakeHost, text: str = "Ship it?") -> Sent:
    return host.message(agent="work", channel="telegram", target="111", text=text, buttons=[[YES, NO]])


def refuse(port: Port, message: str, **more: Any) -> None:
    port.status, port.body = 502, json.dumps({"code": "failed", "message": message, **more}).encode()


def test_a_message_carries_its_rows_of_buttons(host: GatewayHost, port: Port) -> None:
    assert send(host) == SENT
    row = [
        {"label": "Yes", "value": "clawcortex:42:yes", "style": "success"},
        {"label": "No", "value": "clawcortex:42:no", "style": ""},
    ]
    said = {"action": "send", **PLACE, "text": "Ship it?", "buttons": [row], "timeoutMs": 60_000}
    assert port.posted == [said]


def test_an_edit_names_the_message(host: GatewayHost, port: Port) -> None:
    host.edit_message(SENT, text="Shipped.")
    [said] = port.posted
    assert (said["action"], said["messageId"], said["buttons"]) == ("edit", "1001", [])


def test_a_message_that_may_be_on_its_way_is_never_sent_again(host: GatewayHost, port: Port) -> None:
    port.acts = [Exchange.hang_up]
    with pytest.raises(HostError, match="broke off") as raised:
        send(host)
    assert raised.value.uncertain
    assert len(port.posted) == 1
    port.acts = [Exchange.hang_up]
    host.edit_message(SENT, text="An edit shows the same, however often it is made.")
    assert len(port.posted) == 3


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"{}", b'{"messageId": ""}'])
def test_an_answer_that_says_nothing_leaves_it_open(host: GatewayHost, port: Port, body: bytes) -> None:
    port.body = body
    with pytest.raises(HostError) as raised:
        send(host)
    assert raised.value.uncertain


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("(403: Forbidden: bot was blocked by the user)", "unblock"),
        ("Telegram send failed: chat not found (chat_id=7)", "write to the bot first"),
        ("Outbound not configured for channel: fax", "channels add"),
        ("Telegram inline buttons are disabled.", "inlineButtons"),
        ("(400: Bad Request: message to edit not found)", "send a new one"),
        ("(400: Bad Request: can't parse entities)", "channels status"),
    ],
)
def test_what_a_channel_refuses_was_not_sent(host: GatewayHost, port: Port, said: str, hint: str) -> None:
    refuse(port, said)
    with pytest.raises(HostError) as raised:
        send(host)
    assert said in raised.value.message
    assert hint in raised.value.hint
    assert not raised.value.uncertain
    assert raised.value.retry_after_s is None


def test_a_429_says_when_to_try_again(host: GatewayHost, port: Port) -> None:
    refuse(port, "Call to 'sendMessage' failed! (429: Too Many Requests: retry after 17)")
    with pytest.raises(HostError) as raised:
        send(host)
    assert (raised.value.retry_after_s, raised.value.uncertain) == (17.0, False)


def test_a_fault_of_the_channel_leaves_it_open_unless_index_js_knows_better(
    host: GatewayHost, port: Port
) -> None:
    for undone in (False, True):
        refuse(port, "Call to 'sendMessage' failed! (500: Internal Server Error)", undone=undone)
        with pytest.raises(HostError) as raised:
            send(host)
        assert raised.value.uncertain is not undone


@pytest.mark.parametrize(
    "make",
    [
        lambda: Button("Yes", "other:42"),
        lambda: Button("Yes", "clawcortex:" + "x" * 42),
        lambda: Button("Yes", "clawcortex:" + "é" * 21),
        lambda: Button(" ", "clawcortex:1"),
        lambda: Button("Yes", "clawcortex:1", "green"),  # type: ignore[arg-type]
    ],
)
def test_a_button_that_openclaw_would_drop_is_refused(make: Any) -> None:
    with pytest.raises(InputError):
        make()
    assert Button("Yes", "clawcortex:" + "x" * 41).value


@pytest.mark.parametrize("text", ["", " \n", "half a \ud800"])
def test_a_message_that_no_channel_takes_is_refused(host: GatewayHost, port: Port, text: str) -> None:
    for one in (host, FakeHost()):
        with pytest.raises(InputError):
            one.message(agent="main", channel="telegram", target="111", text=text)
        with pytest.raises(InputError):
            one.edit_message(SENT, text=text)
    assert port.posted == []


def test_the_fake_keeps_and_refuses_as_it_is_told() -> None:
    host = FakeHost()

    def say(text: str, agent: str = "main") -> Sent:
        return host.message(agent=agent, channel="telegram", target="111", text=text, buttons=[[YES]])

    host.refusals.extend([HostError("429", retry_after_s=3.0), None, HostError("lost", uncertain=True)])
    with pytest.raises(HostError, match="429"):
        say("one")
    sent = say("two")
    with pytest.raises(HostError, match="lost"):
        say("three")
    host.edit_message(sent, text="four")
    assert sent.message_id == "1001"
    assert [(one.text, one.edit) for one in host.told] == [("two", False), ("three", False), ("four", True)]
    assert host.told[0] == Told(sent, "two", ((YES,),))
    with pytest.raises(HostError, match="nobody"):
        say("five", "nobody")
