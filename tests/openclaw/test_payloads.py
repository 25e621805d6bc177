"""Payloads as a running gateway sent them (OpenClaw 2026.9.6, Telegram), cut to what is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from clawcortex.errors import InputError
from clawcortex.openclaw import payloads
from clawcortex.store.records import ChatType, Scope

SESSION = {"sessionKey": "agent:main:main", "sessionId": "f7ac449f"}
TURN = {
    **SESSION,
    "runId": "37a5e378",
    "agentId": "main",
    "trigger": "user",
    "channel": "telegram",
    "accountId": "default",
    "messageProvider": "telegram",
    "channelId": "222",
    "chatId": "222",
    "senderId": "222",
    "channelContext": {"sender": {"id": "222"}, "chat": {"id": "222"}},
}
BOB = Scope("main", "telegram", "default", "222", "222", ChatType.UNKNOWN)
ANNS = {
    "role": "user",
    "content": "ann dm one",
    "timestamp": 1795371925000,
    "idempotencyKey": "channel-user:v1:951e",
    "__openclaw": {
        "senderIsOwner": False,
        "senderId": "111",
        "senderName": "Ann",
        "senderIdentity": {"type": "observation", "id": "111", "accountId": "default"},
        "transport": {"channel": "telegram", "conversationRef": "conv_fa4e", "messageId": "11"},
    },
}
BOBS = {
    "role": "user",
    "content": [{"type": "text", "text": "bob dm one"}, {"type": "image", "data": "…"}],
    "timestamp": 1795371946386,
    "idempotencyKey": "channel-user:v1:bd3f",
}
CALL = {"role": "assistant", "content": [{"type": "toolCall", "id": "call_1", "name": "x", "arguments": {}}]}
RESULT = {
    "role": "toolResult",
    "toolCallId": "call_1",
    "toolName": "x",
    "content": [],
    "timestamp": 1795371946400,
}
ANSWER = {
    "role": "assistant",
    "content": [{"type": "text", "text": "hello bob"}],
    "timestamp": 1795371946435,
    "responseId": "chatcmpl-1795371946477",
}


def hook(name: str, event: dict[str, Any], ctx: dict[str, Any]) -> Any:
    return payloads.parse(name, {"event": event, "ctx": ctx})


def test_a_prompt_names_agent_chat_and_sender() -> None:
    found = hook("before_prompt_build", {"prompt": "bob dm one", "messages": [ANNS]}, TURN)
    assert (found.prompt, found.run, found.agent, found.session_key) == (
        "bob dm one",
        "37a5e378",
        "main",
        "agent:main:main",
    )
    assert found.scope() == BOB


def test_the_end_of_a_turn_gives_the_last_turn_alone() -> None:
    messages = [ANNS, {**ANSWER, "responseId": "earlier"}, BOBS, CALL, RESULT, ANSWER]
    found = hook("agent_end", {"messages": messages, "success": True}, TURN)
    assert found.scope() == BOB
    assert [(turn.role, turn.text, turn.ref) for turn in found.turns()] == [
        ("user", "bob dm one", "channel-user:v1:bd3f"),
        ("tool", "", "call_1"),
        ("assistant", "hello bob", "chatcmpl-1795371946477"),
    ]
    assert found.turns()[0].at == datetime(2026, 11, 22, 18, 25, 46, 386_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("is_group", "kind"), [(False, ChatType.PRIVATE), (True, ChatType.GROUP), (None, ChatType.UNKNOWN)]
)
def test_only_a_dispatch_knows_the_chat_type(is_group: bool | None, kind: ChatType) -> None:
    event = {"channel": "telegram", "senderId": "111", "isGroup": is_group, "content": "hi"}
    ctx = {
        "channelId": "telegram",
        "accountId": "default",
        "conversationId": "-100200",
        "sessionKey": "agent:work:main",
        "senderId": "111",
    }
    found = hook("before_dispatch", event, ctx)
    assert found.scope() == Scope("work", "telegram", "default", "-100200", "111", kind)
    assert found.text == "hi"


def test_a_received_message_knows_the_name() -> None:
    ctx = {
        "channelId": "telegram",
        "accountId": "default",
        "conversationId": "telegram:222",
        "sessionKey": "agent:main:main",
        "senderId": "222",
    }
    found = hook("message_received", {"senderId": "222", "metadata": {"senderName": "Bob"}}, ctx)
    assert found.sender_name == "Bob"
    assert found.scope() == BOB


def test_a_reset_names_the_sender_of_each_message() -> None:
    ctx = {**SESSION, "agentId": "main"}
    found = hook("before_reset", {"messages": [ANNS, ANSWER], "reason": "new"}, ctx)
    assert [(turn.sender, turn.sender_name, turn.ref) for turn in found.turns()] == [
        ("111", "Ann", "channel-user:v1:951e"),
        ("", "", "chatcmpl-1795371946477"),
    ]
    assert found.scope() == Scope("main", "telegram", "default", "agent:main:main", "111", ChatType.UNKNOWN)


def test_sessions_and_compactions() -> None:
    ctx = {**SESSION, "agentId": "main"}
    assert hook("session_start", {"resumedFrom": "f7ac449f"}, ctx).resumed
    assert not hook("session_start", {}, ctx).resumed
    assert hook("session_end", {"reason": "new"}, ctx).reason == "new"
    assert hook("after_compaction", {"compactedCount": 18}, ctx).compacted == 18
    assert hook("before_compaction", {"messageCount": 20}, ctx).compacted == 0
    assert hook("session_end", {}, {"sessionKey": "agent:work:main"}).scope().agent == "work"


def test_a_tool_knows_its_caller() -> None:
    context = {
        "agentId": "work",
        "sessionKey": "agent:work:main",
        "messageChannel": "telegram",
        "agentAccountId": "default",
        "deliveryContext": {"channel": "telegram", "to": "telegram:-100200", "accountId": "default"},
        "nativeChannelId": "-100200",
        "requesterSenderId": "111",
        "senderIsOwner": False,
    }
    wanted = Scope("work", "telegram", "default", "-100200", "111", ChatType.UNKNOWN)
    assert payloads.ToolContext.model_validate(context).scope() == wanted
    without = {name: value for name, value in context.items() if name != "nativeChannelId"}
    assert payloads.ToolContext.model_validate(without).scope() == wanted


def test_what_is_missing_is_never_somebody_elses() -> None:
    found = hook("before_prompt_build", {}, {"sessionKey": "agent:main:hook:x"}).scope()
    assert found == Scope("main", "unknown", "default", "agent:main:hook:x", "unknown", ChatType.UNKNOWN)
    nobody = payloads.ToolContext.model_validate(
        {"sessionKey": "agent:main:x", "deliveryContext": None}
    ).scope()
    assert (nobody.chat, nobody.sender) == ("agent:main:x", "unknown")


@pytest.mark.parametrize(
    "messages",
    [None, "text", [None, 3, "x"], [{"role": "user", "content": None}], [{"role": "system", "content": "x"}]],
)
def test_odd_messages_are_no_turns(messages: object) -> None:
    assert hook("agent_end", {"messages": messages}, TURN).turns() == []


def test_numbers_are_taken_as_ids_and_odd_times_as_none() -> None:
    odd = [{"role": "user", "content": "x", "timestamp": "yesterday"}]
    found = hook("agent_end", {"messages": odd}, {**TURN, "chatId": 222, "senderId": 222, "runId": None})
    assert found.scope() == BOB
    assert found.turns()[0].at is None


def test_an_unknown_hook_and_a_wrong_shape_are_refused() -> None:
    with pytest.raises(InputError, match="unknown hook"):
        payloads.parse("llm_output", {})
    with pytest.raises(InputError, match=r"agent_end: ctx"):
        payloads.parse("agent_end", {"ctx": []})
