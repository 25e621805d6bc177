"""PRIORITIES.md as the operations write it: a person's words stay, what was said comes to it, a write is taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clawcortex.errors import InputError, NotFoundError
from clawcortex.openclaw.host import Agent
from clawcortex.server.resources import Residence
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.events import PrioritiesChanged
from clawcortex.skills.known import learn_name
from clawcortex.store.records import Scope
from clawcortex.testing import FakeHost
from voice_pipeline.operations import history, priorities, undo, update
from voice_pipeline.shapes import ExtractInput, Nothing, PrioritiesInput

from .calls import calling

OFFER = "Ben has to send the offer by Friday."


@pytest.fixture
def context(residence: Residence, tmp_path: Path) -> Context:
    """Return the owner's call; the default agent's workspace is empty."""
    (tmp_path / "ws").mkdir()
    return calling(residence, "cli", FakeHost(agents=[Agent("main", tmp_path / "ws")]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ws" / "PRIORITIES.md"


def say(context: Context, text: str) -> object:
    return update(context, ExtractInput(text=text, by_model=False))


def test_what_was_said_stands_with_owner_and_date(context: Context, path: Path) -> None:
    done = update(context, ExtractInput(text=OFFER, by_model=False))
    assert [(one.text, one.owner, one.due) for one in done.added] == [("Send the offer", "Ben", "2026-11-27")]
    text = path.read_text(encoding="utf-8")
    for word in ("Send the offer", "Ben", "2026-11-27"):
        assert word in text
    listed = priorities(context, PrioritiesInput()).priorities
    assert [one.text for one in listed] == ["Send the offer"]


def test_hand_edits_made_meanwhile_survive(context: Context, path: Path) -> None:
    say(context, OFFER)
    edited = (
        path.read_text(encoding="utf-8").replace("Send the offer", "Send the BIG offer") + "\nMy own note.\n"
    )
    path.write_text(edited, encoding="utf-8")
    say(context, OFFER + " Remind me to call Weber tomorrow.")
    text = path.read_text(encoding="utf-8")
    assert "Send the BIG offer" in text
    assert "My own note." in text
    assert text.count("ffer") == edited.count("ffer")
    assert "Call Weber" in text


def test_a_write_is_told_on_the_log_and_taken_back(context: Context, path: Path) -> None:
    done = update(context, ExtractInput(text=OFFER, by_model=False))
    told = [PrioritiesChanged.of(one) for one in context.store.read_events("t", kinds=["priorities.changed"])]
    assert [(one.version, one.added) for one in told] == [(done.version, ("Send the offer",))]
    assert [one.version for one in history(context, Nothing()).steps] == [done.version]
    assert undo(context, Nothing()).kept == []
    assert "Send the offer" not in path.read_text(encoding="utf-8")
    assert history(context, Nothing()).steps == []
    with pytest.raises(NotFoundError):
        undo(context, Nothing())


def test_the_time_of_day_stands_on_the_person_s_clock(context: Context, path: Path) -> None:
    said = ExtractInput(
        text="Remind me to call Weber tomorrow at nine.", timezone="America/New_York", by_model=False
    )
    assert [one.due for one in update(context, said).added] == ["2026-11-24 15:00"], "nine in New York"
    assert "   - Due: 2026-11-24 15:00\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        ("I have to send the offer by Friday.", "Ann Weber"),
        ("Can you please send the offer by Friday?", "assistant"),
        ("We have to send the offer by Friday.", "us"),
        ("Ben has to send the offer by Friday.", "Ben"),
        ("The offer must be sent by Friday.", ""),
    ],
)
def test_the_owner_is_who_is_meant_whoever_reads_it(context: Context, said: str, owner: str) -> None:
    ann = Scope(channel="telegram", chat="111", sender="111")
    learn_name(context, ann, "Ann Weber")
    caller = Caller("tool", ann, actor="agent:main")
    done = update(replace(context, caller=caller), ExtractInput(text=said, by_model=False))
    assert [one.owner for one in done.added] == [owner]


def test_at_the_machine_the_owner_is_me(context: Context) -> None:
    done = update(context, ExtractInput(text="I have to send the offer by Friday.", by_model=False))
    assert [one.owner for one in done.added] == ["me"]


def test_each_workspace_has_a_list_and_a_history_of_its_own(
    context: Context, path: Path, tmp_path: Path
) -> None:
    say(context, OFFER)
    other = tmp_path / "other"
    other.mkdir()
    settings = Settings(**{**context.settings.model_dump(), "shared_workspace": str(other)})
    elsewhere = replace(context, resources=replace(context.resources, settings=settings))
    assert history(elsewhere, Nothing()).steps == []
    done = update(elsewhere, ExtractInput(text=OFFER, by_model=False))
    assert [one.text for one in done.added] == ["Send the offer"], "not known as deleted"
    undo(elsewhere, Nothing())
    assert "Send the offer" in path.read_text(encoding="utf-8")
    assert len(history(context, Nothing()).steps) == 1


def test_a_text_with_nothing_to_do_writes_nothing(context: Context, path: Path) -> None:
    done = update(context, ExtractInput(text="The weather was lovely.", by_model=False))
    assert (done.version, done.added) == ("", [])
    assert not path.exists()
    assert context.store.read_events("t", kinds=["priorities.changed"]) == []


def test_a_link_out_of_the_workspace_is_refused(context: Context, path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.md").write_text("1. mine\n", encoding="utf-8")
    path.symlink_to(tmp_path / "elsewhere.md")
    with pytest.raises(InputError):
        say(context, OFFER)
    assert (tmp_path / "elsewhere.md").read_text(encoding="utf-8") == "1. mine\n"


def test_without_a_file_there_are_no_priorities(context: Context) -> None:
    assert priorities(context, PrioritiesInput()).priorities == []
