"""What is new is related to what is there: chains, gaps, strangers, faults; and how recall tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from clawcortex.skills.context import Context
from clawcortex.store.records import ChatType, Memory, Provenance, Scope, Selection
from context_retention import relating
from context_retention.recall import Wanted, search
from context_retention.shapes import Hit
from context_retention.writing import Saying, prepare, write
from tests.context_retention.conftest import NOW, Asking

ANN = Scope(channel="telegram", chat="111", sender="111")
BOB = Scope(channel="telegram", chat="222", sender="222")

FIRST = "I live in Berlin, near the canal."
SECOND = "I moved from Berlin to Lisbon."
THIRD = "I moved from Lisbon to Oslo."


def at(days_ago: float) -> datetime:
    return NOW - timedelta(days=days_ago)


def say(context: Context, text: str, days_ago: float, scope: Scope = ANN, **fields: object) -> str:
    saying = replace(Saying(text, scope, at(days_ago), speaker="Ann"), **fields)  # type: ignore[arg-type]  # fields by name
    return write(context, [prepare(saying)], "capture")[0].id


def relate_all(context: Context) -> None:
    while relating.relate.run(context):
        pass


def memory(context: Context, identity: str) -> Memory:
    return context.store.select(Selection(ids=(identity,)))[0]


def hits(context: Context, question: str, scope: Scope = ANN) -> list[Hit]:
    numbers = [n for n, one in context.store.scopes().items() if one == scope]
    return search(context, Wanted(question, NOW, numbers, asker="Ann")).hits


def test_the_older_fact_becomes_history_of_the_newer(asking: Asking) -> None:
    old, new = say(asking(), FIRST, 90), say(asking(), SECOND, 10)
    relate_all(asking())
    assert (memory(asking(), old).superseded_by, memory(asking(), old).valid_to) == (new, at(10))
    assert memory(asking(), new).superseded_by == ""


def test_a_chain_leads_to_what_holds_now_and_back(asking: Asking) -> None:
    ids = [say(asking(), text, days) for text, days in ((FIRST, 90), (SECOND, 60), (THIRD, 10))]
    relate_all(asking())
    assert [memory(asking(), one).superseded_by for one in ids] == [ids[1], ids[2], ""]
    now = [hit.id for hit in hits(asking(), "Where do I live?")]
    assert now.index(ids[2]) < now.index(ids[1])
    assert now.index(ids[2]) < now.index(ids[0])
    before = {hit.id: hit for hit in hits(asking(), "Where did I live before?")}
    assert before[ids[0]].valid_to == at(60)
    assert before[ids[0]].valid_from == at(90)


def test_what_comes_late_finds_its_place_in_the_chain(asking: Asking) -> None:
    first, third = say(asking(), FIRST, 90), say(asking(), "I live in Oslo now, no longer in Berlin.", 10)
    relate_all(asking())
    assert memory(asking(), first).superseded_by == third
    second = say(asking(), SECOND, 60)
    relate_all(asking())
    assert (memory(asking(), first).superseded_by, memory(asking(), first).valid_to) == (second, at(60))
    assert memory(asking(), second).superseded_by == third


def test_an_older_text_imported_later_is_history_at_once(asking: Asking) -> None:
    new = say(asking(), SECOND, 10)
    relate_all(asking())
    old = say(asking(), FIRST, 90)
    relate_all(asking())
    assert memory(asking(), old).superseded_by == new


def test_forgetting_the_newer_frees_the_older(asking: Asking) -> None:
    old, new = say(asking(), FIRST, 90), say(asking(), SECOND, 10)
    relate_all(asking())
    asking().store.delete(Selection(ids=(new,)))
    assert (memory(asking(), old).superseded_by, memory(asking(), old).valid_to) == ("", None)
    assert hits(asking(), "Where do I live?")[0].valid_to is None


@pytest.mark.parametrize(
    "other",
    [
        BOB,
        replace(ANN, agent="coder"),
        replace(ANN, chat="-7", chat_type=ChatType.GROUP),
        replace(ANN, chat_type=ChatType.UNKNOWN),
        replace(ANN, sender="unknown", chat="9"),
    ],
)
def test_nothing_is_related_across_people_agents_and_privacy(asking: Asking, other: Scope) -> None:
    old = say(asking(), FIRST, 90)
    say(asking(), SECOND, 10, other)
    relate_all(asking())
    assert memory(asking(), old).superseded_by == ""


@pytest.mark.parametrize("whose", [Provenance.UNTRUSTED, Provenance.AGENT, Provenance.SYSTEM])
def test_only_the_persons_words_replace_the_persons_words(asking: Asking, whose: Provenance) -> None:
    old = say(asking(), FIRST, 90)
    say(asking(), SECOND, 10, provenance=whose)
    relate_all(asking())
    assert memory(asking(), old).superseded_by == ""


def test_what_another_speaker_says_replaces_nothing(asking: Asking) -> None:
    old = say(asking(), FIRST, 90)
    say(asking(), SECOND, 10, speaker="Bob")
    relate_all(asking())
    assert memory(asking(), old).superseded_by == ""


@pytest.mark.parametrize(("whose", "replaced"), [(Provenance.AGENT, False), (Provenance.OWNER, True)])
def test_what_is_pinned_is_replaced_by_the_person_alone(
    asking: Asking, whose: Provenance, *, replaced: bool
) -> None:
    old = say(asking(), FIRST, 90, pinned=True, provenance=Provenance.AGENT)
    say(asking(), SECOND, 10, provenance=whose)
    relate_all(asking())
    assert bool(memory(asking(), old).superseded_by) is replaced


def test_a_near_duplicate_is_linked_to_the_first(asking: Asking) -> None:
    first = say(asking(), "Our cat is called Miso.", 90)
    again = say(asking(), "Our cat is called Miso!", 10)
    relate_all(asking())
    assert memory(asking(), again).duplicate_of == first
    assert memory(asking(), first).duplicate_of == ""


def test_what_holds_again_is_no_duplicate_of_history(asking: Asking) -> None:
    say(asking(), FIRST, 90)
    say(asking(), SECOND, 60)
    relate_all(asking())
    back = say(asking(), FIRST, 10)
    relate_all(asking())
    assert memory(asking(), back).duplicate_of == ""


def test_the_chore_goes_on_where_it_was_stopped(asking: Asking) -> None:
    old = say(asking(), FIRST, 90)
    for i in range(relating.BATCH + 5):
        say(asking(), f"Ticket number {i} is about the {i}th door of the building", 80 - i / 10)
    new = say(asking(), SECOND, 10)
    assert relating.relate.run(asking())
    assert relating.place(asking()) == relating.BATCH
    relate_all(asking())  # by another process, or after a restart: the place stands in the store
    assert memory(asking(), old).superseded_by == new
    assert not relating.relate.run(asking())


def test_two_at_once_do_no_harm(asking: Asking) -> None:
    ids = [say(asking(), text, days) for text, days in ((FIRST, 90), (SECOND, 60), (THIRD, 10))]
    relate_all(asking())
    asking().store.put_record(relating.PLACES, relating.PLACE, {"n": 0, "version": 1})
    relate_all(asking())
    assert [memory(asking(), one).superseded_by for one in ids] == [ids[1], ids[2], ""]


def test_what_has_no_vector_yet_waits(asking: Asking) -> None:
    context = asking()
    held = Context(replace(context.resources, wake=lambda: None), context.caller, context.log)
    say(held, FIRST, 90)
    assert not relating.relate.run(held)
    assert relating.place(held) == 0


def test_a_memory_that_goes_meanwhile_is_passed_over(asking: Asking) -> None:
    old, new = say(asking(), FIRST, 90), say(asking(), SECOND, 10)
    asking().index.refresh()
    view = asking().index.view()
    asking().store.delete(Selection(ids=(new,)))
    held = list(relating._neighbourhoods(asking(), view, np.array([0, 1])))
    assert [one.id for one, _, _ in held] == [old]


def test_odd_texts_are_related_to_nothing(asking: Asking) -> None:
    texts = ["?", "😀😀😀", "no " * 5_000, "1,2,3." * 3_000, "from " * 4_000, "x" * 100_000]
    ids = [say(asking(), text, 50 - i) for i, text in enumerate(texts)]
    relate_all(asking())
    assert all(memory(asking(), one).superseded_by == "" for one in ids)


def test_a_question_in_the_past_tense_alone_still_gets_what_holds_now_first(asking: Asking) -> None:
    old = say(asking(), "The deadline is 1 March.", 90)
    new = say(asking(), "The deadline was moved to 14 March.", 10)
    relate_all(asking())
    shown = [hit.id for hit in hits(asking(), "What was the deadline again?")]
    assert shown.index(new) < shown.index(old)
