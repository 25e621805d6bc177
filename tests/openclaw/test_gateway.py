"""GatewayHost against a port of ours that speaks the route's protocol, well and badly."""

from __future__ import annotations

import contextlib
import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.breaker import FAILURES
from clawcortex.openclaw.gateway import GatewayHost
from clawcortex.openclaw.host import Completion, Node, Session
from clawcortex.openclaw.payloads import parse
from clawcortex.openclaw.signed import (
    MOST_READ,
    MOST_SENT,
    key_path,
    seen_path,
)

from .port import Exchange, Port, tell


def ask(host: GatewayHost, *, prompt: str = "Tea or coffee?", timeout_s: float = 30.0) -> Completion:
    return host.complete(
        "Be short.", prompt, agent="work", max_tokens=9, purpose="summary", timeout_s=timeout_s
    )


def test_a_completion_comes_with_its_model_and_tokens(host: GatewayHost, port: Port) -> None:
    assert ask(host) == Completion("Tea.", "m-1", "p", 7, 2, 0.1)
    assert port.posted == [
        {
            "system": "Be short.",
            "prompt": "Tea or coffee?",
            "agent": "work",
            "maxTokens": 9,
            "purpose": "summary",
            "timeoutMs": 30_000,
        }
    ]


def test_a_model_that_fails_in_a_row_is_left_alone(host: GatewayHost, port: Port) -> None:
    port.status, port.body = 502, json.dumps({"code": "failed", "message": "the provider is down"}).encode()
    for _ in range(FAILURES):
        with pytest.raises(HostError, match="the provider is down"):
            ask(host)
    asked = len(port.posted)
    with pytest.raises(HostError, match="left alone") as raised:
        ask(host)
    assert raised.value.retry_after_s
    assert len(port.posted) == asked


def test_the_key_is_private_kept_and_replaced_when_others_could_read_it(host: GatewayHost) -> None:
    ask(host)
    first = key_path().read_bytes()
    assert stat.S_IMODE(key_path().stat().st_mode) == 0o600
    assert len(first) == 64
    ask(host)
    assert key_path().read_bytes() == first
    key_path().chmod(0o644)
    ask(host)
    assert key_path().read_bytes() != first
    assert stat.S_IMODE(key_path().stat().st_mode) == 0o600


def test_a_stranger_on_the_port_gets_no_prompt(host: GatewayHost, port: Port) -> None:
    port.key = b"another"
    with pytest.raises(HostError, match="is not our gateway"):
        ask(host)
    assert port.posted == []


def test_a_proof_that_the_gateway_gave_on_its_new_port_does_not_count_on_the_old(
    host: GatewayHost, port: Port
) -> None:
    port.listens = port.number + 1
    with pytest.raises(HostError, match="is not our gateway"):
        ask(host)
    assert port.posted == []


def test_a_connection_that_is_reset_is_made_once_more(host: GatewayHost, port: Port) -> None:
    port.acts = [Exchange.hang_up]
    assert ask(host).text == "Tea."
    port.acts = [Exchange.hang_up, Exchange.hang_up]
    with pytest.raises(HostError, match="broke off"):
        ask(host)
    assert len(port.posted) == 4


def test_a_silent_and_a_dripping_gateway_end_with_the_time(host: GatewayHost, port: Port) -> None:
    done = threading.Event()

    def say_nothing(_: Exchange) -> None:
        done.wait(30)

    def drip(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.end_headers()
        with contextlib.suppress(OSError):
            while not done.wait(0.01):
                exchange.wfile.write(b" ")

    port.acts = [say_nothing, drip]
    for _ in range(2):
        with pytest.raises(HostError, match=r"within 0\.3 s") as late:
            ask(host, timeout_s=0.3)
        assert "more time" in late.value.hint
    done.set()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[1]",
        b"{}",
        b'{"text": []}',
        b'{"text": "x", "usage": {"inputTokens": "many"}}',
        b"[" * 9_999,
    ],
)
def test_nonsense_is_a_typed_error(host: GatewayHost, port: Port, body: bytes) -> None:
    port.body = body
    with pytest.raises(HostError, match="cannot be read"):
        ask(host)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"text": " "}, "no words"),
        ({"text": "", "stopReason": "error"}, "(error)"),
        ({"text": "half", "stopReason": "aborted"}, "(aborted)"),
    ],
)
def test_an_answer_without_words_is_none(
    host: GatewayHost, port: Port, answer: dict[str, str], said: str
) -> None:
    port.body = json.dumps(answer).encode()
    with pytest.raises(HostError) as raised:
        ask(host)
    assert said in raised.value.message


