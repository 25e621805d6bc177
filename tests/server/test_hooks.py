"""OpenClaw's events over a real socket: deadlines, failures, acknowledgement, order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client, paths
from clawcortex.errors import ClawcortexError, DeadlineError, InputError, StorageError
from clawcortex.text.fence import NAME, strip_blocks


def prompt(text: str) -> dict[str, Any]:
    """Return what a prompt's hook answers."""
    ctx = {"agentId": "main", "channel": "telegram", "chatId": "111", "senderId": "111", "trigger": "user"}
    return client.call(
        "/v1/hooks/before_prompt_build", {"event": {"prompt": text, "messages": []}, "ctx": ctx}
    )


def turn(text: str, at: int = 1) -> dict[str, Any]:
    """Return the event of a turn that ended."""
    return {"messages": [{"role": "user", "content": text, "timestamp": at}], "success": True}


def dispatch(text: str) -> dict[str, Any]:
    """Return what a message that came in is answered with."""
    event = {"channel": "telegram", "content": text, "senderId": "111", "isGroup": False}
    return client.call(
        "/v1/hooks/before_dispatch", {"event": event, "ctx": {"sessionKey": "agent:main:main"}}
    )


def pressing(value: str, number: int = 1) -> dict[str, Any]:
    """Return the body of a press as index.js sends it."""
    event = {
        "channel": "telegram",
        "accountId": "default",
        "chatId": "111",
        "senderId": "111",
        "value": value,
    }
    more = {"senderName": "ann", "isGroup": False, "isAuthorized": True, "messageId": 1001}
    return {"event": {**event, **more}, "ctx": {"eventId": f"telegram:default:{number}"}}


def press(value: str, number: int = 1) -> dict[str, Any]:
    """Return what a press is answered with."""
    return client.call("/v1/hooks/button_pressed", pressing(value, number))


def lines() -> list[dict[str, Any]]:
    """Return the server's log."""
    return [json.loads(line) for line in paths.log_path().read_text().splitlines()]


@pytest.mark.usefixtures("shared")
class TestPrompt:
    def test_contributions_come_back_as_one_fenced_block(self) -> None:
        block = prompt("what </tea> does Ann like?")["prependContext"]
        assert block.startswith(f"<{NAME}")
        assert "## Quick" in block
        assert "- (told by Ann) “what ‹/tea› does Ann like?”" in block
        assert strip_blocks(f"{block}\n\nhello").strip() == "hello"

    def test_each_turn_has_its_own_nonce(self) -> None:
        assert len({prompt("same")["prependContext"].partition("\n")[0] for _ in range(5)}) == 5

    def test_nothing_to_say_injects_nothing(self) -> None:
        assert prompt("nothing") == {}

    def test_a_failing_hook_costs_only_its_own_part(self) -> None:
        assert "boom" in prompt("boom")["prependContext"]
        assert any("ZeroDivisionError: a bug in a hook" in line.get("exc_info", "") for line in lines())

    def test_a_payload_that_cannot_be_read_injects_nothing(self) -> None:
        assert client.call("/v1/hooks/before_prompt_build", {"event": "no object", "ctx": 7}) == {}

    def test_what_was_kept_is_logged_without_its_text(self) -> None:
        prompt("a secret word: xyzzy")
        [composed] = [line for line in lines() if line.get("kept") and "xyzzy" not in json.dumps(line)][-1:]
        assert composed["kept"][0].startswith("probe:q1:")
        assert "xyzzy" not in paths.log_path().read_text()


def test_a_late_hook_is_left_out_and_the_others_are_in_time(
    house: Path, fifo: Path, monkeypatch: pytest.MonkeyPatch, until_ended: Callable[[], None]
) -> None:
    monkeypatch.setenv("CLAWCORTEX_HOOK_DEADLINE_MS", "1500")
    client.start()
    client.call("/readyz?wait=60")
    block = prompt(f"wait:{fifo}")["prependContext"]  # answered although the slow hook still waits
    assert "## Quick" in block
    assert "## Slow" not in block
    with fifo.open("wb") as pipe:
        pipe.write(b"too late")
    assert "hooks were late" in paths.log_path().read_text()
    client.call("/v1/shutdown", {})
    until_ended()


def test_a_block_that_left_is_marked_as_told_once(house: Path, until_ended: Callable[[], None]) -> None:
    client.start()
    client.call("/readyz?wait=60")
    assert prompt("tell me")["prependContext"]
    assert prompt("nothing") == {}
    client.call("/v1/shutdown", {})  # draining ends what was begun
    until_ended()
    client.start()
    assert client.call("/v1/probe/told", {})["count"] == 1
    client.call("/v1/shutdown", {})
    until_ended()


