"""The operations as one OpenAPI 3.1 document, for tools that read such: clients, tests, gateways."""

from __future__ import annotations

import json
from typing import Any

import clawcortex
from clawcortex.skills.operation import Operation
from clawcortex.skills.registry import Registry

_REF = "#/components/schemas/"
_ERROR = {
    "type": "object",
    "required": ["code", "message", "hint"],
    "properties": {name: {"type": "string"} for name in ("code", "message", "hint")},
}


def document(registry: Registry) -> dict[str, Any]:
    """Return the document; every operation is a POST of its own path with one JSON object in and one out."""
    shared: dict[str, Any] = {"Error": _ERROR}
    routes = {
        f"/v1/{skill.name}/{operation.name}": {"post": _described(skill.name, operation, shared)}
        for skill in registry.skills.values()
        for operation in skill.operations
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "clawcortex", "version": clawcortex.__version__},
        "paths": routes,
        "components": {"schemas": shared},
    }


def _described(skill: str, operation: Operation[Any, Any], shared: dict[str, Any]) -> dict[str, Any]:
    name = f"{skill}.{operation.name}"
    taken, given = (
        _hoisted(name, side, model.model_json_schema(mode=mode), shared)
        for side, model, mode in (
            ("input", operation.input, "validation"),
            ("output", operation.output, "serialization"),
        )
    )
    return {
        "operationId": name,
        "tags": [skill],
        "summary": operation.summary,
        "x-effect": operation.effect,
        "requestBody": {"required": True, "content": _json(taken)},
        "responses": {
            "200": {"description": "The answer", "content": _json(given)},
            "default": {
                "description": "What failed, and what to do",
                "content": _json({"$ref": f"{_REF}Error"}),
            },
        },
    }


def _hoisted(name: str, side: str, schema: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with its definitions moved among the shared ones, under names of their own."""
    prefix = f"{name}.{side}."
    text = json.dumps(schema).replace('"#/$defs/', f'"{_REF}{prefix}')
    moved: dict[str, Any] = json.loads(text)
    shared.update({f"{prefix}{part}": found for part, found in moved.pop("$defs", {}).items()})
    return moved


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
