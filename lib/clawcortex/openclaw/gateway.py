"""The running gateway as `Host`: one HTTP exchange on loopback with index.js's route.

Both sides know the secret in run/gateway.key (0600) and never show it: each signs what it sends. The gateway
proves itself before it gets a prompt, for a port that it left may be a stranger's by now; the port is part of
the proof, so that the stranger cannot have it made by the gateway where that listens now.

    GET  /clawcortex/complete   x-clawcortex-nonce: N            -> {"proof": HMAC("gateway", N and the port)}
    POST /clawcortex/complete   x-clawcortex-signature: HMAC("server", body)   -> {"text", "model", ...}
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from clawcortex import paths
from clawcortex.errors import ClawcortexError, HostError, InputError
from clawcortex.files import write_atomic
from clawcortex.openclaw.config import configured_agents
from clawcortex.openclaw.exchange import Deadline, OverError, connect
from clawcortex.openclaw.host import Agent, Completion
from clawcortex.openclaw.messages import Part, Text
from clawcortex.openclaw.payloads import GatewayStart, StartedGateway

ROUTE = "/clawcortex/complete"
MOST_SENT, MOST_READ = 2_000_000, 2_000_000
"""Bytes of a request, and of an answer; index.js has the same limit for what it takes."""
ENDED_WELL = ("", "stop", "length", "toolUse")

START = "Start it with `openclaw gateway start`; it tells clawcortex its port when it starts."
LATER = "Try again; `openclaw gateway status` says how it is."
RELOAD = "Run `openclaw plugins reload clawcortex`; `clawcortex doctor` names what is missing."
HINTS = {
    "LLM_COMPLETION_NOT_AUTHORIZED": "Run `python3 install.py` and accept the grant "
    "plugins.entries.clawcortex.llm.allowAgentIdOverride.",
    "AGENT_SELECTION_REQUIRED": "Name one of the agents that `openclaw agents list` shows.",
    "no_model": "Set a model with `openclaw models set`, and its key with `openclaw models auth`.",
    "timeout": "Give the model more time, or ask for less at once.",
    "denied": f"Remove {{key}}, then: {RELOAD}",
}


def remember(started: GatewayStart) -> None:
    """Keep what a gateway says of itself when it starts: on this machine, for a store may be of many."""
    paths.private_folder(seen_path().parent)
    write_atomic(seen_path(), started.event.model_dump_json().encode())


def seen_path() -> Path:
    """Return where it is kept which gateway was seen last."""
    return paths.state_dir() / "run" / "gateway.json"


def key_path() -> Path:
    """Return where the secret lies that index.js and the server share."""
    return paths.state_dir() / "run" / "gateway.key"


class _Usage(Part):
    input_tokens: int = 0
    output_tokens: int = 0


class _Answer(Part):
    text: str
    model: Text = ""
    provider: Text = ""
    stop_reason: Text = ""
    usage: _Usage = Field(default=_Usage())


class GatewayHost:
    """Ask the gateway that was seen last; see `Host`."""

    def __init__(self) -> None:
        self._making = threading.Lock()

    def agents(self) -> tuple[Agent, ...]:
        """Return the agents as the gateway told them, else as openclaw.json names them."""
        seen = self._seen()
        told = tuple(Agent(one.id, Path(one.workspace)) for one in seen.agents) if seen else ()
        return told or configured_agents()

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Ask the agent's model once; a connection that is reset is made once more."""
        seen = self._seen()
        if seen is None:
            raise HostError("no gateway of OpenClaw has been seen yet", hint=START)
        deadline = Deadline(timeout_s)
        asked = {
            "system": system,
            "prompt": prompt,
            "agent": agent,
            "maxTokens": max_tokens,
            "purpose": purpose,
            "timeoutMs": int(timeout_s * 1000),
        }
        body = json.dumps(asked).encode()
        if len(body) > MOST_SENT:
            raise InputError(
                f"a prompt of {len(body):,} bytes is more than the {MOST_SENT:,} that a model may get",
                hint="Send less of it at once.",
            )
        try:
            try:
                return self._ask(seen, body, deadline)
            except ConnectionResetError:
                return self._ask(seen, body, deadline)
        except OverError as error:
            raise HostError(
                f"the model did not answer {purpose} within {timeout_s:g} s", hint=HINTS["timeout"]
            ) from error
        except ConnectionRefusedError as error:
            raise HostError(f"no gateway listens on port {seen.port}", hint=START) from error
        except (OSError, HTTPException) as error:
            raise HostError(
                f"the gateway on port {seen.port} broke off: {str(error) or type(error).__name__}", hint=LATER
            ) from error

    def _ask(self, seen: StartedGateway, body: bytes, deadline: Deadline) -> Completion:
        key, nonce = self._key(), secrets.token_hex(16)
        with closing(connect(seen.port, deadline, tls=seen.tls)) as connection, deadline.over(connection):
            connection.request("GET", ROUTE, headers={"x-clawcortex-nonce": nonce})
            proof = str(_read(connection.getresponse(), seen.port).get("proof", ""))
            if not hmac.compare_digest(proof.encode(), prove(key, nonce, seen.port).encode()):
                raise HostError(f"who listens on port {seen.port} is not our gateway", hint=RELOAD)
            connection.request(
                "POST",
                ROUTE,
                body,
                {"content-type": "application/json", "x-clawcortex-signature": sign(key, "server", body)},
            )
            found = _read(connection.getresponse(), seen.port)
        try:
            answer = _Answer.model_validate(found)
        except ValidationError as error:
            raise _garbage(seen.port) from error
        if answer.stop_reason not in ENDED_WELL or not answer.text.strip():
            why = answer.stop_reason if answer.stop_reason not in ENDED_WELL else "no words"
            raise HostError(f"the model {answer.model} gave no answer ({why})", hint=HINTS["no_model"])
        usage = answer.usage
        return Completion(answer.text, answer.model, answer.provider, usage.input_tokens, usage.output_tokens)

    def _seen(self) -> StartedGateway | None:
        try:
            return StartedGateway.model_validate_json(seen_path().read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            return None  # written by another version: the next start tells it again

    def _key(self) -> bytes:
        """Return the shared secret; one that others could read is replaced."""
        path = key_path()
        with self._making:
            try:
                private = not path.stat().st_mode & 0o077
                found = path.read_bytes()
            except FileNotFoundError:
                private, found = False, b""
            if not private or len(found) < 64:
                paths.private_folder(path.parent)
                found = secrets.token_hex(32).encode()
                write_atomic(path, found)
        return found


def prove(key: bytes, nonce: str, port: int) -> str:
    """Return what the gateway that has the key, and listens on this port, answers to a nonce."""
    return sign(key, "gateway", f"{nonce}\n{port}".encode())


def sign(key: bytes, who: str, what: bytes) -> str:
    """Return the signature of a message; `who` keeps one side's from being used as the other's."""
    return hmac.new(key, who.encode() + b"\n" + what, hashlib.sha256).hexdigest()


def _read(response: HTTPResponse, port: int) -> dict[str, Any]:
    """Return the JSON object of an answer, or raise what it says went wrong."""
    raw = response.read(MOST_READ + 1)
    if len(raw) > MOST_READ:
        raise HostError(f"the gateway on port {port} answered with over {MOST_READ:,} bytes", hint=LATER)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        if response.status == 503:
            raise HostError("the gateway is starting or ending", hint=LATER) from error
        if response.status == 404:
            raise HostError("the gateway runs without the plugin clawcortex", hint=RELOAD) from error
        raise _garbage(port) from error
    if not isinstance(found, dict):
        raise _garbage(port)
    if response.status != 200:
        raise _refused(found, response.status)
    return found


def _refused(found: dict[str, Any], status: int) -> ClawcortexError:
    code, message = str(found.get("code", "")), str(found.get("message", ""))[:500]
    if "No model configured" in message or "Plugin LLM completion failed" in message:
        code = "no_model"
    hint = HINTS.get(code, LATER).format(key=key_path())
    return HostError(f"OpenClaw gave no completion: {message or f'status {status}'}", hint=hint)


def _garbage(port: int) -> HostError:
    return HostError(f"the gateway on port {port} answered with something that cannot be read", hint=RELOAD)