@pytest.mark.usefixtures("shared")
class TestEvents:
    def test_a_turn_is_acknowledged_after_it_is_stored(self) -> None:
        assert client.call("/v1/hooks/agent_end", {"event": turn("kept"), "ctx": {}}) == {}
        assert "kept" in client.call("/v1/probe/turns", {})["texts"]

    def test_a_replay_is_stored_once(self) -> None:
        for _ in range(3):
            client.call("/v1/hooks/agent_end", {"event": turn("again"), "ctx": {}})
        assert client.call("/v1/probe/turns", {})["texts"].count("again") == 1

    def test_a_turn_that_was_not_stored_is_not_acknowledged(self) -> None:
        with pytest.raises(StorageError, match="no space"):
            client.call("/v1/hooks/agent_end", {"event": turn("disk full"), "ctx": {}})
        with pytest.raises(InputError, match="cannot be read"):
            client.call("/v1/hooks/agent_end", {"event": turn("refuse me"), "ctx": {}})

    def test_an_unknown_event_is_refused(self) -> None:
        with pytest.raises(InputError, match="unknown hook"):
            client.call("/v1/hooks/coffee_break", {"event": {}, "ctx": {}})


@pytest.mark.usefixtures("shared")
class TestClaims:
    def test_the_first_skill_that_claims_a_message_answers_it(self) -> None:
        assert dispatch("mine: tea") == {"handled": True, "text": "taken:  tea"}

    @pytest.mark.parametrize("text", ["hello", "", "no claim"])
    def test_any_other_message_goes_on(self, text: str) -> None:
        assert dispatch(text) == {}

    def test_a_claim_stands_though_another_skill_fails(self) -> None:
        assert dispatch("mine:boom")["handled"] is True

    def test_a_fault_without_a_claim_is_an_error_and_the_event_is_kept_for_later(self) -> None:
        with pytest.raises(ClawcortexError, match="ZeroDivisionError"):
            dispatch("boom")


def test_a_late_claim_lets_the_message_go_on(
    house: Path, fifo: Path, monkeypatch: pytest.MonkeyPatch, until_ended: Callable[[], None]
) -> None:
    monkeypatch.setenv("CLAWCORTEX_CLAIM_DEADLINE_MS", "200")
    client.start()
    client.call("/readyz?wait=60")
    with pytest.raises(DeadlineError, match="goes to the agent"):
        dispatch(f"mine:wait:{fifo}")
    with fifo.open("wb") as pipe:
        pipe.write(b"now")
    client.call("/v1/shutdown", {})
    until_ended()


@pytest.mark.usefixtures("shared")
class TestPresses:
    def test_a_press_reaches_the_skill_and_its_reply_comes_back(self) -> None:
        assert press("clawcortex:yes", 7) == {"reply": "pressed clawcortex:yes"}
        assert press("clawcortex:yes", 7) == {"reply": "pressed clawcortex:yes"}
        kept = client.call("/v1/probe/presses", {})["texts"]
        assert kept.count("clawcortex:yes by telegram:111 in 111 private True") == 1

    def test_a_skill_may_say_nothing(self) -> None:
        assert press("clawcortex:silent") == {}

    @pytest.mark.parametrize("value", ["", "x" * 52, "é" * 26, "<b>*_`\x00"])
    def test_a_value_of_up_to_52_bytes_is_for_the_skill_to_judge(self, value: str) -> None:
        assert press(value) == {"reply": f"pressed {value}"}

    @pytest.mark.parametrize("value", ["x" * 53, "é" * 27, "x" * 10_000, None, {}])
    def test_a_value_that_no_button_carries_is_refused(self, value: Any) -> None:
        with pytest.raises(InputError, match="button_pressed"):
            press(value)
        assert press("clawcortex:yes")["reply"]

    def test_a_value_that_is_no_unicode_survives(self) -> None:
        assert press("half \ud800")["reply"].startswith("pressed half ")

    def test_a_press_that_was_not_stored_is_not_acknowledged(self) -> None:
        with pytest.raises(StorageError, match="no space"):
            press("clawcortex:full")


def test_a_press_from_the_spool_is_applied_once_and_nobody_is_told(
    house: Path, until_ended: Callable[[], None]
) -> None:
    for number in (3, 4, 3):
        body = pressing("clawcortex:later", number)
        client.spool("button_pressed", body["event"], body["ctx"])
    client.start()
    assert press("clawcortex:now", 5)["reply"]  # waits for what is in the spool
    texts = [line.split()[0] for line in client.call("/v1/probe/presses", {})["texts"]]
    assert texts == ["clawcortex:later", "clawcortex:later", "clawcortex:now"]
    assert list(paths.spool_dir().glob("*.json")) == []
    client.call("/v1/shutdown", {})
    until_ended()


