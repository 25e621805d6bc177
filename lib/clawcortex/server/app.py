"""The routes of the socket. Every answer is JSON, and every failure is a typed error with its status.

GET  /status and GET, POST /page  (HTML, see `page.routes`)   POST /v1/page
GET  /healthz /metrics /openapi.json /readyz[?wait=seconds]  (200 once recall is semantic, else 503 and the parts)
POST /v1/{skill}/{operation}   /v1/tools/{tool}   /v1/commands/{command}   /v1/hooks/{event}   /v1/shutdown

An operation whose caller accepts application/x-ndjson is answered line by line, see `streams`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from clawcortex import paths
from clawcortex.client import LINES
from clawcortex.errors import ClawcortexError, InputError, NotFoundError, UnavailableError
from clawcortex.server.bodies import LIMIT_BYTES, TooLargeError, parse
from clawcortex.server.calls import Calls, caller_named, new_request_id
from clawcortex.server.commands import Commands
from clawcortex.server.hooks import Hooks
from clawcortex.server.lifecycle import identity
from clawcortex.server.metrics import Metrics
from clawcortex.server.page.routes import PAGE, Page
from clawcortex.server.pool import Pools
from clawcortex.server.resources import Residence
from clawcortex.server.streams import streamed

log = logging.getLogger(__name__)

LARGE = 100_000
"""A body over this many bytes is parsed in a thread, so that nobody waits for it."""

LONGEST_WAIT_S = 120

Endpoint = Callable[[Request, str], Awaitable[Response]]


class MethodError(InputError):
    """Refuse a method that the route does not have."""

    code, status = "bad_method", 405


@dataclass(frozen=True, slots=True)
class Faces:
    """The endpoints and what they speak to."""

    residence: Residence
    calls: Calls
    commands: Commands
    hooks: Hooks
    pools: Pools
    metrics: Metrics
    page: Page
    draining: Callable[[], bool]
    stop: Callable[[], None]

    async def healthz(self, _: Request, __: str) -> Response:
        """Say that the process lives, and which one it is."""
        return _json({"alive": True, "draining": self.draining(), **identity()})

    async def readyz(self, request: Request, _: str) -> Response:
        """Say whether recall is semantic; with `?wait=seconds`, once it is or cannot become so."""
        wait = request.query_params.get("wait", "0")
        if wait.isdecimal() and int(wait):
            seconds = min(int(wait), LONGEST_WAIT_S)
            await self.pools.operations.submit(partial(self.residence.wait, seconds))
        parts = self.residence.parts()
        waiting = "; ".join(f"{name}: {state}" for name, state in parts.items() if state != "ready")
        if self.draining():
            waiting = "draining"
        answer = {"ready": not waiting, "parts": parts, **identity()}
        if changing := await self.pools.operations.submit(self.residence.reembedding):
            answer["reembedding"] = changing
        if waiting:
            return _json(answer | UnavailableError(f"not ready: {waiting}").as_dict(), 503)
        return _json(answer)

    async def exposition(self, _: Request, __: str) -> Response:
        """Return the metrics in Prometheus' text format."""
        text = await self.pools.operations.submit(self.metrics.exposition)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def openapi(self, _: Request, __: str) -> Response:
        """Return the operations as an OpenAPI document."""
        from clawcortex.skills.openapi import document

        described = await self.pools.operations.submit(lambda: document(self.residence.opened().registry))
        return _json(described)

    async def shutdown(self, _: Request, __: str) -> Response:
        """Begin to drain."""
        self.stop()
        return _json({"draining": True, **identity()})

    async def hook(self, request: Request, request_id: str) -> Response:
        """Take one of OpenClaw's events."""
        began = time.monotonic()
        body = await _body(request, self.pools)
        return _json(await self.hooks.answer(request.path_params["event"], body, request_id, began))

    async def tool(self, request: Request, request_id: str) -> Response:
        """Run a tool for an agent."""
        body = await _body(request, self.pools)
        name = request.path_params["tool"]
        pool = self.pools.long if self.calls.tool_tells(name) else self.pools.operations
        run = partial(self.calls.tool, name, body, request_id)
        return Response(await pool.submit(run), media_type="application/json")

    async def command(self, request: Request, request_id: str) -> Response:
        """Run what a person called in a chat."""
        body = await _body(request, self.pools)
        return _json(await self.commands.answer(request.path_params["command"], body, request_id))

    async def operation(self, request: Request, request_id: str) -> Response:
        """Run an operation for whoever may open the socket; line by line for who accepts lines."""
        caller = caller_named(request.headers.get("x-clawcortex-caller", ""))
        body = await _body(request, self.pools)
        skill, name = request.path_params["skill"], request.path_params["operation"]
        pool = self.pools.long if self.calls.tells(skill, name) else self.pools.operations
        run = partial(self.calls.operation, skill, name, body, caller, request_id)
        if LINES in request.headers.get("accept", ""):
            typed = partial(_fault, request.url.path, request_id)
            return await streamed(lambda tell: pool.submit(partial(run, tell)), typed)
        return Response(await pool.submit(run), media_type="application/json")


