"""Who may speak with the server: this user, over TLS the holder of the token, agents as far as the rules say."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client, paths
from clawcortex.errors import BusyError, DeniedError, SettingsError
from clawcortex.rights import parse_rules, right
from clawcortex.server import network
from clawcortex.server.rights import Rights
from clawcortex.settings import Settings, load_settings
from clawcortex.skills.context import Caller
from clawcortex.skills.operation import Operation
from clawcortex.skills.registry import load
from clawcortex.store.records import LOCAL, Scope

from .conftest import Spawn, running

RULES = parse_rules(["*=read", "work=write", "*:probe_echo=none", "work:probe_echo=read"])


@pytest.mark.parametrize(
    ("agent", "tool", "may"),
    [
        ("home", "probe_wait", "read"),
        ("home", "probe_echo", "none"),
        ("work", "probe_wait", "write"),
        ("work", "probe_echo", "read"),
    ],
)
def test_the_most_particular_rule_holds(agent: str, tool: str, may: str) -> None:
    assert right(RULES, agent, tool) == may
    assert right((), agent, tool) == "write"


@pytest.mark.parametrize(
    "line", ["work", "work=all", "w k=read", "=read", "work=read,work=none", "a:b-c=none"]
)
def test_a_rule_that_cannot_be_is_refused(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_AGENT_RIGHTS", line)
    with pytest.raises(SettingsError, match="agent_rights"):
        load_settings()


@pytest.fixture
def echo(skills: Path) -> Operation[Any, Any]:
    return load(skills).operation("probe", "echo")


def agent(name: str) -> Caller:
    return Caller("tool", Scope(name, "telegram", "default", "111", "111"), actor=f"agent:{name}")


def test_too_many_calls_are_refused_for_that_caller_until_time_went_by(echo: Operation[Any, Any]) -> None:
    now = [0.0]
    rights = Rights(Settings(agent_calls_per_minute=3), clock=lambda: now[0])
    for _ in range(3):
        rights.check(agent("main"), "probe_echo", echo)
    with pytest.raises(BusyError, match="agent:main calls more than 3 times a minute"):
        rights.check(agent("main"), "probe_echo", echo)
    rights.check(agent("work"), "probe_echo", echo)
    now[0] = 20.0
    rights.check(agent("main"), "probe_echo", echo)
    with pytest.raises(BusyError):
        rights.check(agent("main"), "probe_echo", echo)
    for _ in range(9):
        rights.check(Caller("cli", LOCAL, trusted=True), "probe_echo", echo)


def test_an_agent_is_told_that_it_may_not_and_the_owner_may(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWCORTEX_AGENT_RIGHTS", "work:probe_echo=none")
    with running():
        call = {"params": {"text": "hi"}, "context": {"agentId": "work", "sessionKey": "agent:work:main"}}
        with pytest.raises(DeniedError, match="the agent 'work' may not call probe_echo"):
            client.call("/v1/tools/probe_echo", call)
        call["context"]["agentId"] = "main"
        assert client.call("/v1/tools/probe_echo", call)["text"] == "hi"
        assert client.call("/v1/probe/echo", {"text": "hi"})["trusted"] is True


CONNECT = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(b"GET /healthz HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
    print(len(s.recv(100)))
except OSError:
    print(0)
"""


def test_another_user_is_turned_away_even_where_the_file_lets_him(server: int) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    path = paths.socket_path()
    opened = [
        path,
        *(folder for folder in path.parents if stat.S_IMODE(folder.stat().st_mode) & 0o005 != 0o005),
    ]
    for place in opened:
        place.chmod(0o777)
    command = ["/usr/bin/env", "python3", "-c", CONNECT, str(path)]
    for user, gets_an_answer in ((65534, False), (0, True)):
        said = subprocess.run(command, user=user, capture_output=True, text=True, check=True, cwd="/")
        assert (int(said.stdout) > 0) is gets_an_answer
    assert client.call("/healthz")["alive"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for 127.0.0.1; its key stands beside it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    hidden = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(hidden)
    (tmp_path / "key.pem").chmod(0o600)
    return tmp_path / "cert.pem"


@pytest.fixture
def port(house: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the next server listen on a free port with this certificate."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    monkeypatch.setenv("CLAWCORTEX_LISTEN", f"127.0.0.1:{number}")
    monkeypatch.setenv("CLAWCORTEX_TLS_CERTIFICATE", str(certificate))
    monkeypatch.setenv("CLAWCORTEX_TLS_KEY", str(certificate.with_name("key.pem")))
    return number


def asked(port: int, trusted: Path, token: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=30, context=ssl.create_default_context(cafile=trusted)
    )
    headers = {"authorization": f"Bearer {token}"} if token else {}
    connection.request("POST", "/v1/probe/echo", json.dumps({"text": "hi"}), headers)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def browsed(port: int, trusted: Path, path: str, cookie: str = "") -> tuple[int, str]:
    """Return the status of a page and the cookie that came with it."""
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=30, context=ssl.create_default_context(cafile=trusted)
    )
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("set-cookie", "")


def test_the_network_gets_in_with_tls_and_the_token_only(port: int, certificate: Path) -> None:
    with running():
        token = network.the_token()
        assert stat.S_IMODE(network.token_path().stat().st_mode) == 0o600
        assert asked(port, certificate, token)[1]["text"] == "hi"
        for wrong in ("", "wrong", token[:-1], f"{token}x"):
            status, body = asked(port, certificate, wrong)
            assert (status, body["code"]) == (401, "unauthorized")
            assert "run/network.token" in body["hint"]
        assert browsed(port, certificate, "/status")[0] == 401
        assert browsed(port, certificate, "/page")[0] == 401
        (link,) = client.call("/v1/page", {})["links"]
        status, cookie = browsed(port, certificate, link.removeprefix(f"https://127.0.0.1:{port}"))
        assert (status, "; Secure" in cookie, "; HttpOnly" in cookie) == (303, True, True)
        assert browsed(port, certificate, "/page", cookie.partition(";")[0])[0] == 200
        assert browsed(port, certificate, "/metrics", cookie.partition(";")[0])[0] == 401
        with socket.create_connection(("127.0.0.1", port), 30) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"alive" not in plain.recv(1_000)


def test_a_listener_that_cannot_be_is_named_at_the_start(
    port: int,
    certificate: Path,
    spawn: Spawn,
    hear: Callable[[Any], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate.with_name("key.pem").chmod(0o644)
    assert "can be read by others" in hear(spawn())["error"]["message"]
    certificate.with_name("key.pem").chmod(0o600)
    with socket.create_server(("127.0.0.1", port)):
        assert f"cannot listen on 127.0.0.1:{port}" in hear(spawn())["error"]["message"]
    monkeypatch.delenv("CLAWCORTEX_TLS_KEY")
    assert "tls_key are missing" in hear(spawn())["error"]["message"]