def test_too_much_is_neither_sent_nor_read(host: GatewayHost, port: Port) -> None:
    with pytest.raises(InputError, match="more than the"):
        ask(host, prompt="x" * MOST_SENT)
    assert port.posted == []
    port.body = b" " * (MOST_READ + 1)
    with pytest.raises(HostError, match="over 2,000,000 bytes"):
        ask(host)


@pytest.mark.parametrize(
    ("status", "body", "said", "hint"),
    [
        (
            502,
            {"code": "LLM_COMPLETION_NOT_AUTHORIZED", "message": "cannot override"},
            "override",
            "the grant",
        ),
        (
            502,
            {"code": "LLM_COMPLETION_FAILED", "message": "No model configured for agent x."},
            "No model",
            "models set",
        ),
        (502, {"code": "failed", "message": "Plugin LLM completion failed: no key"}, "no key", "models auth"),
        (502, {"code": "AGENT_SELECTION_REQUIRED", "message": "who?"}, "who?", "agents list"),
        (504, {"code": "timeout", "message": "no answer in 5 ms"}, "no answer", "more time"),
        (403, {"code": "denied", "message": "signed with another key"}, "another key", "gateway.key"),
        (503, "starting", "is starting", "Try again"),
        (404, "Not Found", "without the plugin", "reload"),
    ],
)
def test_each_refusal_says_what_mends_it(
    host: GatewayHost, port: Port, status: int, body: Any, said: str, hint: str
) -> None:
    port.status = status
    port.body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with pytest.raises(HostError) as raised:
        ask(host)
    assert said in raised.value.message
    assert hint in raised.value.hint
    assert raised.value.lasting == (said in ("override", "No model", "who?"))


def test_without_a_gateway_the_hint_starts_one(port: Port) -> None:
    host = GatewayHost()
    with pytest.raises(HostError, match="has been seen") as raised:
        ask(host)
    assert "openclaw gateway start" in raised.value.hint
    with Port() as gone:
        number = gone.number
    tell(number)
    with pytest.raises(HostError, match=f"no gateway listens on port {number}"):
        ask(host)
    tell(port.number)
    assert ask(host).text == "Tea.", "a gateway that moved to another port is found there"


def test_the_agents_are_those_of_the_gateway_then_those_of_the_configuration() -> None:
    host = GatewayHost()
    assert [one.id for one in host.agents()] == ["main"]
    tell(1, (("work", "/w/work"), ("home", "/w/home")))
    assert [(one.id, one.workspace) for one in host.agents()] == [
        ("work", Path("/w/work")),
        ("home", Path("/w/home")),
    ]


def test_a_file_of_another_version_is_no_gateway() -> None:
    tell(1)
    assert stat.S_IMODE(seen_path().stat().st_mode) == 0o600
    seen_path().write_text('{"port": "high"}')
    host = GatewayHost()
    assert [one.id for one in host.agents()] == ["main"]
    with pytest.raises(HostError, match="has been seen"):
        ask(host)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"port": 0},
        {"port": 1, "agents": [{"id": "", "workspace": "/w"}]},
        {"port": 1, "agents": [{"id": "a", "workspace": "w"}]},
    ],
)
def test_a_start_that_cannot_be_true_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="gateway_start"):
        parse("gateway_start", {"event": event})


def test_nodes_and_sessions_come_as_the_gateway_has_them(host: GatewayHost, port: Port) -> None:
    nodes = [
        {"nodeId": "n1", "displayName": "Laptop", "platform": "macos", "connected": True},
        {"nodeId": "n2"},
    ]
    port.body = json.dumps({"nodes": nodes}).encode()
    assert host.nodes() == (Node("n1", "Laptop", "macos", connected=True), Node("n2"))
    keys = ["agent:work:main", "agent:main:telegram:group:-100", "global", "agent::x"]
    port.body = json.dumps({"sessions": [{"key": key, "updatedAt": 1} for key in keys]}).encode()
    assert host.sessions() == (
        Session("agent:work:main", "work"),
        Session("agent:main:telegram:group:-100", "main"),
    )
    assert port.posted[-1]["limit"] == 500


@pytest.mark.parametrize("what", ["nodes", "sessions"])
def test_a_gateway_that_does_not_say_is_an_error_with_a_hint(
    host: GatewayHost, port: Port, what: str
) -> None:
    for status, body in ((200, b'{"else": 1}'), (502, b'{"code": "failed", "message": "no"}'), (200, b"[")):
        port.status, port.body = status, body
        with pytest.raises(HostError) as raised:
            getattr(host, what)()
        assert raised.value.hint
