"""MCP over stdio with the SDK's own client: list, call, errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import TextContent

from clawcortex import client
from clawcortex.launch import environment


def with_client(use: Callable[[Client], Awaitable[None]], *flags: str) -> None:
    """Speak to a fresh `clawcortex mcp` process."""

    async def run() -> None:
        parameters = StdioServerParameters(
            command=sys.executable, args=["-m", "clawcortex", "mcp", *flags], env=environment(), cwd="/"
        )
        async with Client(stdio_client(parameters)) as session:
            await use(session)

    anyio.run(run)


@pytest.mark.usefixtures("shared")
def test_only_what_agents_may_call_is_listed_and_it_answers() -> None:
    async def use(session: Client) -> None:
        [tool] = (await session.list_tools()).tools
        assert tool.name == "probe_echo"
        assert tool.description == "Say the words again."
        assert tool.input_schema["required"] == ["text"]
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        result = await session.call_tool("probe_echo", {"text": "hello", "times": 2})
        assert not result.is_error
        assert result.structured_content["text"] == "hello hello"
        assert result.structured_content["trusted"] is False
        assert isinstance(result.content[0], TextContent)
        assert json.loads(result.content[0].text) == result.structured_content

    with_client(use)


@pytest.mark.usefixtures("shared")
def test_an_error_comes_back_as_a_result_that_the_model_can_read() -> None:
    async def use(session: Client) -> None:
        result = await session.call_tool("probe_echo", {"text": "x", "times": 99})
        assert result.is_error
        assert isinstance(result.content[0], TextContent)
        error = json.loads(result.content[0].text)
        assert error["code"] == "invalid_input"
        assert "times" in error["message"]
        for name in ("probe_wipe", "probe_nothing"):
            assert (await session.call_tool(name, {})).is_error

    with_client(use)


def test_the_owners_own_client_is_trusted_and_starts_the_server(
    house: Path, until_ended: Callable[[], None]
) -> None:
    async def use(session: Client) -> None:
        result = await session.call_tool("probe_echo", {"text": "mine"})
        assert result.structured_content["trusted"] is True

    with_client(use, "--owner")
    client.call("/v1/shutdown", {})
    until_ended()
