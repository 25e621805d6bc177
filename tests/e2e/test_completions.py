"""The signed routes of index.js on Node alone, asked by the real client and by others."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from clawcortex.errors import HostError
from clawcortex.openclaw.gateway import GatewayHost
from clawcortex.openclaw.payloads import GatewayStart, StartedGateway
from clawcortex.openclaw.signed import key_path, remember, seen_path, sign

from .bridging import Bridge


@pytest.fixture
def host(bridge: Bridge) -> GatewayHost:
    """Return the real client of the route, which Node serves on loopback."""
    event = {"port": bridge(serve=True)["answer"], "agents": []}
    remember(GatewayStart.model_validate({"event": event}))
    return GatewayHost()


def port_of() -> int:
    """Return the port that Node told."""
    return StartedGateway.model_validate_json(seen_path().read_bytes()).port


def ask(host: GatewayHost, timeout_s: float = 30.0) -> str:
    return host.complete(
        "Be short.", "Té? 😀", agent="work", max_tokens=9, purpose="summary", timeout_s=timeout_s
    ).text


def test_a_completion_goes_to_the_agents_model(host: GatewayHost, bridge: Bridge) -> None:
    assert ask(host) == "Well."
    assert bridge()["answer"] == [
        {
            "agentId": "work",
            "systemPrompt": "Be short.",
            "messages": [{"role": "user", "content": "Té? 😀"}],
            "maxTokens": 9,
            "purpose": "clawcortex.summary",
        }
    ]


def test_what_the_model_refuses_is_told(host: GatewayHost, bridge: Bridge) -> None:
    bridge(answers={"error": "cannot override the target agent", "code": "LLM_COMPLETION_NOT_AUTHORIZED"})
    with pytest.raises(HostError, match="cannot override") as raised:
        ask(host)
    assert "allowAgentIdOverride" in raised.value.hint


def test_a_model_that_never_answers_ends_with_the_time(host: GatewayHost, bridge: Bridge) -> None:
    bridge(answers={"silent": True})
    with pytest.raises(HostError) as raised:
        ask(host, timeout_s=0.5)
    assert "more time" in raised.value.hint


def post(host: GatewayHost, bridge: Bridge, body: bytes, **headers: str) -> tuple[int, Any]:
    """Send what the client never would."""
    ask(host)  # makes the key
    assert bridge()["answer"], "it was asked once"
    connection = http.client.HTTPConnection("127.0.0.1", port_of(), timeout=30)
    connection.request(headers.pop("method", "POST"), "/clawcortex/complete", body, headers)
    response = connection.getresponse()
    found = json.loads(response.read())
    connection.close()
    return response.status, found


@pytest.mark.parametrize("signature", ["", "0" * 64, "é" * 32])
def test_who_has_not_the_key_gets_nothing(host: GatewayHost, bridge: Bridge, signature: str) -> None:
    headers = {"x-clawcortex-signature": signature.encode().decode("latin-1")}
    status, found = post(host, bridge, b'{"agent": "main", "prompt": "x", "timeoutMs": 9}', **headers)
    assert (status, found["code"]) == (403, "denied")
    assert bridge()["answer"] is None or bridge()["answer"] == []


def test_a_proof_is_no_signature(host: GatewayHost, bridge: Bridge) -> None:
    body = b"{}"
    _, found = post(host, bridge, b"", method="GET", **{"x-clawcortex-nonce": body.decode()})
    assert post(host, bridge, body, **{"x-clawcortex-signature": found["proof"]})[0] == 403


def test_what_is_signed_for_one_route_is_refused_by_another(host: GatewayHost, bridge: Bridge) -> None:
    body = b'{"agent": "main", "prompt": "x", "timeoutMs": 9}'
    ask(host)  # makes the key
    signature = sign(key_path().read_bytes(), "server message", body)
    assert post(host, bridge, body, **{"x-clawcortex-signature": signature})[0] == 403


def test_a_message_of_an_unknown_agent_is_not_sent(host: GatewayHost) -> None:
    with pytest.raises(HostError, match="no agent nobody") as raised:
        host.message(agent="nobody", channel="telegram", target="111", text="hi")
    assert "agents list" in raised.value.hint
    assert not raised.value.uncertain


def test_only_posts_of_a_bounded_size_are_read(host: GatewayHost, bridge: Bridge) -> None:
    assert post(host, bridge, b"", method="DELETE")[0] == 405
    assert post(host, bridge, b"", **{"content-length": "2000001"})[0] == 413


def test_without_a_key_nothing_is_answered(host: GatewayHost, bridge: Bridge) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(), timeout=30)
    connection.request("GET", "/clawcortex/complete")
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["code"]) == (503, "unavailable")
    connection.close()