def build(faces: Faces) -> Starlette:
    """Return the application."""
    posted = {
        "/v1/hooks/{event}": faces.hook,
        "/v1/tools/{tool}": faces.tool,
        "/v1/commands/{command}": faces.command,
        "/v1/shutdown": faces.shutdown,
        "/v1/page": faces.page.link,
        "/v1/{skill}/{operation}": faces.operation,
    }
    got = {
        "/healthz": faces.healthz,
        "/readyz": faces.readyz,
        "/metrics": faces.exposition,
        "/openapi.json": faces.openapi,
        "/status": faces.page.status,
    }
    return Starlette(
        routes=[
            *(Route(path, _typed(endpoint), methods=["POST"]) for path, endpoint in posted.items()),
            *(Route(path, _typed(endpoint)) for path, endpoint in got.items()),
            Route(PAGE, _typed(faces.page.browse), methods=["GET", "POST"]),
        ],
        exception_handlers={HTTPException: _unrouted},
    )


def _typed(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Answer every failure of an endpoint as a typed error that names the request."""

    async def answer(request: Request) -> Response:
        request_id = request.headers.get("x-request-id", "")[:64] or new_request_id()
        try:
            response = await endpoint(request, request_id)
        except ClientDisconnect:
            response = Response(status_code=499)  # nobody is there to read it
        except Exception as error:  # noqa: BLE001 (the last net: logged and told to the caller)
            response = failure(_fault(request.url.path, request_id, error))
        response.headers["x-request-id"] = request_id
        return response

    return answer


def _fault(path: str, request_id: str, error: BaseException) -> ClawcortexError:
    """Return a typed error for any; what is not one of ours is logged with its traceback."""
    if isinstance(error, ClawcortexError):
        return error
    log.error("%s failed", path, exc_info=error, extra={"request_id": request_id})
    return ClawcortexError(
        f"{path} failed: {type(error).__name__} (request {request_id})",
        hint=f"Look for {request_id} in {paths.log_path()}.",
    )


async def _unrouted(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    path = request.url.path
    if status == 405:
        return failure(MethodError(f"{path} does not take {request.method}", hint="Operations take POST."))
    return failure(NotFoundError(f"no route {path}", hint="Operations are at /v1/<skill>/<operation>."))


async def _body(request: Request, pools: Pools) -> dict[str, Any]:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LIMIT_BYTES:
        raise TooLargeError(f"the body is {int(announced):,} bytes")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LIMIT_BYTES:
            raise TooLargeError(f"the body is over {LIMIT_BYTES:,} bytes")
    if len(raw) > LARGE:
        return await pools.operations.submit(partial(parse, bytes(raw)))
    return parse(bytes(raw))


def failure(error: ClawcortexError) -> Response:
    """Return a typed error as an answer."""
    return _json(error.as_dict(), error.status)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value).encode(), status, media_type="application/json")
