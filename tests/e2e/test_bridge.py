"""index.js on Node alone, against a server of our own that answers as it is told."""

from __future__ import annotations

import json
import os
import stat
import urllib.error
import urllib.request
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.openclaw.config import configured_agents

from .bridging import CONFIG, Bridge, Server, spooled

USER = {
    "agentId": "main",
    "sessionKey": "agent:main:main",
    "trigger": "user",
    "chatId": "111",
    "senderId": "111",
}
HISTORY = {
    "role": "user",
    "content": "somebody else's",
    "__openclaw": {"senderId": "222", "senderName": "Bob"},
}
OWN = {"role": "user", "content": "earlier", "__openclaw": {"senderId": "111", "senderName": "Ann"}}
LAST = [
    {"role": "user", "content": [{"type": "text", "text": "mine"}, {"type": "image", "data": "AAAA"}]},
    {"role": "toolResult", "toolCallId": "call_1", "content": [{"type": "text", "text": "a whole file"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "yours"}], "usage": {"input": 1}},
]
TOOL = "context_retention_recall"


def test_a_prompt_gets_what_the_server_says(server: Server, bridge: Bridge) -> None:
    server.body = json.dumps({"prependContext": "a block", "other": 1})
    found = bridge(hook="before_prompt_build", event={"prompt": "hi", "messages": [HISTORY, OWN]}, ctx=USER)
    assert found == {"answer": {"prependContext": "a block"}, "error": None, "warnings": []}
    assert server.requests == [
        (
            "/v1/hooks/before_prompt_build",
            {"event": {"prompt": "hi"}, "ctx": {**USER, "senderName": "Ann"}},
        )
    ]


@pytest.mark.parametrize("hook", ["before_prompt_build", "agent_end"])
def test_only_a_users_turn_is_told(server: Server, bridge: Bridge, hook: str) -> None:
    for trigger in ("heartbeat", "memory", "cron"):
        assert (
            bridge(hook=hook, event={"prompt": "x", "messages": LAST}, ctx={**USER, "trigger": trigger})[
                "answer"
            ]
            is None
        )
    assert server.requests == []


def test_a_turns_end_sends_the_last_turn_without_pictures_and_tool_results(
    server: Server, bridge: Bridge
) -> None:
    bridge(hook="agent_end", event={"messages": [HISTORY, *LAST], "runId": "r", "success": True}, ctx=USER)
    [(route, sent)] = server.requests
    assert route == "/v1/hooks/agent_end"
    assert sent["event"]["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "mine"}]},
        {"role": "toolResult", "toolCallId": "call_1", "content": []},
        {"role": "assistant", "content": [{"type": "text", "text": "yours"}]},
    ]
    assert not paths.spool_dir().exists()


def test_without_a_server_nothing_breaks_and_the_turn_waits(bridge: Bridge) -> None:
    found = bridge(hook="before_prompt_build", event={"prompt": "hi"}, ctx=USER)
    assert found["answer"] is None
    assert len(found["warnings"]) == 1
    dispatch = {"channel": "telegram", "content": "a secret", "isGroup": False}
    bridge(hook="before_dispatch", event=dispatch, ctx={"conversationId": "111"})
    found = bridge(hook="agent_end", event={"messages": [HISTORY, *LAST]}, ctx=USER)
    assert "spooled" in found["warnings"][0]
    first, second = spooled()
    assert (first["hook"], first["event"]) == ("before_dispatch", {**dispatch, "content": ""})
    assert second["ctx"].pop("eventId"), "an event that may come twice is told apart"
    assert (second["hook"], second["ctx"]) == ("agent_end", USER)
    assert [one["role"] for one in second["event"]["messages"]] == ["user", "toolResult", "assistant"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths.spool_dir().iterdir()} == {0o600}
    assert stat.S_IMODE(paths.spool_dir().stat().st_mode) == 0o700


def test_a_silent_server_costs_a_prompt_its_deadline_and_no_more(server: Server, bridge: Bridge) -> None:
    server.silent.set()
    assert bridge(hook="before_prompt_build", event={"prompt": "hi"}, ctx=USER)["answer"] is None
    assert "spooled" in bridge(hook="agent_end", event={"messages": LAST}, ctx=USER)["warnings"][0]
    assert len(spooled()) == 1


