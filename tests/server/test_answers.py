"""Operations, tools and errors over a real socket."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client, paths
from clawcortex.errors import (
    ClawcortexError,
    ConflictError,
    DeniedError,
    InputError,
    NotFoundError,
    ServerDownError,
)

pytestmark = pytest.mark.usefixtures("shared")


def raw(path: str, body: bytes, method: str = "POST") -> tuple[int, dict[str, Any]]:
    """Send bytes as they are."""
    with client.Connection() as connection:
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        connection._socket.sendall(head.encode() + body)
        status, parts = connection._answer()
        return status, json.loads(b"".join(parts))


def test_an_operation_answers_and_says_who_called() -> None:
    answer = client.call("/v1/probe/echo", {"text": "hello", "times": 2, "tags": ["a"]})
    assert answer == {
        "text": "hello hello",
        "origin": "cli",
        "trusted": True,
        "scope": "main/local:local/owner",
        "tags": ["a"],
    }


def test_a_kept_connection_serves_many_calls() -> None:
    with client.Connection() as connection:
        for number in range(20):
            status, body = connection.request("/v1/probe/echo", {"text": f"n{number}"})
            assert (status, json.loads(body)["text"]) == (200, f"n{number}")


def test_a_tool_is_scoped_by_its_context_and_never_trusted() -> None:
    context = {
        "agentId": "work",
        "messageChannel": "telegram",
        "nativeChannelId": "111",
        "requesterSenderId": "111",
    }
    answer = client.call("/v1/tools/probe_echo", {"params": {"text": "hi"}, "context": context})
    assert (answer["origin"], answer["trusted"], answer["scope"]) == ("tool", False, "work/telegram:111/111")


def test_a_tool_that_is_not_exposed_is_not_there() -> None:
    for name in ("probe_wipe", "probe_nothing"):
        with pytest.raises(NotFoundError, match="no tool"):
            client.call(f"/v1/tools/{name}", {"params": {}})


def test_mcp_may_call_only_what_agents_may() -> None:
    assert client.call("/v1/probe/echo", {"text": "hi"}, caller="mcp")["trusted"] is False
    assert client.call("/v1/probe/echo", {"text": "hi"}, caller="mcp-owner")["trusted"] is True
    with pytest.raises(DeniedError):
        client.call("/v1/probe/wipe", {}, caller="mcp")
    with pytest.raises(InputError, match="unknown caller"):
        client.call("/v1/probe/echo", {"text": "hi"}, caller="root")


def test_errors_arrive_as_the_types_they_left_as() -> None:
    with pytest.raises(ConflictError, match="so and not so") as refused:
        client.call("/v1/probe/refuse", {})
    assert refused.value.hint == "Decide."
    with pytest.raises(NotFoundError, match="no operation"):
        client.call("/v1/probe/nothing", {})
    with pytest.raises(NotFoundError, match="no skill"):
        client.call("/v1/nobody/echo", {})
    with pytest.raises(NotFoundError, match="no route"):
        client.call("/v2/elsewhere", {})


def test_a_bug_is_told_with_its_request_and_logged_with_its_traceback() -> None:
    with pytest.raises(ClawcortexError, match=r"ZeroDivisionError \(request [0-9a-f]{16}\)") as failed:
        client.call("/v1/probe/fail", {})
    assert failed.value.code == "internal"
    lines = [json.loads(line) for line in paths.log_path().read_text().splitlines()]
    [line] = [line for line in lines if "ZeroDivisionError: a bug" in line.get("exc_info", "")]
    assert line["request_id"] in failed.value.message


def test_an_answer_that_breaks_its_own_model_is_an_error() -> None:
    with pytest.raises(ClawcortexError, match="bad count") as lied:
        client.call("/v1/probe/lie", {})
    assert lied.value.message.startswith("lie answered")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xfe{}", "not UTF-8"),
        (b"{", "not JSON"),
        (b"[1]", "is a list"),
        (b'{"text": NaN}', "NaN"),
        (b'{"text": "x", "times": Infinity}', "Infinity"),
        (b"[" * 100_000, "not JSON"),
        (b'{"times": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b"{}", "text: Field required"),
        (b'{"text": ""}', "at least 1 character"),
        (b'{"text": "x", "times": 0}', "times: "),
        (b'{"text": "x", "times": 10000000000000000000}', "times: "),
        (b'{"text": 7}', "text: "),
    ],
)
def test_a_bad_body_is_refused_with_a_reason_and_a_next_step(body: bytes, reason: str) -> None:
    status, answer = raw("/v1/probe/echo", body)
    assert status == 400
    assert answer["code"] == "invalid_input"
    assert reason in answer["message"]
    assert answer["hint"]


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(ClawcortexError, match="bytes") as refused:
        client.call("/v1/probe/echo", {"text": "x" * 12_100_000})
    assert "12 MB" in refused.value.hint


def test_ten_megabytes_go_through() -> None:
    assert len(client.call("/v1/probe/echo", {"text": "x" * 10_000_000})["text"]) == 10_000_000


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    status, answer = raw("/v1/probe/echo", b'{"text": "a\\ud83d b \\ud83d\\ude00"}')
    assert (status, answer["text"]) == (200, "a\ufffd b 😀")


def test_a_method_that_a_route_does_not_have_is_typed() -> None:
    status, answer = raw("/v1/probe/echo", b"", "PUT")
    assert (status, answer["code"]) == (405, "bad_method")


def test_health_readiness_and_metrics() -> None:
    health = client.call("/healthz")
    assert health["alive"] is True
    assert Path(health["root"]).samefile(paths.repo_root())
    assert client.call("/readyz?wait=60")["parts"] == dict.fromkeys(
        ("store", "index", "skills", "model"), "ready"
    )
    client.call("/v1/probe/echo", {"text": "count me"})
    with client.Connection() as connection:
        status, body = connection.request("/metrics")
    text = body.decode()
    assert status == 200
    assert 'clawcortex_requests_total{operation="probe.echo",outcome="ok"} ' in text
    for name in (
        "memories",
        "embedded",
        "index_generation",
        "resident_bytes",
        "spool_files",
        "queue_prompts",
    ):
        assert f"\nclawcortex_{name} " in text


def test_the_socket_and_everything_beside_it_is_private() -> None:
    for path in [paths.state_dir(), *paths.state_dir().rglob("*")]:
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(paths.socket_path().stat().st_mode) == 0o600


def test_nobody_answering_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(ServerDownError, match="nobody answers"):
        client.Connection(tmp_path / "no.sock")
