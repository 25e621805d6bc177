"""Told to one agent, known to the other: the whole way, on the real OpenClaw with two agents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .house import ANN, BOB, WORK, House, living_in
from .loopback import until
from .model import ToolCall

SIGNALS = "/v1/cross-agent-intelligence/signals"
HEADING = "## Signals: another agent heard of the same"
OFFER = "Acme Corp. wants an offer for forty valves by Friday."
PRIVATE = "Acme Corp. is about to be sold, and nobody must know it yet."
NEWS = "Acme Corp. cancelled the order of the pumps this morning."


@pytest.fixture(scope="module")
def two(openclaw: Path, models_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house whose owner, Ann, lets her agents share what she may know."""
    with living_in(
        tmp_path_factory.mktemp("two"),
        openclaw,
        models_cache,
        CLAWCORTEX_OWNERS=f"telegram:{ANN.id}",
        CLAWCORTEX_SHARE_BETWEEN_AGENTS="true",
        CLAWCORTEX_SHARE_GROUPS_WITH_OWNER="true",
        CLAWCORTEX_SIGNAL_MESSAGES="owner",
        CLAWCORTEX_PROMPT_TOKENS="4000",
    ) as found:
        yield found


def signals(house: House, least: int) -> list[dict[str, Any]]:
    """Return the signals once there are so many, the newest first."""

    def found() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = house.ask(SIGNALS, {})["signals"]
        return listed if len(listed) >= least else []

    known: list[dict[str, Any]] = until(found, f"{least} signals")
    return known


def test_told_to_one_the_others_next_prompt_carries_it_once(two: House) -> None:
    two.tell(ANN, OFFER, WORK)
    two.remembers(OFFER)
    two.tell(ANN, PRIVATE)
    [first] = signals(two, 1)
    assert (first["agents"], first["told"], first["words"]) == (["main", "work"], ["work"], PRIVATE)
    before = len(two.telegram.sent)
    block = two.tell(ANN, NEWS, WORK).block
    assert HEADING not in block
    assert "about to be sold" not in block, "a private chat's words are no group's"
    second = signals(two, 2)[0]
    assert (second["agents"], second["told"], second["words"]) == (["work", "main"], ["main"], NEWS)
    two.telegram.reads(ANN.chat(), "cancelled the order of the pumps", before)
    assert "cancelled" not in two.tell(BOB, "What is new?").block, "Bob was told nothing of it"
    told = two.tell(ANN, "Is there anything to do before lunch?").block
    assert f"{HEADING}\n- (signal about Acme Corp., told to work" in told
    assert f"“{NEWS}”" in told
    assert HEADING not in two.tell(ANN, "And after lunch?").block


def test_the_model_asks_for_signals_and_mutes_one(two: House) -> None:
    two.model.plan(ToolCall("cross_agent_intelligence_signals", {}))
    found = json.loads(two.tell(ANN, "What do the others say?").asked[-1].results[-1])["signals"]
    assert {one["words"] for one in found} == {PRIVATE, NEWS}
    two.model.plan(ToolCall("cross_agent_intelligence_signals", {}))
    assert json.loads(two.tell(BOB, "What do the others say?").asked[-1].results[-1]) == {"signals": []}
    muted = {"entity": "Acme Corp.", "action": "mute"}
    two.model.plan(ToolCall("cross_agent_intelligence_subscribe", muted))
    said = json.loads(two.tell(ANN, "No more of them, please.").asked[-1].results[-1])
    assert (said["agent"], said["muted"]) == ("main", True)


def test_the_jobs_write_the_files_and_the_agents_are_told(two: House) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    chat = {"chat": f"telegram:default:{ANN.id}", "sender": str(ANN.id), "chat_type": "private"}
    for agent, text in (
        ("main", "We decided to hire Lena."),
        ("work", "We decided to rent the hall in Turin."),
    ):
        given = {"text": text, "agent": agent, "speaker": "Ann", "timestamp": yesterday.isoformat(), **chat}
        two.ask("/v1/context-retention/capture", given)
    for job in ("clawcortex summarize hour", "clawcortex sync", "clawcortex detect"):
        run = two.run_job(job)
        assert run["run"]["status"] == "ok", run
    assert two.ask("/v1/cross-agent-intelligence/sync", {})["warnings"] == [], "nodes and sessions were told"
    shared = two.folder / "ws-main"
    path = min(
        (shared / "shared-learnings" / "daily-sync").glob("*.md")
    )  # an hour that ended just now has one, too
    main, work = path.read_text().split("\n## work\n")
    assert "We decided to hire Lena." in main
    assert "We decided to rent the hall in Turin." in work
    content = json.loads((shared / "cross-signals.json").read_text())
    assert content["version"] == 1
    assert {one["name"] for one in content["signals"]} == {"Acme Corp."}
    block = two.tell(ANN, "Good evening").block
    assert f"Daily sync of {path.stem}" in block
    assert "We decided to rent the hall in Turin." in block
    assert f"Daily sync of {path.stem}" not in two.tell(ANN, "And good night").block
