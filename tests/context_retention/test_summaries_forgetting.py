"""What is forgotten leaves the summaries; tools are counted; a compaction gets the last day back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clawcortex.errors import BusyError, HostError
from clawcortex.openclaw.host import Agent
from clawcortex.settings import Settings
from clawcortex.store.records import Selection
from clawcortex.testing import FakeHost
from clawcortex.text.tokens import count_tokens
from context_retention import compaction, hooks, shapes
from context_retention import operations as op
from context_retention.forgetting import archive
from context_retention.summaries import leaving
from context_retention.summaries.filing import publish
from context_retention.summaries.forgetting import Gone, noting
from context_retention.summaries.gathering import uses
from context_retention.summaries.kept import SUMMARIES
from context_retention.transfer import Line

from .conftest import NOW, Asking
from .events import Chat
from .summing import BOBS, DM, FRIDAY, GROUP, Days
from .test_hooks import fire, private

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class NoHost(FakeHost):
    """An OpenClaw that is not there."""

    def agents(self) -> tuple[Agent, ...]:
        raise HostError("no gateway", hint="Start it.")


@pytest.fixture
def days(asking: Asking, tmp_path: Path) -> Days:
    return Days(asking, tmp_path / "ws")


def forget(days: Days, *ids: str) -> None:
    op.forget(days.at(FRIDAY + 12 * DAY), shapes.ForgetInput(ids=list(ids)))


def everything(days: Days) -> str:
    records = days.at(FRIDAY).store.list_records(SUMMARIES)
    return str(records) + "".join(content.decode() for content in days.files().values())


def test_a_forgotten_turn_leaves_every_summary(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    gone = days.say(FRIDAY + MINUTE, "We agreed to hide the diamond under the Alster bridge, said Klausner.")
    days.run(FRIDAY + 10 * DAY, "week")
    assert everything(days).count(gone) > 5
    forget(days, gone)
    left = everything(days)
    assert gone not in left
    for word in ("diamond", "Alster", "Klausner"):
        assert word not in left
    for name in ("hourly/2026-11-20.md", "daily/2026-11-20.md", "weekly/2026-W47.md"):
        assert "blue logo" in days.text(name)
    before = days.files()
    days.run(FRIDAY + 11 * DAY, "week", since=FRIDAY)
    assert days.files() == before


def test_when_all_is_forgotten_nothing_is_left(days: Days) -> None:
    turns = days.talk(FRIDAY, ["We agreed on the blue logo.", "Noted, the blue logo it is."])
    days.run(FRIDAY + 10 * DAY, "week")
    forget(days, *turns)
    assert days.at(FRIDAY).store.list_records(SUMMARIES) == {}
    assert "blue" not in everything(days)


def test_of_a_part_that_a_person_changed_the_forgotten_lines_go(days: Days) -> None:
    kept = days.say(FRIDAY, "We agreed on the blue logo.")
    gone = days.say(FRIDAY + MINUTE, "We agreed to hide the diamond.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / "hourly" / "2026-11-20.md"
    path.write_text(path.read_text().replace("## 09:00", "## 09:00\n\nMy own line about it."))
    forget(days, gone)
    text = path.read_text()
    assert "My own line about it." in text
    assert kept in text
    assert "diamond" not in text


def test_what_was_evicted_stays_summed_up(days: Days) -> None:
    turns = days.talk(FRIDAY, ["We agreed on the blue logo.", "Noted, the blue logo it is."])
    days.run(FRIDAY + HOUR)
    before = days.files()
    context = days.at(FRIDAY + 2 * HOUR)
    context.store.delete(Selection(ids=(turns[0],)))
    assert days.run(FRIDAY + 2 * HOUR).made == []
    assert days.files() == before


def test_forgetting_beside_evicted_turns_keeps_what_only_the_summary_tells(days: Days) -> None:
    evicted = days.say(FRIDAY, "We agreed on the blue logo.")
    gone = days.say(FRIDAY + MINUTE, "We agreed to hide the diamond.")
    days.say(FRIDAY + 2 * MINUTE, "We agreed on the red door.")
    days.run(FRIDAY + 10 * DAY, "week")
    context = days.at(FRIDAY + 10 * DAY)
    context.store.delete(Selection(ids=(evicted,)))
    forget(days, gone)
    left = everything(days)
    assert "diamond" not in left
    assert gone not in left
    for name in ("hourly/2026-11-20.md", "daily/2026-11-20.md", "weekly/2026-W47.md"):
        assert "blue logo" in days.text(name)
        assert "red door" in days.text(name)


def test_what_is_forgotten_out_of_the_archive_leaves_the_summaries(days: Days) -> None:
    gone = days.say(FRIDAY, "We agreed to hide the diamond.")
    days.say(FRIDAY + MINUTE, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    context = days.at(FRIDAY + HOUR)
    memories = context.store.select(Selection(ids=(gone,)))
    with archive.alone():
        archive.keep(memories, FRIDAY)
    context.store.delete(Selection(ids=(gone,)))
    forget(days, gone)
    assert "diamond" not in everything(days)
    assert "blue logo" in days.text("hourly/2026-11-20.md")


def test_evicted_turns_stay_summed_up_whatever_is_forgotten_or_asked_again(
    asking: Asking, tmp_path: Path
) -> None:
    days = Days(asking, tmp_path / "ws", summary_model="never")
    evicted = days.say(FRIDAY, "We agreed on the blue logo.")
    gone = [days.say(FRIDAY + n * MINUTE, f"We agreed to hide diamond {n}.") for n in (1, 2)]
    days.say(FRIDAY + 3 * MINUTE, "We agreed on the red door.")
    days.run(FRIDAY + HOUR)
    days.at(FRIDAY + HOUR).store.delete(Selection(ids=(evicted,)))
    for one in gone:
        forget(days, one)
        assert "blue logo" in days.text("hourly/2026-11-20.md"), "one after the other"
    assert days.run(FRIDAY + 2 * HOUR, since=FRIDAY).made == []
    assert "blue logo" in days.text("hourly/2026-11-20.md")
    assert "diamond" not in everything(days)


def test_a_run_that_began_before_writes_nothing_forgotten_meanwhile(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    gone = days.say(FRIDAY + MINUTE, "We agreed to hide the diamond.")
    days.run(FRIDAY + HOUR)
    made = days.hour(FRIDAY)
    forget(days, gone)
    publish(days.at(FRIDAY + HOUR), [made])
    assert "diamond" not in everything(days)
    assert "blue logo" in days.text("hourly/2026-11-20.md")


def test_with_the_archive_in_use_nothing_is_half_forgotten(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = days.say(FRIDAY, "We agreed to hide the diamond.")
    days.run(FRIDAY + HOUR)
    with archive.alone():
        monkeypatch.setattr(archive, "WAIT_S", 0.0)
        with pytest.raises(BusyError):
            forget(days, gone)
    assert days.at(FRIDAY).store.select(Selection(ids=(gone,)))
    forget(days, gone)
    assert "diamond" not in everything(days)


def test_a_forget_that_was_killed_is_ended_by_its_job(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = days.say(FRIDAY, "We agreed to hide the diamond.")
    days.run(FRIDAY + HOUR)
    with monkeypatch.context() as killed:
        killed.setattr(leaving, "leave_out", lambda *_: pytest.exit("killed"))
        with pytest.raises(pytest.exit.Exception):
            forget(days, gone)
    assert "diamond" in everything(days)
    context = days.at(FRIDAY + 13 * DAY)
    job = context.store.lease({leaving.KIND: 60.0})
    assert job is None  # it waits for the `forget` to end by itself
    (key,) = context.store.list_records(leaving.LEAVING)
    leaving.leave_summaries.run(context, {"key": key})
    assert "diamond" not in everything(days)
    assert context.store.list_records(leaving.LEAVING) == {}
    leaving.leave_summaries.run(context, {"key": key})  # a job that comes when all is done does nothing


def test_a_file_that_cannot_be_cleaned_is_named(days: Days) -> None:
    gone = days.say(FRIDAY, "We agreed to hide the diamond.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / "hourly" / "2026-11-20.md"
    path.write_bytes(path.read_bytes() + b"\xff")
    told = op.forget(days.at(FRIDAY + 2 * HOUR), shapes.ForgetInput(ids=[gone], wait=True))
    assert (told.left, told.scrubbed) == ([str(path)], False)


def test_forgetting_does_not_need_openclaw(days: Days) -> None:
    gone = days.say(FRIDAY, "We agreed to hide the diamond.")
    days.run(FRIDAY + HOUR)
    context = days.at(FRIDAY + 2 * HOUR, NoHost())
    told = op.forget(context, shapes.ForgetInput(ids=[gone]))
    assert told.count == 1
    assert told.left == ["the summaries of main: no gateway"]
    assert context.store.list_records(SUMMARIES) == {}


def test_a_part_forgotten_out_of_the_archive_means_its_turn(days: Days) -> None:
    turn = days.say(FRIDAY, "We agreed on the blue logo. " * 200)
    memories = days.at(FRIDAY).store.select(Selection(ids=(turn,)))
    assert len(memories) > 1
    gone: list[Gone] = []
    judged = noting(lambda _: True, gone)
    assert all(judged(Line.of(memory)) for memory in memories)
    assert gone == [Gone.of(memory) for memory in memories]


def block(asking: Asking, chat: Chat) -> list[Any]:
    fire(asking, hooks.before_compaction, chat.event("before_compaction", {"messageCount": 12}))
    fire(asking, hooks.after_compaction, chat.compacted())
    found = fire(asking, hooks.restore_compacted, chat.prompt("go on"))
    return list(found.items) if found else []


def test_after_a_compaction_the_last_day_comes_back_to_those_who_may_see_it(
    asking: Asking, tmp_path: Path
) -> None:
    days = Days(asking, tmp_path / "ws", timezone="")
    for who, place in (("Ann", DM), ("Bob", BOBS), ("the group", GROUP)):
        days.say(NOW - 5 * HOUR, f"We decided on the new door for {who}.", "Ann", session="other", **place)
    days.say(NOW - 2 * DAY, "We decided on the old door for Ann.", session="other")
    days.run(NOW)
    hers = [item.text for item in block(asking, private(asking))]
    his = [item.text for item in block(asking, private(asking, chat="222", sender="222"))]
    assert "We decided on the new door for Ann." in hers
    assert not any("Bob" in text or "group" in text or "old door" in text for text in hers)
    assert [text for text in his if "door" in text] == ["We decided on the new door for Bob."]


def test_the_last_day_stays_within_its_share(asking: Asking, tmp_path: Path) -> None:
    days = Days(asking, tmp_path / "ws", timezone="")
    for number in range(60):
        days.say(NOW - 5 * HOUR + number * MINUTE, f"We decided on plan {number} with {number * 1000} euros")
    days.run(NOW)
    found = block(asking, private(asking))
    assert found
    share = compaction.block_tokens(asking(settings=Settings())) * compaction.SUMMARY_SHARE
    assert sum(count_tokens(item.text) for item in found) <= share


def tools_turn(chat: Chat, *names: str) -> Any:
    messages: list[dict[str, Any]] = [
        {
            "role": "user",
            "content": "What does the page say?",
            "timestamp": 1_795_000_000_000,
            "idempotencyKey": "k",
        }
    ]
    messages += [
        {
            "role": "toolResult",
            "toolName": name,
            "toolCallId": f"c{n}",
            "content": [],
            "timestamp": 1_795_000_000_001,
        }
        for n, name in enumerate(names)
    ]
    messages.append(
        {"role": "assistant", "content": "It says hello.", "timestamp": 1_795_000_000_002, "responseId": "r"}
    )
    return chat.event("agent_end", {"messages": messages, "success": True})


def test_tools_that_were_used_are_counted_once(asking: Asking, tmp_path: Path) -> None:
    chat = private(asking)
    turn = tools_turn(chat, "web_search", "web_search", "read")
    fire(asking, hooks.capture_turn, turn)
    fire(asking, hooks.capture_turn, turn)
    context = asking()
    said = context.store.select(Selection())[0].created_at
    assert [use.tools for use in uses(context, "main", said)] == [{"read": 1, "web_search": 2}]
    days = Days(asking, tmp_path / "ws")
    days.run(said + 2 * HOUR)
    assert days.hour(said).sections[0].tools == {"read": 1, "web_search": 2}
    name = f"hourly/{days.at(said).local(said):%Y-%m-%d}.md"
    assert "Tools: read 1, web\\_search 2" in days.text(name).replace("web_search", "web\\_search")
    assert "It says hello" not in days.text(name), "an answer made with tools is not quoted"
