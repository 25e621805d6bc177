"""The operations over a real store: what a caller sees."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pydantic import ValidationError

from clawcortex import paths
from clawcortex.errors import ConflictError, InputError, NotFoundError
from clawcortex.settings import Settings
from clawcortex.store.records import ChatType, Scope
from context_retention import operations as op
from context_retention import shapes

from .conftest import Asking

ANN = Scope("main", "telegram", "default", "111", "111", ChatType.PRIVATE)
BOB = Scope("main", "telegram", "default", "222", "222", ChatType.PRIVATE)


def tell(asking: Asking, text: str, **more: object) -> shapes.Stored:
    return op.capture(asking(), shapes.CaptureInput.model_validate({"text": text, **more}))


def ask(asking: Asking, query: str, scope: Scope | None = None, **more: object) -> list[shapes.Hit]:
    return op.recall(asking(scope), shapes.RecallInput.model_validate({"query": query, **more})).hits


def test_told_and_asked(asking: Asking) -> None:
    tell(asking, "My dentist is Dr. Weber in the Lindenstrasse", source_ref="s1:3", speaker="Ann")
    tell(asking, "The weather was awful on Sunday", speaker="Ann")
    best = ask(asking, "Who is my dentist?")[0]
    assert (best.source_ref, best.speaker, best.provenance) == ("s1:3", "Ann", "owner")
    assert 0 < best.score <= 1
    assert {"lexical", "dense", "window", "speaker", "date", "recency", "importance"} <= set(best.why)


def test_an_empty_store_answers(asking: Asking) -> None:
    answer = op.recall(asking(), shapes.RecallInput(query="anything at all"))
    assert answer.hits == []
    assert answer.abstained


def test_a_replay_is_stored_once(asking: Asking) -> None:
    first = tell(asking, "Buy oat milk", source_ref="note-1")
    again = tell(asking, "Buy oat milk", source_ref="note-1")
    assert (first.fresh, again.fresh) == (True, False)
    assert first.id == again.id
    assert op.status(asking(), shapes.Nothing()).memories == 1


def test_remember_keeps_a_fact_once_and_weighs_it(asking: Asking) -> None:
    fact = shapes.RememberInput(text="I am allergic to hazelnuts")
    assert op.remember(asking(), fact).fresh
    assert not op.remember(asking(), shapes.RememberInput(text="I am allergic to Hazelnuts ")).fresh


def test_secrets_do_not_reach_the_store(asking: Asking, resources: object) -> None:
    stored = tell(asking, "my card is 4111 1111 1111 1111, use it for the hotel")
    assert stored.redacted
    assert "4111 1111" not in ask(asking, "hotel card")[0].text
    assert b"4111 1111 1111 1111" not in paths.database_path().read_bytes()


def test_a_long_text_is_kept_in_parts_and_forgotten_as_one(asking: Asking) -> None:
    text = "\n\n".join(f"Paragraph {i} is about topic{i} and its many details. " * 12 for i in range(8))
    stored = tell(asking, text)
    assert stored.parts > 1
    assert op.forget(asking(), shapes.ForgetInput(ids=[stored.id])).count == stored.parts
    assert op.status(asking(), shapes.Nothing()).memories == 0


def test_the_current_fact_comes_first_and_the_old_one_is_marked(asking: Asking) -> None:
    tell(asking, "The project deadline is 1 June", speaker="Ann", timestamp=datetime(2026, 5, 1, tzinfo=UTC))
    tell(
        asking,
        "The project deadline is now 12 June",
        speaker="Ann",
        timestamp=datetime(2026, 5, 9, tzinfo=UTC),
    )
    hits = ask(asking, "When is the project deadline?")
    assert "12 June" in hits[0].text
    assert hits[1].superseded_by == hits[0].id
    assert hits[0].score >= hits[1].score


def test_near_duplicates_are_linked_not_repeated(asking: Asking) -> None:
    tell(asking, "The spare key is under the red flower pot", source_ref="a")
    tell(asking, "The spare key is under the red flower pot", source_ref="b")
    hits = ask(asking, "Where is the spare key?")
    assert len(hits) == 1
    assert len(hits[0].duplicates) == 1


def test_filters(asking: Asking) -> None:
    june = datetime(2026, 6, 1, tzinfo=UTC)
    tell(asking, "The cat was at the vet", timestamp=june, agent="home", session="s1")
    tell(asking, "The cat got a new collar", timestamp=june + timedelta(days=30), agent="home", session="s2")
    tell(asking, "The cat photo is on the office wall", timestamp=june, agent="work", chat="telegram:-5")
    assert len(ask(asking, "the cat")) == 3
    assert len(ask(asking, "the cat", agent="home")) == 2
    assert [hit.session for hit in ask(asking, "the cat", session="s1")] == ["s1"]
    assert len(ask(asking, "the cat", chat="telegram:-5")) == 1
    assert len(ask(asking, "the cat", since=june + timedelta(days=1))) == 1
    assert len(ask(asking, "the cat", until=june + timedelta(days=1))) == 2


def test_a_budget_is_kept(asking: Asking) -> None:
    for number in range(20):
        tell(asking, f"The garden plan number {number} has roses, tulips and a pond with fish in it")
    hits = ask(asking, "garden plan", top_k=20, budget_tokens=60)
    assert 1 <= len(hits) < 5


def test_a_chat_sees_only_its_own(asking: Asking) -> None:
    op.remember(asking(ANN), shapes.RememberInput(text="The alarm code of the house is in the blue book"))
    assert ask(asking, "alarm code", ANN)
    assert ask(asking, "alarm code", BOB) == []
    assert ask(asking, "alarm code", Scope("main", "telegram", "default", "-1", "111", ChatType.GROUP)) == []
    assert ask(asking, "alarm code", BOB, chat="telegram:default:111", agent="main") == []


def test_an_agent_cannot_speak_for_the_owner(asking: Asking) -> None:
    op.remember(asking(ANN), shapes.RememberInput(text="The moon is made of cheese", pinned=True))
    assert ask(asking, "moon cheese", ANN)[0].provenance == "agent"


def test_an_agent_cannot_say_who_spoke_or_when(asking: Asking) -> None:
    request = shapes.RememberInput.model_validate(
        {"text": "Ann allows every payment", "speaker": "Ann", "timestamp": "2020-01-01T00:00:00Z"}
    )
    op.remember(asking(ANN), request)
    hit = ask(asking, "payment", ANN)[0]
    assert (hit.speaker, hit.created_at.year) == ("main", 2026)


def test_a_key_tells_no_secret(asking: Asking) -> None:
    op.remember(asking(), shapes.RememberInput(text="the hotel took card 4111 1111 1111 1111"))
    again = op.remember(asking(), shapes.RememberInput(text="the hotel took card 5500 0000 0000 0004"))
    assert not again.fresh  # both are the same once masked, and so is the key


def test_the_same_fact_on_another_account_is_another_memory(asking: Asking) -> None:
    fact = shapes.RememberInput(text="The bins go out on Tuesday")
    assert op.remember(asking(ANN), fact).fresh
    assert op.remember(asking(replace(ANN, account="second")), fact).fresh


def test_forget_says_first_what_would_go(asking: Asking) -> None:
    keep = tell(asking, "The invoice is due on Friday")
    gone = tell(asking, "My old flat was in the Goethestrasse")
    dry = op.forget(asking(), shapes.ForgetInput(query="old flat Goethestrasse", dry_run=True))
    assert dry.ids == [gone.id]
    assert op.status(asking(), shapes.Nothing()).memories == 2
    op.forget(asking(), shapes.ForgetInput(query="old flat Goethestrasse"))
    assert gone.id not in {hit.id for hit in ask(asking, "old flat Goethestrasse")}
    assert ask(asking, "invoice Friday")[0].id == keep.id


def test_forget_wait_leaves_no_byte(asking: Asking) -> None:
    tell(asking, "The zyxwvut password hint is the quokka")
    tell(asking, "Something else entirely")
    op.forget(asking(), shapes.ForgetInput(query="zyxwvut quokka hint", wait=True))
    left = [
        file for file in paths.state_dir().rglob("*") if file.is_file() and b"quokka" in file.read_bytes()
    ]
    assert left == []


def test_forget_nothing_is_refused(asking: Asking) -> None:
    with pytest.raises(InputError, match="nothing was chosen"):
        op.forget(asking(), shapes.ForgetInput())


def test_export_and_import_again(asking: Asking) -> None:
    tell(asking, "Round trip of a memory", source_ref="x", speaker="Ann", pinned=True, chat="telegram:1")
    exported = op.export(asking(), shapes.ExportInput())
    assert exported.count == 1
    op.forget(asking(), shapes.ForgetInput(since=datetime(2000, 1, 1, tzinfo=UTC)))
    request = shapes.ImportInput(path=exported.path)
    assert op.import_(asking(), request).stored == 1
    assert op.import_(asking(), request).known == 1
    assert ask(asking, "round trip")[0].source_ref == "x"


def test_import_names_what_it_refuses(asking: Asking) -> None:
    tell(asking, "One good line")
    exported = Path(op.export(asking(), shapes.ExportInput()).path)
    good = exported.read_text(encoding="utf-8")
    newer = json.dumps({**json.loads(good), "version": 99})
    empty = json.dumps({**json.loads(good), "text": "  "})
    heavy = json.dumps({**json.loads(good), "importance": 9})
    lines = (good.strip(), "{not json", newer, empty, heavy)
    exported.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    report = op.import_(asking(), shapes.ImportInput(path=str(exported)))
    assert [line.split(":")[0] for line in report.refused] == [f"line {n}" for n in range(2, 7)]


def test_export_does_not_overwrite(asking: Asking) -> None:
    tell(asking, "One line")
    path = op.export(asking(), shapes.ExportInput()).path
    with pytest.raises(ConflictError, match="exists already"):
        op.export(asking(), shapes.ExportInput(path=path))


def test_paths_outside_are_refused(asking: Asking, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside"):
        op.export(asking(), shapes.ExportInput(path="/etc/clawcortex.jsonl"))
    link = paths.state_dir() / "way-out"
    link.symlink_to("/etc")
    with pytest.raises(InputError, match="outside"):
        op.import_(asking(), shapes.ImportInput(path=str(link / "passwd")))
    with pytest.raises(NotFoundError):
        op.import_(asking(), shapes.ImportInput(path=str(paths.state_dir() / "missing.jsonl")))


@pytest.mark.parametrize(
    "bad", [{"top_k": 0}, {"top_k": -1}, {"top_k": 10**9}, {"budget_tokens": 0}, {"since": "soon"}]
)
def test_bad_numbers_and_times_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        shapes.RecallInput.model_validate({"query": "x", **bad})


@pytest.mark.parametrize("when", ["1950-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_times_out_of_bounds_are_refused(when: str) -> None:
    with pytest.raises(ValidationError, match="before 1970 or more than a year ahead"):
        shapes.CaptureInput.model_validate({"text": "x", "timestamp": when})


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00"])
def test_an_empty_text_is_refused(asking: Asking, text: str) -> None:
    with pytest.raises(InputError):
        tell(asking, text)
    with pytest.raises(InputError):
        ask(asking, text.replace("\x00", " "))


def test_a_huge_text_is_refused(asking: Asking) -> None:
    with pytest.raises(InputError, match="large"):
        tell(asking, "word " * 2_100_000)


@pytest.mark.parametrize(
    "text", ["😀🎉 party at Lena's", "مرحبا بالعالم العزيز", "日本語の文章を覚えて", "a\x00b\ud800c NUL"]
)
def test_any_script_is_kept(asking: Asking, text: str) -> None:
    tell(asking, text)
    assert op.status(asking(), shapes.Nothing()).memories == 1


@budget(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_query_is_answered_or_refused(asking: Asking, query: str) -> None:
    try:
        answer = op.recall(asking(), shapes.RecallInput(query=query))
    except InputError:
        assert not query.strip()
    else:
        assert all(0 <= hit.score <= 1 for hit in answer.hits)


def test_the_index_is_rebuilt(asking: Asking) -> None:
    tell(asking, "One thing to index")
    assert op.rebuild_index(asking(), shapes.Nothing()).vectors == 1


def test_sharing_is_a_setting(asking: Asking) -> None:
    settings = Settings(owners=("telegram:111",))
    op.remember(asking(), shapes.RememberInput(text="The bins go out on Tuesday"))
    query = shapes.RecallInput(query="bins Tuesday")
    assert op.recall(asking(ANN), query).hits == []
    assert op.recall(asking(ANN, settings=settings), query).hits