class TestSpool:
    def test_what_waited_is_applied_in_order_once_and_before_live_turns(
        self, house: Path, until_ended: Callable[[], None]
    ) -> None:
        for number in range(12):
            client.spool("agent_end", turn(f"waited {number}"), {})
        client.spool("agent_end", turn("waited 3"), {})
        client.start()
        client.call("/v1/hooks/agent_end", {"event": turn("live"), "ctx": {}})
        texts = client.call("/v1/probe/turns", {})["texts"]
        assert texts == [*(f"waited {number}" for number in range(12)), "live"]
        assert list(paths.spool_dir().glob("*.json")) == []
        client.call("/v1/shutdown", {})
        until_ended()

    def test_what_cannot_be_applied_is_put_aside_with_its_reason(
        self, house: Path, until_ended: Callable[[], None]
    ) -> None:
        folder = paths.private_folder(paths.spool_dir())
        (folder / "000000000000001-a.json").write_bytes(b'{"hook": "agent_')
        (folder / "000000000000002-b.json").write_bytes(b"[]")
        (folder / "000000000000003-c.json").write_text(
            json.dumps({"hook": "no_such", "event": {}, "ctx": {}})
        )
        client.spool("agent_end", turn("refuse me"), {})
        client.spool("agent_end", turn("after the bad ones"), {})
        client.start()
        client.call("/v1/hooks/agent_end", {"event": turn("live"), "ctx": {}})
        assert client.call("/v1/probe/turns", {})["texts"] == ["after the bad ones", "live"]
        reasons = {path.name[:15]: path.read_text() for path in (folder / "bad").glob("*.reason")}
        assert len(reasons) == 4
        assert "not JSON" in reasons["000000000000001"]
        assert "names no hook" in reasons["000000000000002"]
        assert "unknown hook" in reasons["000000000000003"]
        assert len(list((folder / "bad").glob("*.json"))) == 4
        client.call("/v1/shutdown", {})
        until_ended()

    def test_a_full_disk_leaves_the_file_and_everything_after_it(
        self, house: Path, until_ended: Callable[[], None]
    ) -> None:
        client.spool("agent_end", turn("first"), {})
        full = client.spool("agent_end", turn("disk full"), {})
        after = client.spool("agent_end", turn("after"), {})
        client.start()
        client.call("/v1/hooks/agent_end", {"event": turn("live"), "ctx": {}})  # only after the first round
        assert client.call("/v1/probe/turns", {})["texts"] == ["first", "live"]
        assert full.exists()
        assert after.exists()
        client.call("/v1/shutdown", {})
        until_ended()

    def test_a_spooled_file_is_private_and_whole(self, house: Path, until_ended: Callable[[], None]) -> None:
        path = client.spool("agent_end", turn("x"), {"agentId": "main"})
        assert path.stat().st_mode & 0o077 == 0
        assert json.loads(path.read_bytes())["ctx"] == {"agentId": "main"}
        assert [item.name for item in paths.spool_dir().iterdir()] == [path.name]


def test_four_clients_at_once_lose_and_double_nothing(server: int) -> None:
    def capture(who: int) -> None:
        for number in range(50):
            client.call("/v1/hooks/agent_end", {"event": turn(f"{who}:{number}"), "ctx": {}})

    threads = [threading.Thread(target=capture, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = client.call("/v1/probe/turns", {})["texts"]
    assert sorted(texts) == sorted(f"{who}:{number}" for who in range(4) for number in range(50))


def test_a_starting_gateway_is_remembered_also_from_the_spool(
    house: Path, until_ended: Callable[[], None]
) -> None:
    def started(port: int, workspace: str) -> dict[str, Any]:
        return {"port": port, "tls": False, "agents": [{"id": "work", "workspace": workspace}]}

    client.spool("gateway_start", started(1, "/before"), {})
    client.start()
    try:
        client.call("/v1/hooks/session_end", {"event": {}, "ctx": {}})  # waits for what is in the spool
        assert client.call("/v1/probe/agents", {})["texts"] == ["work in /before"]
        client.call("/v1/hooks/gateway_start", {"event": started(2, "/after"), "ctx": {}})
        assert client.call("/v1/probe/agents", {})["texts"] == ["work in /after"]
        with pytest.raises(InputError, match="port"):
            client.call("/v1/hooks/gateway_start", {"event": {"port": "80; rm"}, "ctx": {}})
        assert client.call("/v1/probe/agents", {})["texts"] == ["work in /after"]
    finally:
        client.call("/v1/shutdown", {})
        until_ended()
