"""The agents' operations as MCP tools over stdio; a thin face that calls the resident server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import anyio
from anyio import to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from clawcortex import __version__, paths
from clawcortex.client import DEFAULT_TIMEOUT_S
from clawcortex.command import reach, read_manifest
from clawcortex.errors import ClawcortexError, NotFoundError

Session = ServerRequestContext[Any]


def tools() -> Iterator[tuple[str, float, Tool]]:
    """Yield (route, seconds to wait, tool) of every agent-exposed operation, from the generated manifests."""
    for path in sorted(paths.skills_dir().glob("*/skill.json")):
        manifest = read_manifest(path.parent.name)
        operations = {entry["name"]: entry for entry in manifest["operations"]}
        for tool in manifest["tools"]:
            operation = operations[tool["operation"]]
            yield (
                operation["route"],
                float(operation.get("timeout_s") or DEFAULT_TIMEOUT_S),
                Tool(
                    name=tool["name"],
                    description=tool["description"],
                    input_schema=tool["parameters"],
                    output_schema=operation["output"],
                    annotations=ToolAnnotations(read_only_hint=operation["effect"] == "read"),
                ),
            )


def build(caller: str) -> Server[Any]:
    """Return the MCP server; `caller` says on whose behalf it calls."""
    routes = {tool.name: (route, seconds) for route, seconds, tool in tools()}

    async def list_tools(_: Session, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[tool for _, _, tool in tools()])

    async def call_tool(_: Session, params: CallToolRequestParams) -> CallToolResult:
        try:
            if params.name not in routes:
                raise NotFoundError(f"no tool {params.name!r}", hint=f"Tools: {', '.join(routes)}.")
            route, seconds = routes[params.name]
            run = partial(reach, route, params.arguments or {}, timeout=seconds, caller=caller)
            answer = await to_thread.run_sync(run)
        except ClawcortexError as error:
            return CallToolResult(content=[_text(error.as_dict())], is_error=True)
        return CallToolResult(content=[_text(answer)], structured_content=answer)

    return Server("clawcortex", version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


def _text(value: dict[str, Any]) -> TextContent:
    return TextContent(type="text", text=json.dumps(value, ensure_ascii=False))


def serve(caller: str) -> None:
    """Serve one MCP client on stdin and stdout until it goes."""

    async def run() -> None:
        server = build(caller)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)
