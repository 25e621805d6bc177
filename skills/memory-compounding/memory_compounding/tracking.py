"""Corrections placed in mistakes as they are recorded, each once; the third of one mistake makes it a lesson.

The mistakes stand in records, and their numbers in memory beside the catalogue's. A generation, changed in the same
transaction as a mistake, says whether what is in memory is current: one event reads and writes two or three
documents, however many there are.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

import numpy as np

from clawcortex.skills.context import Context
from clawcortex.skills.events import FeedbackRecorded
from clawcortex.skills.operation import consumer
from clawcortex.store.base import Store
from clawcortex.store.records import Event, Write
from memory_compounding import catalogue, kept, lessons
from memory_compounding.grouping import Groups, Said, learned, read
from memory_compounding.kept import FEEDBACK, MISTAKES
from memory_compounding.likeness import Numbers
from memory_compounding.shapes import Example, Feedback, Mistake
from memory_compounding.wording import wording

EXAMPLES = 8
LONGEST_NAME, LONGEST_EXAMPLE = 60, 500
FORGOTTEN = timedelta(days=60)
"""What was corrected once or twice and not again for so long is no longer compared with."""


@dataclass(slots=True)
class _Held:
    model: str
    generation: int
    groups: Groups


@dataclass(frozen=True, slots=True)
class _Move:
    """Corrections that come to a mistake or leave it, with their sum."""

    key: str
    count: int
    total: Numbers


_held: WeakKeyDictionary[Store, _Held] = WeakKeyDictionary()
_lock = threading.Lock()


@consumer("mistakes", kinds=(FeedbackRecorded.event,))
def track(context: Context, event: Event) -> None:
    """Place one feedback in its mistake."""
    place(context, FeedbackRecorded.of(event).feedback_id)


def place(context: Context, identity: str) -> str:
    """Return the mistake that feedback is placed in, "" for none; placing it again changes nothing."""
    for _ in range(kept.TRIES):
        stored = context.store.get_record(FEEDBACK, identity)
        feedback = stored and kept.parsed(context, FEEDBACK, identity, stored, Feedback)
        if not stored or not feedback:
            return ""
        text = wording(feedback.reason, feedback.before, feedback.after)[:LONGEST_EXAMPLE]
        if feedback.grouped != text:
            with _lock:
                if not _placed(context, feedback, stored, text):
                    continue
            feedback = kept.read(context, FEEDBACK, identity, Feedback) or feedback
        if feedback.mistake and feedback.kind in ("reject", "edit"):
            lessons.promote_when_due(context, feedback.mistake)
            lessons.contradict(context, catalogue.opposite_of(feedback.mistake), feedback)
        elif feedback.mistake:
            lessons.contradict(context, feedback.mistake, feedback)
        lessons.publish_soon(context)
        return feedback.mistake
    raise kept.busy(f"the mistake of {identity}")


def _placed(context: Context, feedback: Feedback, stored: Mapping[str, object], text: str) -> bool:
    """Place feedback and say whether nobody came between."""
    step = kept.step(context.store, MISTAKES)
    held = _current(context)
    counted = feedback.kind in ("reject", "edit")
    key, said = "", None
    if text and feedback.kind != "skip":
        said = read(context.embedder, held.groups.likeness, text)
        key = held.groups.place(said, feedback.category)
        if counted:
            key = key or f"own-{feedback.id}"
    after = feedback.model_copy(update={"mistake": key, "grouped": text})
    writes = [Write(FEEDBACK, feedback.id, stored, after.model_dump(mode="json"))]
    moves: list[_Move] = []
    if counted and feedback.mistake and feedback.grouped:
        was = read(context.embedder, held.groups.likeness, feedback.grouped)
        moves.append(_Move(feedback.mistake, -1, -was.point))
    if counted and said is not None:
        moves.append(_Move(key, 1, said.point))
    if len(moves) == 2 and moves[0].key == moves[1].key:
        moves = [_Move(key, 0, moves[0].total + moves[1].total)]
    writes += [_changed(context, held, move, after, feedback) for move in moves]
    if moves:
        writes.append(step)
    if not context.store.amend(writes):
        return False
    for move in moves:
        held.groups.put(move.key, move.count, move.total, [feedback.category] if move.count >= 0 else [])
    held.generation += bool(moves)
    return True


def _changed(context: Context, held: _Held, move: _Move, after: Feedback, before: Feedback) -> Write:
    """Return the change of a mistake by one correction that came, went (-1) or has other words now (0)."""
    key, number, total = move.key, move.count, move.total
    stored = context.store.get_record(MISTAKES, key)
    known = stored and kept.parsed(context, MISTAKES, key, stored, Mistake)
    text = (after if number >= 0 else before).grouped or ""
    if not known:
        kind = catalogue.by_key().get(key)
        known = Mistake(
            key=key,
            name=kind.name if kind else _name(text),
            model=held.model,
            total=(0.0,) * len(total),
            first_seen=after.at,
            last_seen=after.at,
        )
    examples = [one for one in known.examples if one.feedback != after.id]
    if number >= 0:
        examples.append(
            Example(feedback=after.id, text=text, agent=after.agent, subject=after.subject, at=after.at)
        )
    seen = known.last_seen
    changed = known.model_copy(
        update={
            "model": held.model,
            "total": tuple(np.round(_total(context, held, known) + total, 5).tolist()),
            "count": known.count + number,
            "trusted": known.trusted
            + (number >= 0) * _in_own_words(after)
            - (number <= 0) * _in_own_words(before),
            "fresh": max(0, known.fresh + number),
            "examples": tuple(sorted(examples, key=lambda one: one.at)[-EXAMPLES:]),
            "agents": _counted(known.agents, after.agent, number),
            "categories": _counted(known.categories, after.category, number),
            "first_seen": min(known.first_seen, after.at),
            "last_seen": max(seen, after.at),
            "contradicted": () if number > 0 and after.at >= seen else known.contradicted,
        }
    )
    empty = changed.count <= 0
    return Write(MISTAKES, key, stored, None if empty else changed.model_dump(mode="json"))


def _in_own_words(feedback: Feedback) -> bool:
    """Return whether a person said what was wrong: an edit takes out an agent's words, or a stranger's."""
    return feedback.trusted and bool(feedback.reason)


def _counted(counts: Mapping[str, int], name: str, number: int) -> dict[str, int]:
    found = {**counts, name: counts.get(name, 0) + number} if name else dict(counts)
    return {one: count for one, count in found.items() if count > 0}


def _name(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rsplit(" ", 1)[0] + "…"


def _current(context: Context) -> _Held:
    """Return the mistakes in memory, read anew only when another process changed them."""
    store, model = context.store, context.embedder.model
    generation = kept.generation(store, MISTAKES)
    held = _held.get(store)
    if held is None or held.model != model or held.generation != generation:
        held = _held[store] = _Held(model, generation, Groups(learned(context.embedder)))
        for mistake in kept.every(context, MISTAKES, Mistake):
            held.groups.put(
                mistake.key, mistake.count, _total(context, held, mistake), list(mistake.categories)
            )
    return held


def _total(context: Context, held: _Held, mistake: Mistake) -> Numbers:
    """Return the sum of a mistake's corrections; under another model, estimated from its examples."""
    if mistake.model == held.model:
        return np.array(mistake.total)
    said: list[Said] = [read(context.embedder, held.groups.likeness, one.text) for one in mistake.examples]
    points = [one.point for one in said] or [np.zeros(len(mistake.total))]
    return np.asarray(np.mean(points, axis=0) * mistake.count)


def drop_unseen(context: Context) -> int:
    """Remove what was corrected too seldom to recur and not for long; return how many. The feedback stays."""
    dropped = 0
    for key, stored in context.store.list_records(MISTAKES).items():
        mistake = kept.parsed(context, MISTAKES, key, stored, Mistake)
        if mistake is None or mistake.count >= lessons.RECURS or mistake.lesson or mistake.rounds:
            continue
        if mistake.last_seen < context.now() - FORGOTTEN:
            step = kept.step(context.store, MISTAKES)
            dropped += context.store.amend([Write(MISTAKES, key, stored, None), step])
    return dropped
