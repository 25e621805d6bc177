"""Slash commands: an operation called from a chat, its progress and its answer shown there as one message.

index.js asks when a person wrote the command. Where a message of ours may stand for the reply (`native`), what tells
progress is answered with {} as soon as that message stands; everything else with {"text"}, which OpenClaw says.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from clawcortex.errors import ClawcortexError
from clawcortex.server.calls import Calls, validated
from clawcortex.server.pool import Pools
from clawcortex.server.resources import Residence
from clawcortex.server.shown import Shown
from clawcortex.skills.context import Caller

if TYPE_CHECKING:
    from clawcortex.openclaw.payloads import CommandCall

log = logging.getLogger(__name__)


class Commands:
    """Run operations that people call in chats."""

    def __init__(self, residence: Residence, calls: Calls, pools: Pools) -> None:
        self._residence = residence
        self._calls = calls
        self._pools = pools

    async def answer(self, name: str, body: dict[str, Any], request_id: str) -> dict[str, Any]:
        """Return what the person is told at once; nothing when a message of ours tells it."""
        loop = asyncio.get_running_loop()
        standing: asyncio.Future[None] = loop.create_future()

        def stands() -> None:
            loop.call_soon_threadsafe(standing.set_result, None)

        run = partial(self._run, name, body, request_id, stands)
        ended = self._pools.long.submit(run)
        waiting: set[asyncio.Future[Any]] = {standing, ended}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            said = ended.result()
            return {"text": said} if said else {}
        ended.add_done_callback(_report)
        return {}

    def _run(self, name: str, body: dict[str, Any], request_id: str, stands: Callable[[], None]) -> str:
        """Run a command to its end; return what is not shown yet."""
        from clawcortex.openclaw.payloads import CommandCall

        opened = self._residence.opened()
        skill, operation = opened.registry.command(name)
        call: CommandCall = validated(CommandCall, body, name)
        assert operation.command is not None  # noqa: S101 - for the type checker
        if not call.text.strip():
            return f"/{name} … - {operation.summary}"
        scope = call.context.scope()
        caller = Caller("command", scope, trusted=False, actor=scope.person)
        request = {operation.command.takes: call.text}
        run = partial(self._calls.run, skill, operation, request, caller, request_id)
        if not call.context.native:
            return _said(run, operation.command.shows)
        with Shown(opened.resources.host, call.context, stands) as shown:
            return shown.end(_said(partial(run, shown.tell), operation.command.shows))


def _said(run: Callable[[], bytes], field: str) -> str:
    """Return what the person is told: the answer, or what went wrong."""
    try:
        return str(json.loads(run())[field]) or "…"
    except ClawcortexError as error:
        return f"⚠️ {error.message}. {error.hint}"
    except Exception as error:  # the message must not stay at its last step
        log.exception("a command failed")
        return f"⚠️ That failed ({type(error).__name__}); the log says why."


def _report(ended: asyncio.Future[str]) -> None:
    """Log what nobody can be told any more."""
    if not ended.cancelled() and (error := ended.exception()) is not None:
        log.error("a command failed: %s", error, exc_info=error)
