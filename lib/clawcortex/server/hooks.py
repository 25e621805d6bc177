"""OpenClaw's events: each skill's hooks run side by side, and a prompt never waits longer than its deadline.

`before_prompt_build` answers {} or {"prependContext": block} and turns every failure into {}.
Every other event is acknowledged only when all its hooks have returned, so what they stored is committed. Two of
them answer: `before_dispatch` {"handled": true, "text"} for a skill's `Claim`, while nobody waits longer than
`claim_deadline_ms` for it; `button_pressed` {"reply"} for a skill's `Reply`. The first skill that answers wins. A
fault or a late answer is an error, with which index.js lets the message go on and keeps the event for later.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from clawcortex.errors import ClawcortexError, DeadlineError, UnavailableError
from clawcortex.server.composer import compose, log_block
from clawcortex.server.injected import Lately
from clawcortex.server.logs import call_log
from clawcortex.server.metrics import Metrics
from clawcortex.server.pool import Pools
from clawcortex.server.resources import Opened, Residence
from clawcortex.skills.answers import Claim, Reply
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.contribution import Contribution
from clawcortex.skills.operation import Hook, Skill
from clawcortex.text.fence import new_nonce

log = logging.getLogger(__name__)

PROMPT, DISPATCH, STARTED = "before_prompt_build", "before_dispatch", "gateway_start"
PRESSED = "button_pressed"
COMPOSING = 0.1
"""Share of the deadline that is kept for composing what came in time."""
OTHERS_S = 8.0
"""How long an event waits for older ones in the spool; index.js gives it up, and spools it, after 10 s."""

Log = logging.LoggerAdapter[logging.Logger]


class Hooks:
    """Take events in, live from the gateway or late from the spool."""

    def __init__(
        self,
        residence: Residence,
        metrics: Metrics,
        pools: Pools,
        *,
        caught_up: Callable[[float], bool],
        lately: Lately,
    ) -> None:
        self._residence = residence
        self._metrics = metrics
        self._pools = pools
        self._caught_up = caught_up
        self._lately = lately

    async def answer(
        self, event: str, body: Mapping[str, Any], request_id: str, began: float
    ) -> dict[str, Any]:
        """Return what OpenClaw gets for an event that came in at `began` (monotonic seconds)."""
        if event == DISPATCH:
            return await self._dispatch(body, request_id, began)
        if event != PROMPT:
            return await self._pools.events.submit(partial(self._take, event, body, request_id, OTHERS_S))
        deadline = began + self._residence.settings.hook_deadline_ms / 1000
        outcome = "error"
        answer: dict[str, Any] = {}
        try:
            answer = await self._prompt(body, request_id, deadline)
            outcome = "injected" if answer else "nothing"
        except DeadlineError as error:
            outcome = "deadline"
            log.warning("%s", error.message, extra={"request_id": request_id})
        except ClawcortexError as error:
            outcome = error.code
            log.warning("%s: nothing injected: %s", PROMPT, error.message, extra={"request_id": request_id})
        except Exception:  # a prompt must go out whatever happens here; the traceback is in the log
            log.exception("%s: nothing injected", PROMPT, extra={"request_id": request_id})
        self._count(PROMPT, outcome, began)
        return answer

    async def _dispatch(self, body: Mapping[str, Any], request_id: str, began: float) -> dict[str, Any]:
        """Return a claim that came in time; what is late runs to its end, and its answer is dropped."""
        deadline = began + self._residence.settings.claim_deadline_ms / 1000
        left = max(0.0, deadline - time.monotonic())
        taken = self._pools.events.submit(partial(self._take, DISPATCH, body, request_id, left))
        done, _ = await asyncio.wait([taken], timeout=left)
        if not done:
            taken.add_done_callback(lambda late: late.exception())  # it is logged where it happened
            self._count(DISPATCH, "deadline", began)
            raise DeadlineError(f"{DISPATCH}: no answer in time, the message goes to the agent")
        return taken.result()

    async def _prompt(self, body: Mapping[str, Any], request_id: str, deadline: float) -> dict[str, Any]:
        opened = self._residence.peek()
        if opened is None:
            raise UnavailableError("the store is still opening")
        payload = _parse(PROMPT, body)
        caller = _caller(payload)
        waiting = [
            self._pools.prompts.submit(partial(self._one, opened, skill, hook, payload, caller, request_id))
            for skill, hook in opened.registry.hooks(PROMPT)
        ]
        if not waiting:
            return {}
        collect_until = deadline - COMPOSING * self._residence.settings.hook_deadline_ms / 1000
        done, late = await asyncio.wait(waiting, timeout=max(0.0, collect_until - time.monotonic()))
        if late and not done:
            raise DeadlineError(f"{PROMPT}: no skill answered in time, nothing injected")
        if late:
            log.warning(
                "%s: %d of %d hooks were late",
                PROMPT,
                len(late),
                len(waiting),
                extra={"request_id": request_id},
            )
        parts = [part for task in done if isinstance(part := task.result(), Contribution)]
        block = compose(parts, budget=self._residence.settings.prompt_tokens, nonce=new_nonce())
        log_block(call_log(request_id, operation=PROMPT), block)
        if time.monotonic() > deadline:
            raise DeadlineError(f"{PROMPT}: composed too late, nothing injected")
        for part in parts:  # also one without items: it has nothing more to tell
            if part.delivered is not None:
                told = partial(part.delivered, block.placed)
                self._pools.events.submit(partial(self._deliver, told, request_id))
        self._metrics.injected.inc(block.tokens)
        if block.text:
            self._lately.note(payload.agent, payload.ctx.session_key, block)
        return {"prependContext": block.text} if block.text else {}

    def apply(self, event: str, body: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """Run the hooks of an event and return what the person gets; raise what the first failing one raised.

        A claim is answered even if another skill fails: the message was taken, and must not reach the agent too.
        """
        began, outcome = time.monotonic(), "error"
        try:
            opened = self._residence.opened()
            payload = _parse(event, body)
            caller = _caller(payload)
            if event == STARTED:
                _remember_gateway(payload)
            failures: list[Exception] = []
            answer: dict[str, Any] = {}
            for skill, hook in opened.registry.hooks(event):
                try:
                    returned = self._run(opened, skill, hook, payload, caller, request_id)
                    answer = answer or _answer(event, returned)
                except Exception as error:  # the others still run; the first is raised below
                    log.exception("%s of %s failed", event, skill.name, extra={"request_id": request_id})
                    failures.append(error)
            if failures and not answer:
                raise failures[0]
            outcome = "answered" if answer else "ok"
        except ClawcortexError as error:
            outcome = error.code
            raise
        else:
            return answer
        finally:
            self._count(event, outcome, began)

    def _take(
        self, event: str, body: Mapping[str, Any], request_id: str, patience_s: float
    ) -> dict[str, Any]:
        """Apply a live event after those that waited in the spool, so that the order of turns stays."""
        if not self._caught_up(patience_s):
            raise DeadlineError(f"{event}: older turns are still being read from the spool")
        return self.apply(event, body, request_id)

    def _one(
        self, opened: Opened, skill: Skill, hook: Hook, payload: object, caller: Caller, request_id: str
    ) -> object:
        """Run one skill's hook of a prompt; its failure costs only its own contribution."""
        try:
            return self._run(opened, skill, hook, payload, caller, request_id)
        except ClawcortexError as error:
            log.warning("%s of %s: %s", PROMPT, skill.name, error.message, extra={"request_id": request_id})
        except Exception:  # a prompt must go out whatever a skill does; the traceback is in the log
            log.exception("%s of %s failed", PROMPT, skill.name, extra={"request_id": request_id})
        self._metrics.hooks.labels(PROMPT, "skill_failed").inc()
        return None

    def _run(
        self, opened: Opened, skill: Skill, hook: Hook, payload: object, caller: Caller, request_id: str
    ) -> object:
        context = Context(
            opened.resources, caller, call_log(request_id, skill=skill.name, operation=hook.event), request_id
        )
        return hook.run(context, payload)

    def _deliver(self, delivered: Callable[[], None], request_id: str) -> None:
        try:
            delivered()
        except Exception:  # the block has left already; the worst is that it is told twice
            log.exception("a delivered block was not marked as told", extra={"request_id": request_id})

    def _count(self, event: str, outcome: str, began: float) -> None:
        self._metrics.hooks.labels(event, outcome).inc()
        self._metrics.hook_seconds.labels(event).observe(time.monotonic() - began)


def _answer(event: str, returned: object) -> dict[str, Any]:
    """Return what OpenClaw's person gets for what a hook returned; nothing for what does not belong there."""
    if event == DISPATCH and isinstance(returned, Claim):
        return {"handled": True, "text": returned.text}
    if event == PRESSED and isinstance(returned, Reply):
        return {"reply": returned.text}
    return {}


def _parse(event: str, body: Mapping[str, Any]) -> Any:
    from clawcortex.openclaw import payloads

    return payloads.parse(event, body)


def _remember_gateway(payload: Any) -> None:
    from clawcortex.openclaw import signed

    signed.remember(payload)


def _caller(payload: Any) -> Caller:
    """Return who an event comes from; nobody on a channel is trusted."""
    scope = payload.scope() if hasattr(payload, "scope") else None
    if scope is None:
        return Caller("hook", trusted=False, actor=f"agent:{payload.agent}")
    return Caller("hook", scope, trusted=False, actor=scope.person)
