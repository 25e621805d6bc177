"""Every operation of every skill, given what its schema allows and what it does not: a typed answer each time.

Schemathesis makes the requests from the server's own OpenAPI document; they go through the real socket.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from clawcortex import client, paths
from clawcortex.skills.openapi import document
from clawcortex.skills.registry import load

from .conftest import running

SCHEMA = schemathesis.openapi.from_dict(document(load()))
OPERATIONS = {one.ok().path: one.ok() for one in SCHEMA.get_all_operations() if isinstance(one, Ok)}
EACH = 12
ODD = [
    "",
    "\0",
    "\ud800",
    "../../etc/passwd",
    "'; DROP TABLE memories; --",
    "𝕏" * 300,
    "{{7*7}}",
    "1" * 5_000,
]


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One server with the real skills, without a model and without OpenClaw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENCLAW_STATE_DIR", str(tmp_path_factory.mktemp("fuzzed")))
        patch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
        patch.setenv("CLAWCORTEX_PYTHON", sys.executable)
        with running():
            yield


class Unix(http.client.HTTPConnection):
    """HTTP on the server's socket, with whatever bytes."""

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(paths.socket_path()))


def sent(route: str, body: bytes) -> tuple[int, dict[str, Any]]:
    connection = Unix("localhost")
    connection.request("POST", route, body)
    answer = connection.getresponse()
    found: dict[str, Any] = json.loads(answer.read())
    connection.close()
    return answer.status, found


def judge(route: str, body: bytes) -> None:
    status, found = sent(route, body)
    if status == 200:
        return
    assert status != 500, (body[:300], found)
    assert found["code"]
    assert found["message"]
    assert found["hint"]


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_whatever_is_sent_is_answered_well(route: str) -> None:
    kinds = st.one_of(*(OPERATIONS[route].as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=EACH,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(kinds)
    def send(case: Any) -> None:
        judge(route, json.dumps(case.body, default=str).encode("utf-8", "surrogatepass"))

    send()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"a":' * 5_000, b"\xff", b"null", b"NaN", b'{"text": "\\ud800"}']
)
def test_what_is_no_request_is_refused_everywhere(body: bytes) -> None:
    for route in OPERATIONS:
        judge(route, body)


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_odd_strings_in_every_field(route: str) -> None:
    body = OPERATIONS[route].body
    fields = body[0].definition["schema"].get("properties", {}) if body else {}
    for odd in ODD:
        filled = {name: [odd] if field.get("type") == "array" else odd for name, field in fields.items()}
        judge(route, json.dumps(filled).encode())
    for name in fields:  # one at a time: with all of them, the first that is refused hides the others
        for odd in ODD:
            judge(route, json.dumps({name: odd}).encode())


def test_the_server_describes_itself_as_the_code_does() -> None:
    with client.Connection() as connection:
        status, body = connection.request("/openapi.json", None)
    assert status == 200
    assert json.loads(body) == document(load())


def test_the_socket_is_still_there() -> None:
    assert client.call("/healthz")["alive"]
    assert Path(client.call("/healthz")["root"]).is_dir()