@pytest.mark.parametrize(("status", "kept"), [(400, 0), (413, 0), (429, 1), (503, 1), (507, 1)])
def test_what_the_server_refuses_for_now_waits(
    server: Server, bridge: Bridge, status: int, kept: int
) -> None:
    server.status, server.body = status, json.dumps({"code": "c", "message": "m", "hint": "h"})
    assert bridge(hook="agent_end", event={"messages": LAST}, ctx=USER)["error"] is None
    assert len(list(paths.spool_dir().glob("*.json"))) == kept


def test_nonsense_from_the_server_breaks_nothing(server: Server, bridge: Bridge) -> None:
    server.body = "<html>"
    assert bridge(hook="before_prompt_build", event={"prompt": "hi"}, ctx=USER)["answer"] is None


def test_a_tool_sends_who_calls_and_returns_the_answer(server: Server, bridge: Bridge) -> None:
    server.body = json.dumps({"hits": []})
    context = {"agentId": "main", "requesterSenderId": "111", "config": {"secret": "x"}}
    found = bridge(tool=TOOL, params={"query": "x"}, context=context)
    assert found["answer"] == {
        "content": [{"type": "text", "text": '{"hits":[]}'}],
        "details": {"result": {"hits": []}},
    }
    sent = {"params": {"query": "x"}, "context": {"agentId": "main", "requesterSenderId": "111"}}
    assert server.requests == [(f"/v1/tools/{TOOL}", sent)]
    server.status, server.body = 400, json.dumps({"message": "query is empty", "hint": "Ask."})
    assert bridge(tool=TOOL, params={}, context={})["error"] == f"{TOOL}: query is empty. Ask."


def test_a_tool_says_when_nobody_answers(bridge: Bridge) -> None:
    assert "does not answer" in bridge(tool=TOOL, params={}, context={})["error"]


def test_a_socket_of_somebody_else_gets_nothing(server: Server, bridge: Bridge) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(paths.socket_path(), 65534, 65534)
    assert bridge(hook="before_prompt_build", event={"prompt": "hi"}, ctx=USER)["answer"] is None
    assert server.requests == []


def test_a_starting_gateway_tells_its_port_and_agents(server: Server, bridge: Bridge) -> None:
    bridge(hook="gateway_start", event={"port": 18_789}, ctx={"config": CONFIG, "port": 18_789})
    [(route, sent)] = server.requests
    assert route == "/v1/hooks/gateway_start"
    told = [{"id": "work", "workspace": "/ws/work"}, {"id": "main", "workspace": "/ws/main"}]
    assert sent["event"] == {"port": 18_789, "tls": True, "agents": told}
    assert list(sent["ctx"]) == ["eventId"], "the configuration holds secrets: nothing of it is sent"


WRITER = {
    "agentId": "main",
    "channel": "telegram",
    "accountId": "default",
    "senderId": "111",
    "to": "telegram:111",
}


@pytest.mark.parametrize(("named", "native"), [({}, True), ({"channelId": "telegram"}, False)])
def test_a_command_says_who_wrote_what_and_where(
    server: Server, bridge: Bridge, named: dict[str, str], native: bool
) -> None:
    server.body = json.dumps({"text": "Well."})
    found = bridge(command="refine", ctx={**WRITER, **named, "args": "Say it", "config": {"secret": "x"}})
    assert found["answer"] == {"text": "Well."}
    asked = {"text": "Say it", "context": {**WRITER, "native": native}}
    assert server.requests == [("/v1/commands/refine", asked)]
    server.body = "{}"
    assert bridge(command="refine", ctx=WRITER)["answer"] == {"suppressReply": True}
    server.status, server.body = 400, json.dumps({"message": "No.", "hint": "Say it."})
    assert bridge(command="refine", ctx=WRITER)["answer"] == {"text": "⚠️ No. Say it."}


def test_a_command_without_the_server_is_answered(bridge: Bridge) -> None:
    assert "does not answer" in bridge(command="refine", ctx=WRITER)["answer"]["text"]


@pytest.mark.parametrize(
    "section",
    [
        {"entries": {"main": {}, "Work": {}}, "defaults": {"systemAgent": {"agentId": " work "}}},
        {"list": [{"id": "Anna"}, {"id": " Ben ", "default": True}, {"name": "no id"}]},
        {"list": [{"id": "a"}, {"id": "b", "default": True}, {"id": "c", "default": True}]},
        {"list": [{"id": "a"}, {"id": "b", "default": True}], "ownership": "explicit"},
        {"entries": {}, "list": {}},
        {"entries": {}, "list": [{"id": "z"}]},
    ],
)
def test_both_languages_put_the_same_agent_first(server: Server, bridge: Bridge, section: Any) -> None:
    bridge(hook="gateway_start", event={"port": 1}, ctx={"config": {"agents": section}})
    [(_, sent)] = server.requests
    paths.openclaw_dir().mkdir(parents=True, exist_ok=True)
    (paths.openclaw_dir() / "openclaw.json").write_text(json.dumps({"agents": section}))
    assert [one["id"] for one in sent["event"]["agents"]] == [one.id for one in configured_agents()]


