"""Which recalls count as used, and that counting costs no answer a write."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clawcortex.errors import StorageError
from clawcortex.settings import Settings
from clawcortex.skills.contribution import Contribution
from context_retention import hooks, shapes
from context_retention import operations as op
from context_retention.forgetting import uses

from .conftest import NOW, Asking
from .events import Chat


def tell(asking: Asking, text: str) -> int:
    stored = op.capture(
        asking(), shapes.CaptureInput(text=text, speaker="Ann", timestamp=NOW - timedelta(days=9))
    )
    return next(memory.n for memory in asking().store.newest([1]) if memory.id == stored.id)


def counts(asking: Asking) -> dict[int, int]:
    usage = asking().store.usage()
    return dict(zip(usage.n.tolist(), usage.recalls.tolist(), strict=True))


def test_an_answer_counts_its_first_strong_hits_once_they_are_flushed(asking: Asking) -> None:
    dentist = tell(asking, "My dentist is Dr. Weber in the Lindenstrasse")
    other = tell(asking, "The weather was awful on Sunday")
    before = asking().store.generation
    hits = op.recall(asking(), shapes.RecallInput(query="Who is my dentist?")).hits
    assert len(hits) == 2
    assert counts(asking) == {dentist: 0, other: 0}, "nothing is written while somebody waits"
    assert not uses.count_recalls.run(asking())
    assert counts(asking) == {dentist: 1, other: 0}
    assert asking().store.usage().recalled[0] == NOW.timestamp()
    assert asking().store.generation == before
    uses.flush(asking())
    assert counts(asking) == {dentist: 1, other: 0}


def test_what_a_prompt_got_counts_when_the_block_left_in_time(asking: Asking) -> None:
    owner = Settings(owners=("telegram:111",))
    dentist = tell(asking, "My dentist is Dr. Weber in the Lindenstrasse")
    chat = Chat()
    hooks.learn_chat.run(asking(), chat.dispatch(group=False))
    event = chat.prompt("Who is my dentist?")
    context = asking(event.scope(), settings=owner)
    late = hooks.recall_for_prompt.run(context, event)
    uses.flush(context)
    assert counts(asking) == {dentist: 0}, "a block that came too late was not used"
    assert isinstance(late, Contribution)
    assert late.delivered is not None
    late.delivered({item.id for item in late.items})
    uses.flush(context)
    assert counts(asking) == {dentist: 1}


def test_looking_for_what_to_forget_uses_nothing(asking: Asking) -> None:
    dentist = tell(asking, "My dentist is Dr. Weber in the Lindenstrasse")
    op.forget(asking(), shapes.ForgetInput(query="dentist Weber Lindenstrasse", dry_run=True))
    uses.flush(asking())
    assert counts(asking) == {dentist: 0}


def test_no_more_than_a_few_hits_count(asking: Asking) -> None:
    hits = [
        shapes.Hit(
            id=str(i), source_ref="", text="t", score=score, why={}, created_at=NOW, valid_from=NOW, provenance="owner",
            speaker="", session="",
        )
        for i, score in enumerate([0.9, 0.8, 0.2, 0.7, 0.6, 0.5, 0.5])
    ]  # fmt: skip
    assert uses.used(hits, 0.35) == ["0", "1", "3", "4"]


def test_what_was_forgotten_before_it_was_counted_is_passed_over(asking: Asking) -> None:
    tell(asking, "My dentist is Dr. Weber in the Lindenstrasse")
    hits = op.recall(asking(), shapes.RecallInput(query="Who is my dentist?")).hits
    op.forget(asking(), shapes.ForgetInput(ids=[hits[0].id]))
    assert uses.flush(asking()) == 1
    assert counts(asking) == {}


def test_what_cannot_be_written_waits_for_the_next_round(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    dentist = tell(asking, "My dentist is Dr. Weber in the Lindenstrasse")
    op.recall(asking(), shapes.RecallInput(query="Who is my dentist?"))

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(asking().store, "note_recalls", full)
        with pytest.raises(StorageError):
            uses.flush(asking())
    uses.flush(asking())
    assert counts(asking) == {dentist: 1}
