"""Run one operation or tool: input validated, caller known, output validated, counted and logged."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from clawcortex.errors import ClawcortexError, DeniedError, InputError
from clawcortex.server.logs import call_log
from clawcortex.server.metrics import Metrics
from clawcortex.server.resources import Residence
from clawcortex.server.rights import Rights
from clawcortex.skills.context import Caller, Context, Origin, Progress, Resources, unheard
from clawcortex.skills.operation import Operation, Skill
from clawcortex.skills.registry import tool_name
from clawcortex.store.records import LOCAL

CALLERS: Mapping[str, Caller] = {
    "cli": Caller("cli", LOCAL, trusted=True),
    "http": Caller("http", LOCAL, trusted=True),
    "cron": Caller("cron", LOCAL, trusted=True, actor="cron"),
    "mcp": Caller("mcp", LOCAL, trusted=False, actor="mcp"),
    "mcp-owner": Caller("mcp", LOCAL, trusted=True),
}
"""The socket is 0600, so that whoever writes to it is the owner; an MCP client may be any model's."""


class OutputError(ClawcortexError):
    """Report an operation whose answer is not what it declares."""

    code = "bad_output"


def new_request_id() -> str:
    """Return an id that ties the lines of one request together."""
    return secrets.token_hex(8)


def caller_named(name: str) -> Caller:
    """Return the caller that the header names; without a header it is plain HTTP by the owner."""
    try:
        return CALLERS[name or "http"]
    except KeyError as error:
        raise InputError(f"unknown caller {name!r}", hint=f"Known: {', '.join(CALLERS)}.") from error


def background(resources: Resources, skill: str, name: str) -> Context:
    """Return what work in the background is given: it acts for the owner, over all scopes."""
    request = new_request_id()
    log = call_log(request, skill=skill, operation=name)
    return Context(resources, Caller("task", LOCAL, trusted=True, actor=f"{skill}:{name}"), log, request)


class Calls:
    """Run operations against the resident resources."""

    def __init__(self, residence: Residence, metrics: Metrics) -> None:
        self._residence = residence
        self._metrics = metrics
        self._rights = Rights(residence.settings)

    def tells(self, skill: str, name: str) -> bool:
        """Return whether an operation tells progress; False for one that is not known, too."""
        opened = self._residence.peek()
        found = opened.registry.skills.get(skill) if opened else None
        return found is not None and any(one.name == name and one.progress for one in found.operations)

    def tool_tells(self, name: str) -> bool:
        """Return whether a tool's operation tells progress."""
        opened = self._residence.peek()
        return opened is not None and any(
            known == name and one.progress is not None for known, _, one in opened.registry.tools()
        )

    def operation(
        self,
        skill: str,
        name: str,
        body: Mapping[str, Any],
        caller: Caller,
        request_id: str,
        tell: Callable[[Progress], None] = unheard,
    ) -> bytes:
        """Run an operation for a caller of the socket and return its answer as JSON."""
        registry = self._residence.opened().registry
        found = registry.operation(skill, name)
        if caller.origin == "mcp" and found.expose != "agent":
            raise DeniedError(f"{skill} {name} is not for agents")
        return self.run(registry.skills[skill], found, body, caller, request_id, tell)

    def tool(self, name: str, body: Mapping[str, Any], request_id: str) -> bytes:
        """Run a tool for an agent of OpenClaw; who calls comes from the tool's context alone."""
        from clawcortex.openclaw.payloads import ToolCall

        skill, found = self._residence.opened().registry.tool(name)
        call = validated(ToolCall, body, name)
        scope = call.context.scope()
        caller = Caller("tool", scope, trusted=False, actor=f"agent:{scope.agent}")
        return self.run(skill, found, call.params, caller, request_id)

    def run(
        self,
        skill: Skill,
        operation: Operation[Any, Any],
        body: Mapping[str, Any],
        caller: Caller,
        request_id: str,
        tell: Callable[[Progress], None] = unheard,
    ) -> bytes:
        """Run any operation, whatever its caller may, and return its answer as JSON."""
        name = f"{skill.name}.{operation.name}"
        log = call_log(request_id, skill=skill.name, operation=operation.name)
        began, outcome = time.perf_counter(), "error"
        try:
            self._rights.check(caller, tool_name(skill.name, operation.name), operation)
            request = validated(operation.input, body, operation.name)
            context = Context(self._residence.opened().resources, caller, log, request_id, tell)
            result = operation.run(context, request)
            answer = serialised(operation, result)
            outcome = "ok"
        except ClawcortexError as error:
            outcome = error.code
            raise
        finally:
            self._metrics.requests.labels(name, outcome).inc()
            took = (time.perf_counter() - began) * 1000
            log.info(
                "%s %s in %.1f ms", name, outcome, took, extra={"origin": caller.origin, "outcome": outcome}
            )
        return answer


def validated(model: type[BaseModel], body: Mapping[str, Any], name: str) -> Any:
    """Return the body as its model, or raise InputError that names the field and what is wrong with it."""
    try:
        return model.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "input"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        raise InputError(
            f"{name}: {where}: {first['msg']}{more}", hint=f"Correct {where}; the fields are: {known}."
        ) from error


def serialised(operation: Operation[Any, Any], result: object) -> bytes:
    """Return the answer as JSON that its own output model accepts."""
    if not isinstance(result, operation.output):
        raise OutputError(
            f"{operation.name} returned a {type(result).__name__}, not {operation.output.__name__}"
        )
    answer: bytes = operation.output.__pydantic_serializer__.to_json(result)
    try:
        operation.output.model_validate_json(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OutputError(
            f"{operation.name} answered with a bad {where or 'object'}: {first['msg']}"
        ) from error
    return answer


__all__ = [
    "CALLERS",
    "Calls",
    "Origin",
    "OutputError",
    "background",
    "caller_named",
    "new_request_id",
    "serialised",
    "validated",
]