def test_a_start_before_the_server_waits(bridge: Bridge) -> None:
    bridge(hook="gateway_start", event={"port": 1}, ctx={"config": {}})
    [kept] = spooled()
    assert kept["hook"] == "gateway_start"
    assert kept["event"] == {"port": 1, "tls": False, "agents": [{"id": "main", "workspace": "/ws/main"}]}


PRESS = {
    "accountId": "default",
    "callbackId": "77",
    "conversationId": "111",
    "senderId": "111",
    "isGroup": False,
}
BUTTON = {"data": "clawcortex:42:yes", "namespace": "clawcortex", "payload": "42:yes", "messageId": 1017}


@pytest.mark.parametrize(("channel", "part"), [("telegram", "callback"), ("discord", "interaction")])
def test_a_press_is_sent_and_the_answer_replied(
    server: Server, bridge: Bridge, channel: str, part: str
) -> None:
    server.body = json.dumps({"reply": "Noted.", "other": 1})
    who = {"senderUsername": "ann", "auth": {"isAuthorizedSender": True}}
    found = bridge(press={**PRESS, **who, "channel": channel, part: BUTTON})
    assert found["answer"] == {"handled": True, "replies": ["Noted."]}
    [(route, sent)] = server.requests
    assert route == "/v1/hooks/button_pressed"
    assert sent["ctx"] == {"eventId": f"{channel}:default:77"}
    assert sent["event"].pop("pressedAt") > 1_700_000_000_000, "milliseconds since 1970"
    assert sent["event"] == {
        **{name: value for name, value in PRESS.items() if name != "conversationId"},
        "channel": channel,
        "chatId": "111",
        "senderName": "ann",
        "isAuthorized": True,
        "value": "clawcortex:42:yes",
        "messageId": 1017,
    }
    server.body = "{}"
    found = bridge(press={**PRESS, "channel": channel, part: BUTTON})
    assert found["answer"]["replies"] == ["This button is not one of mine."], "no skill took it"
    assert server.requests[-1][1]["event"]["isAuthorized"] is False


def test_a_press_without_the_server_waits_and_the_person_is_told(bridge: Bridge) -> None:
    found = bridge(press={**PRESS, "channel": "telegram", "callback": BUTTON})
    assert "cannot apply it right now" in found["answer"]["replies"][0]
    [kept] = spooled()
    assert (kept["hook"], kept["ctx"]) == ("button_pressed", {"eventId": "telegram:default:77"})
    assert kept["event"]["value"] == "clawcortex:42:yes"


def test_a_press_that_is_refused_does_not_wait(server: Server, bridge: Bridge) -> None:
    server.status, server.body = 400, json.dumps({"code": "invalid_input", "message": "too long"})
    found = bridge(press={**PRESS, "channel": "telegram", "callback": BUTTON})
    assert found["answer"]["replies"] == ["This button is not one of mine."]
    assert not paths.spool_dir().exists()


def test_a_message_is_claimed_only_by_an_answer_in_time(server: Server, bridge: Bridge) -> None:
    dispatch = {"channel": "telegram", "content": "my new text", "isGroup": False}
    server.body = json.dumps({"handled": True, "text": "Thanks."})
    found = bridge(hook="before_dispatch", event=dispatch, ctx={"conversationId": "111"})
    assert found["answer"] == {"handled": True, "text": "Thanks."}
    assert server.requests[0][1]["event"]["content"] == "my new text"
    server.silent.set()
    assert bridge(hook="before_dispatch", event=dispatch, ctx={})["answer"] is None


def test_the_page_is_for_this_machine_only_and_says_when_the_server_is_down(bridge: Bridge) -> None:
    port = bridge(serve=True)["answer"]
    for headers, status, said in (({"x-forwarded-for": "10.0.0.9"}, 403, "Only from"), ({}, 503, "ENOENT")):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/clawcortex/page", headers=headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        assert refused.value.code == status
        assert said in refused.value.read().decode()
