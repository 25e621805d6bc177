"""A signed exchange on loopback with one of index.js's routes, at the gateway that was seen last.

Both sides know the secret in run/gateway.key (0600) and never show it: each signs what it sends. The gateway
proves itself before it gets anything, for a port that it left may be a stranger's by now; the port is part of
the proof, so that the stranger cannot have it made by the gateway where that listens now.

    GET  /clawcortex/<route>   x-clawcortex-nonce: N            -> {"proof": HMAC("gateway", N and the port)}
    POST /clawcortex/<route>   x-clawcortex-signature: HMAC("server <route>", body)   -> an object
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clawcortex import paths
from clawcortex.errors import HostError, InputError
from clawcortex.files import write_atomic
from clawcortex.openclaw.exchange import Deadline, OverError, connect
from clawcortex.openclaw.payloads import GatewayStart, StartedGateway

MOST_SENT, MOST_READ = 2_000_000, 2_000_000
"""Bytes of a request, and of an answer; index.js has the same limit for what it takes."""
START = "Start it with `openclaw gateway start`; it tells clawcortex its port when it starts."
LATER = "Try again; `openclaw gateway status` says how it is."
RELOAD = "Run `openclaw plugins reload clawcortex`; `clawcortex doctor` names what is missing."


class RefusedError(Exception):
    """Carry what the route answered instead of what was asked for."""

    def __init__(self, status: int, found: Mapping[str, Any]) -> None:
        super().__init__(str(found.get("message", ""))[:500] or f"status {status}")
        self.code = str(found.get("code", ""))
        self.undone = found.get("undone") is True
        """True when index.js knows that nothing was done."""


def remember(started: GatewayStart) -> None:
    """Keep what a gateway says of itself when it starts: on this machine, for a store may be of many."""
    paths.private_folder(seen_path().parent)
    write_atomic(seen_path(), started.event.model_dump_json().encode())


def last_seen() -> StartedGateway | None:
    """Return what the gateway said that was seen last, if one was."""
    try:
        return StartedGateway.model_validate_json(seen_path().read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        return None  # written by another version: the next start tells it again


def seen_path() -> Path:
    """Return where it is kept which gateway was seen last."""
    return paths.state_dir() / "run" / "gateway.json"


def key_path() -> Path:
    """Return where the secret lies that index.js and the server share."""
    return paths.state_dir() / "run" / "gateway.key"


class Line:
    """Ask index.js's routes; safe to use from many threads."""

    def __init__(self) -> None:
        self._making = threading.Lock()

    def ask(
        self, route: str, asked: Mapping[str, object], *, what: str, timeout_s: float, again: bool
    ) -> dict[str, Any]:
        """Return what the route answers; with `again`, it may be asked a second time after a reset.

        Raise RefusedError for its refusals, HostError for the rest; that one is `uncertain` once the
        request was on its way and may not be made twice.
        """
        seen = last_seen()
        if seen is None:
            raise HostError("no gateway of OpenClaw has been seen yet", hint=START)
        body = json.dumps({**asked, "timeoutMs": int(timeout_s * 1000)}).encode()
        if len(body) > MOST_SENT:
            raise InputError(
                f"{what} of {len(body):,} bytes is more than the {MOST_SENT:,} that OpenClaw may get",
                hint="Send less of it at once.",
            )
        deadline, posted = Deadline(timeout_s), threading.Event()
        try:
            try:
                return self._exchange(seen, route, body, deadline, posted)
            except ConnectionResetError:
                if posted.is_set() and not again:
                    raise
                return self._exchange(seen, route, body, deadline, posted)
        except OverError as error:
            raise HostError(
                f"OpenClaw did not answer {what} within {timeout_s:g} s",
                hint="Give it more time, or ask for less at once.",
                uncertain=posted.is_set() and not again,
            ) from error
        except ConnectionRefusedError as error:
            raise HostError(f"no gateway listens on port {seen.port}", hint=START) from error
        except (OSError, HTTPException) as error:
            raise HostError(
                f"the gateway on port {seen.port} broke off: {str(error) or type(error).__name__}",
                hint=LATER,
                uncertain=posted.is_set() and not again,
            ) from error
        except HostError as error:
            error.uncertain = posted.is_set() and not again
            raise

    def _exchange(
        self, seen: StartedGateway, route: str, body: bytes, deadline: Deadline, posted: threading.Event
    ) -> dict[str, Any]:
        key, nonce, path = self._key(), secrets.token_hex(16), f"/clawcortex/{route}"
        with closing(connect(seen.port, deadline, tls=seen.tls)) as connection, deadline.over(connection):
            connection.request("GET", path, headers={"x-clawcortex-nonce": nonce})
            proof = str(_read(connection.getresponse(), seen.port).get("proof", ""))
            if not hmac.compare_digest(proof.encode(), prove(key, nonce, seen.port).encode()):
                raise HostError(f"who listens on port {seen.port} is not our gateway", hint=RELOAD)
            posted.set()
            signature = sign(key, f"server {route}", body)
            headers = {"content-type": "application/json", "x-clawcortex-signature": signature}
            connection.request("POST", path, body, headers)
            return _read(connection.getresponse(), seen.port)

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


def unreadable(port: int) -> HostError:
    """Return the error for an answer that makes no sense."""
    return HostError(f"the gateway on port {port} answered with something that cannot be read", hint=RELOAD)


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
        raise unreadable(port) from error
    if not isinstance(found, dict):
        raise unreadable(port)
    if response.status != 200:
        raise RefusedError(response.status, found)
    return found
