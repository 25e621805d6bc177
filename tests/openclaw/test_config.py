"""The agents of openclaw.json, as OpenClaw itself resolves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.errors import InputError
from clawcortex.openclaw.config import configured_agents


def agents(section: Any) -> dict[str, str]:
    paths.openclaw_dir().mkdir(parents=True, exist_ok=True)
    text = "// a comment\n" + json.dumps({"agents": section})
    (paths.openclaw_dir() / "openclaw.json").write_text(text)
    state = str(paths.openclaw_dir())
    return {one.id: str(one.workspace).replace(state, "STATE") for one in configured_agents()}


def test_without_openclaw_there_is_one_agent_with_its_default_workspace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [one] = configured_agents()
    assert (one.id, one.workspace) == ("main", paths.openclaw_dir() / "workspace")
    monkeypatch.setenv("OPENCLAW_WORKSPACE_DIR", "/srv/ws")
    assert configured_agents()[0].workspace == Path("/srv/ws")


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ({"entries": {"main": {}}}, {"main": "STATE/workspace"}),
        ({"list": [{"id": "Anna", "workspace": "/w/a"}]}, {"anna": "/w/a"}),
        (
            {"entries": {"a": {}, "b": {"default": True}}, "defaults": {"workspace": "/w"}},
            {"b": "/w", "a": "/w/a"},
        ),
        (
            {
                "ownership": "explicit",
                "entries": {"a": {"workspace": "/w/a"}, "b": {}},
                "defaults": {"systemAgent": {"agentId": "b"}},
            },
            {"b": "STATE/workspace-b", "a": "/w/a"},
        ),
        ({"entries": {"a": {}, "b": {}}}, {"a": "STATE/workspace-a", "b": "STATE/workspace-b"}),
        ({"entries": {"a": None, "": {}}}, {"a": "STATE/workspace"}),
        ({"entries": [], "list": {}, "defaults": []}, {"main": "STATE/workspace"}),
        ("nonsense", {"main": "STATE/workspace"}),
    ],
)
def test_the_agents_and_their_workspaces(section: Any, wanted: dict[str, str]) -> None:
    found = agents(section)
    assert found == wanted
    assert list(found) == list(wanted), "the default agent comes first"


def test_a_home_is_expanded() -> None:
    assert agents({"entries": {"a": {"workspace": "~/ws"}}}) == {"a": str(Path.home() / "ws")}


def test_a_file_that_cannot_be_read_says_so() -> None:
    paths.openclaw_dir().mkdir(parents=True)
    (paths.openclaw_dir() / "openclaw.json").write_text('{"agents": ')
    with pytest.raises(InputError, match=r"openclaw\.json cannot be read"):
        configured_agents()
