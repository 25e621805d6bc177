"""Whose words change PRIORITIES.md through an agent, and where it is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clawcortex.errors import DeniedError
from clawcortex.openclaw.host import Agent
from clawcortex.server.resources import Residence
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.known import CHATS
from clawcortex.store.records import ChatType, Scope
from clawcortex.testing import FakeHost
from voice_pipeline.operations import priorities, update
from voice_pipeline.shapes import ExtractInput, PrioritiesInput

from .calls import calling

OWNER = ("telegram:111",)
SAID = ExtractInput(text="Ben has to send the offer by Friday.", by_model=False)


@pytest.fixture
def context(residence: Residence, tmp_path: Path) -> Context:
    """Return the owner's call; 111 and 222 are private chats, -100 is a group."""
    (tmp_path / "ws").mkdir()
    found = calling(residence, "cli", FakeHost(agents=[Agent("main", tmp_path / "ws")]))
    for chat, kind in (("111", "private"), ("222", "private"), ("-100", "group")):
        found.store.put_record(CHATS, f"telegram:default:{chat}", {"type": kind})
    return found


def called(context: Context, owners: tuple[str, ...], chat: str, sender: str) -> Context:
    """Return the call of an agent for somebody in a chat, as OpenClaw tells of it."""
    settings = Settings(**{**context.settings.model_dump(), "owners": owners})
    scope = Scope(channel="telegram", chat=chat, sender=sender, chat_type=ChatType.UNKNOWN)
    resources = replace(context.resources, settings=settings)
    return replace(context, resources=resources, caller=Caller("tool", scope, actor="agent:main"))


@pytest.mark.parametrize(
    ("owners", "chat", "sender", "changes", "sees"),
    [
        (OWNER, "111", "111", True, True),
        (OWNER, "-100", "111", True, False),
        (OWNER, "222", "222", False, False),
        (OWNER, "-100", "222", False, False),
        (OWNER, "333", "333", False, False),
        ((), "111", "111", True, True),
        ((), "-100", "111", False, False),
        (OWNER, "agent:main:main", "unknown", True, True),
    ],
    ids=[
        "the owner", "the owner in a group", "somebody else", "somebody else in a group", "a chat not known",
        "in private, nobody named", "in a group, nobody named", "no channel: the owner's own screen",
    ],
)  # fmt: skip
def test_who_may(
    context: Context, owners: tuple[str, ...], chat: str, sender: str, *, changes: bool, sees: bool
) -> None:
    call = called(context, owners, chat, sender)
    if changes:
        assert update(call, SAID).added
    else:
        with pytest.raises(DeniedError, match="only the owner's own words") as refused:
            update(call, SAID)
        assert "private chat" in refused.value.hint
        assert priorities(context, PrioritiesInput()).priorities == []
    if sees:
        assert priorities(call, PrioritiesInput()).priorities
    else:
        with pytest.raises(DeniedError, match="the owner's private chat only"):
            priorities(call, PrioritiesInput())
