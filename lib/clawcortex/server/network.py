"""The optional listener on the network: TLS only, and only with the bearer token of run/network.token.

Whoever holds the token is the owner: the same routes as on the socket. A browser, which cannot send it, gets the page
only, which has a check of its own. Without `listen` there is no listener.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.errors import DeniedError, SettingsError
from clawcortex.files import write_atomic
from clawcortex.settings import Settings

Message = MutableMapping[str, Any]
Asgi = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class UnauthorizedError(DeniedError):
    """Refuse a caller without the token."""

    code, status = "unauthorized", 401
    default_hint = "Send `Authorization: Bearer` with the token in run/network.token."


def bound(settings: Settings) -> socket.socket:
    """Return a socket bound to `listen`; SettingsError when it cannot be."""
    host, _, port = settings.listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"cannot listen on {settings.listen}: {error}", hint="Choose another address, or remove `listen`."
        ) from error


def token_path() -> Path:
    """Return where the token stands."""
    return paths.state_dir() / "run" / "network.token"


def the_token() -> str:
    """Return the token, made at the first call; remove the file and restart to have another."""
    path = token_path()
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = ""
    if len(kept) < 32:
        kept = secrets.token_urlsafe(32)
        write_atomic(path, f"{kept}\n".encode())
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return kept


def tls(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's settings for TLS 1.2 and newer; SettingsError for a certificate or key that is of no use."""
    certificate, key = (Path(one).expanduser() for one in (settings.tls_certificate, settings.tls_key))
    if not settings.tls_certificate or not settings.tls_key:
        raise SettingsError(
            "`listen` needs TLS: tls_certificate and tls_key are missing",
            hint="Name both files (PEM) in settings.toml, or remove `listen`.",
        )
    if key.exists() and key.stat().st_mode & 0o077:
        raise SettingsError(f"{key} can be read by others", hint=f"Run `chmod 600 {key}`.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{certificate} and {key}: {error}", hint="Give a PEM certificate and its key."
        ) from error
    return {"ssl_certfile": os.fspath(certificate), "ssl_keyfile": os.fspath(key)}


def guarded(application: Asgi, token: str, *, open_path: str = "") -> Asgi:
    """Return the application, closed to requests without the token, but for one path that checks by itself."""
    expected = f"Bearer {token}".encode()

    async def guard(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        given = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), b"")
        is_open = scope["type"] != "http" or scope["path"] == open_path
        if is_open or hmac.compare_digest(given, expected):
            await application(scope, receive, send)
            return
        body = json.dumps(UnauthorizedError("no bearer token, or a wrong one").as_dict()).encode()
        headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guard
