"""Turn a skill's declaration into skill.json: what it does, its schemas, tools, commands, hooks and jobs.

Schemas hold no $ref, so that index.js and the command line read them without a JSON Schema library.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from clawcortex.skills.operation import Operation, Schedule, Skill
from clawcortex.skills.registry import COMMAND_NAME, tool_name

SCHEMA_VERSION = 1
DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OperationEntry(_Part):
    """One operation as everyone outside Python sees it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    summary: str = Field(min_length=1)
    expose: Literal["owner", "agent"]
    effect: Literal["read", "write", "destroy"]
    route: str = Field(pattern=r"^/v1/[a-z0-9-]+/[a-z0-9_]+$")
    timeout_s: int | None = Field(default=None, ge=1, le=3_600)
    """How long callers wait, where their usual time is too short."""
    input: Schema
    output: Schema
    progress: Schema | None = None
    """Of each line that it streams before its answer."""


class ToolEntry(_Part):
    """One tool that OpenClaw and MCP offer to an agent."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    operation: str
    description: str = Field(min_length=1)
    timeout_s: int | None = Field(default=None, ge=1, le=3_600)
    parameters: Schema


class CommandEntry(_Part):
    """One slash command that OpenClaw offers to people in a chat."""

    name: str = Field(pattern=COMMAND_NAME)
    operation: str
    description: str = Field(min_length=1)
    timeout_s: int | None = Field(default=None, ge=1, le=3_600)


class ScheduleEntry(_Part):
    """One cron job in the user's timezone."""

    cron: str = Field(pattern=r"^\S+( \S+){4}$")
    operation: str
    timeout_s: int = Field(default=600, ge=1, le=86_400)
    key: str = Field(pattern=r"^clawcortex:[a-z0-9-]+:[a-z0-9_]+:[0-9a-f]{8}$")
    """Of OpenClaw's job, the same as long as operation and arguments are."""
    name: str
    """Of OpenClaw's job, for people."""
    flags: list[str] = Field(default_factory=list)
    """The arguments as run.py takes them."""


class ConsumerEntry(_Part):
    """One listener to the event log."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kinds: list[str] = Field(min_length=1)


class GrantEntry(_Part):
    """One setting of OpenClaw that install.py asks the person for."""

    path: list[str] = Field(min_length=1)
    value: Any
    why: str = Field(min_length=1)
    append: bool = False


OWNERS_FIELD = "x-owner"
"""Marks a field of an input, by `json_schema_extra`, that a tool does not show."""


class Manifest(_Part):
    """What skill.json holds; version 1."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=1)
    summary: str = Field(min_length=1)
    version: str = Field(pattern=r"^\d+\.\d+\.\d+")
    module: str
    requires: list[str] = Field(default_factory=list)
    operations: list[OperationEntry]
    tools: list[ToolEntry] = Field(default_factory=list)
    commands: list[CommandEntry] = Field(default_factory=list)
    hooks: list[str] = Field(default_factory=list)
    consumers: list[ConsumerEntry] = Field(default_factory=list)
    schedules: list[ScheduleEntry] = Field(default_factory=list)
    grants: list[GrantEntry] = Field(default_factory=list)
    keeps: list[str] = Field(default_factory=list)
    """What it writes in a workspace, relative to it; backups hold it."""


def manifest(skill: Skill) -> Manifest:
    """Return the validated manifest of a skill."""
    return Manifest.model_validate(
        {
            "name": skill.name,
            "title": skill.title,
            "summary": skill.summary,
            "version": skill.version,
            "module": skill.name.replace("-", "_"),
            "requires": list(skill.requires),
            "operations": [_operation(skill, operation) for operation in skill.operations],
            "tools": [_tool(skill, item) for item in skill.operations if item.expose == "agent"],
            "commands": [_command(item) for item in skill.operations if item.command],
            "hooks": sorted({hook.event for hook in skill.hooks}),
            "consumers": [{"name": one.name, "kinds": list(one.kinds)} for one in skill.consumers],
            "schedules": [_schedule(skill, schedule) for schedule in skill.schedules],
            "grants": [asdict(grant) | {"path": list(grant.path)} for grant in skill.grants],
            "keeps": list(skill.keeps),
        }
    )


def _operation(skill: Skill, operation: Operation[Any, Any]) -> dict[str, Any]:
    return {
        "name": operation.name,
        "summary": operation.summary,
        "expose": operation.expose,
        "effect": operation.effect,
        "route": f"/v1/{skill.name}/{operation.name}",
        "timeout_s": operation.timeout_s,
        "input": self_contained(operation.input.model_json_schema()),
        "output": self_contained(operation.output.model_json_schema(mode="serialization")),
        "progress": operation.progress
        and self_contained(operation.progress.model_json_schema(mode="serialization")),
    }


def _tool(skill: Skill, operation: Operation[Any, Any]) -> dict[str, Any]:
    return {
        "name": tool_name(skill.name, operation.name),
        "operation": operation.name,
        "description": operation.summary,
        "timeout_s": operation.timeout_s,
        "parameters": for_agents(self_contained(operation.input.model_json_schema())),
    }


def _command(operation: Operation[Any, Any]) -> dict[str, Any]:
    assert operation.command is not None  # noqa: S101 - for the type checker
    return {
        "name": operation.command.name,
        "operation": operation.name,
        "description": operation.summary.rstrip("."),
        "timeout_s": operation.timeout_s,
    }


def _schedule(skill: Skill, schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as a cron job: its key and name, and its arguments as flags."""
    given = schedule.arguments
    digest = sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:8]
    return {
        "cron": schedule.cron,
        "operation": schedule.operation,
        "timeout_s": schedule.timeout_s,
        "key": f"clawcortex:{skill.name}:{schedule.operation}:{digest}",
        "name": " ".join(("clawcortex", schedule.operation, *(str(value) for value in given.values()))),
        "flags": [flag for name, value in given.items() for flag in _flags(name, value)],
    }


def _flags(name: str, value: Any) -> list[str]:
    """Return one argument as flags of run.py."""
    dashed = name.replace("_", "-")
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    parts = value if isinstance(value, list) else [value]
    return [f"--{dashed}={part if isinstance(part, str) else json.dumps(part)}" for part in parts]


def for_agents(schema: Schema) -> Schema:
    """Return an input's schema without the fields that only the owner may set: who asks is not the agent's to say."""
    fields = {name: part for name, part in schema.get("properties", {}).items() if not part.get(OWNERS_FIELD)}
    return schema | {"properties": fields}


def self_contained(schema: Schema) -> Schema:
    """Return the schema with every $ref replaced by what it names, and without generated titles."""
    definitions = schema.get("$defs", {})

    def resolve(node: Any, within: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [resolve(part, within) for part in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            name = str(node["$ref"]).removeprefix("#/$defs/")
            if name in within:
                raise TypeError(f"{name} contains itself: a schema that cannot be written without $ref")
            beside = {key: part for key, part in node.items() if key != "$ref"}
            return resolve(definitions[name] | beside, (*within, name))
        return {
            key: _properties(part, within) if key == "properties" else resolve(part, within)
            for key, part in node.items()
            if key not in ("$defs", "title")
        }

    def _properties(fields: dict[str, Any], within: tuple[str, ...]) -> dict[str, Any]:
        return {name: resolve(part, within) for name, part in fields.items()}  # a field may be called "title"

    resolved: Schema = resolve(schema, ())
    return resolved
