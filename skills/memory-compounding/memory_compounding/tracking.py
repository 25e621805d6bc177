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
from memory_compounding.grouping import Groups, Seen, learned
from memory_compounding.kept import FEEDBACK, MISTAKES
from memory_compounding.likeness import Numbers
from memory_compounding.shapes import Example, Feedback, Mistake
from memory_compounding.wording import said_of, wording

SORT = "compounding.sort"
OWN = "own-"
"""Begins the key of a mistake that the catalogue does not know."""
COUNTED = ("reject", "edit")
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
    name: str = ""
    """What the mistake is called from now on; "" for as it was."""


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
        if not _asked(context, feedback):
            follow(context, feedback)
        return feedback.mistake
    raise kept.busy(f"the mistake of {identity}")


def follow(context: Context, feedback: Feedback) -> None:
    """Do what follows from where feedback was placed; doing it again changes nothing."""
    if feedback.mistake and feedback.kind in COUNTED:
        lessons.promote_when_due(context, feedback.mistake)
        lessons.contradict(context, catalogue.opposite_of(feedback.mistake), feedback)
    elif feedback.mistake:
        lessons.contradict(context, feedback.mistake, feedback)
    lessons.publish_soon(context)


def _asked(context: Context, feedback: Feedback) -> bool:
    """Queue the question where a correction belongs, once for its words; what follows waits for the answer.

    Not for years of old files: each question is a call of the model, and jobs are done one after the other.
    """
    told = feedback.mistake and feedback.kind in COUNTED and feedback.source != "import"
    if not told or feedback.sorted or context.settings.lesson_model == "never":
        return False
    words = kept.digest(feedback.grouped or "")
    payload = {"feedback": feedback.id, "words": words}
    return context.store.enqueue(SORT, payload, key=f"{SORT}/{feedback.id}/{words}")


def likeliest(context: Context, feedback: Feedback, most: int) -> list[Mistake]:
    """Return the corrected mistakes that a correction may be of: the one it is in, then the likeliest."""
    with _lock:
        groups = _current(context).groups
        keys = groups.likeliest(_seen(context, feedback))
    chosen = list(dict.fromkeys([feedback.mistake, *keys]))[:most]
    return [one for key in chosen if (one := kept.mistake(context, key)) is not None]


def settle(context: Context, judged: Feedback, key: str, name: str = "") -> None:
    """Move a correction to the mistake it was found to be of, "" for one of its own that is called `name`.

    It stays where it is when its words changed meanwhile, or nothing is left of that mistake.
    """
    for _ in range(kept.TRIES):
        stored = context.store.get_record(FEEDBACK, judged.id)
        feedback = stored and kept.parsed(context, FEEDBACK, judged.id, stored, Feedback)
        if not stored or not feedback or feedback.sorted or feedback.grouped != judged.grouped:
            return
        with _lock:
            if _settled(context, feedback, stored, key, name):
                return
    raise kept.busy(f"the mistake of {judged.id}")


def _settled(context: Context, feedback: Feedback, stored: Mapping[str, object], key: str, name: str) -> bool:
    """Move a correction and say whether nobody came between."""
    step = kept.step(context.store, MISTAKES)
    held = _current(context)
    text = feedback.grouped or ""
    if key and kept.mistake(context, key) is None:
        return True
    if not key:
        here = kept.mistake(context, feedback.mistake)
        alone = here is not None and here.count == 1 and here.key.startswith(OWN)
        key = feedback.mistake if alone else f"{OWN}{feedback.id}-{kept.digest(text)}"
    else:
        name = ""
    after = feedback.model_copy(update={"mistake": key, "sorted": True})
    return _amended(context, held, step, stored, feedback, after, _seen(context, after), name)


def _placed(context: Context, feedback: Feedback, stored: Mapping[str, object], text: str) -> bool:
    """Place feedback and say whether nobody came between."""
    step = kept.step(context.store, MISTAKES)
    held = _current(context)
    counted = feedback.kind in COUNTED
    after = feedback.model_copy(update={"mistake": "", "grouped": text, "sorted": False})
    seen = None
    if text and feedback.kind != "skip":
        seen = _seen(context, after)
        key = held.groups.place(seen) or (f"{OWN}{feedback.id}" if counted else "")
        after = after.model_copy(update={"mistake": key})
    return _amended(context, held, step, stored, feedback, after, seen)


def _seen(context: Context, feedback: Feedback) -> Seen:
    """Return feedback as it is compared, by the wording it is or was placed by; waits for the embedder."""
    said = said_of(feedback.category, feedback.grouped or "", feedback.before, feedback.after)
    return learned(context.embedder).read(context.embedder, said)


def _amended(
    context: Context,
    held: _Held,
    step: Write,
    stored: Mapping[str, object],
    before: Feedback,
    after: Feedback,
    seen: Seen | None,
    name: str = "",
) -> bool:
    """Change feedback and the mistakes that it leaves and comes to, and say whether nobody came between.

    `seen` is how it is compared now, None when it says nothing of a mistake.
    """
    moves: list[_Move] = []
    counted = after.kind in COUNTED
    if counted and before.mistake and before.grouped:
        was = seen if seen and before.grouped == after.grouped else _seen(context, before)
        moves.append(_Move(before.mistake, -1, -was.point))
    if counted and seen is not None:
        moves.append(_Move(after.mistake, 1, seen.point, name))
    if len(moves) == 2 and moves[0].key == moves[1].key:
        moves = [_Move(after.mistake, 0, moves[0].total + moves[1].total, name)]
    writes = [Write(FEEDBACK, after.id, stored, after.model_dump(mode="json"))]
    writes += [_changed(context, held, move, after, before) for move in moves]
    if moves:
        writes.append(step)
    if not context.store.amend(writes):
        return False
    for move in moves:
        held.groups.put(move.key, move.count, move.total)
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
            name=kind.name if kind else short(text),
            model=held.model,
            total=(0.0,) * len(total),
            first_seen=after.at,
            last_seen=after.at,
        )
    examples = [one for one in known.examples if one.feedback != after.id]
    if number < 0 and examples and known.name == short(text):  # whose words it was called by is gone
        known = known.model_copy(update={"name": short(examples[-1].text)})
    if number >= 0:
        examples.append(
            Example(feedback=after.id, text=text, agent=after.agent, subject=after.subject, at=after.at)
        )
    seen = known.last_seen
    changed = known.model_copy(
        update={
            "name": move.name or known.name,
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


def short(text: str) -> str:
    """Return a text as a mistake is called by it."""
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rsplit(" ", 1)[0] + "…"


def _current(context: Context) -> _Held:
    """Return the mistakes in memory, read anew only when another process changed them."""
    store, model = context.store, learned(context.embedder).name
    generation = kept.generation(store, MISTAKES)
    held = _held.get(store)
    if held is None or held.model != model or held.generation != generation:
        held = _held[store] = _Held(model, generation, Groups(learned(context.embedder)))
        for mistake in kept.every(context, MISTAKES, Mistake):
            held.groups.put(mistake.key, mistake.count, _total(context, held, mistake))
    return held


def _total(context: Context, held: _Held, mistake: Mistake) -> Numbers:
    """Return the sum of a mistake's corrections; under another model or catalogue, estimated from its examples."""
    if mistake.model == held.model:
        return np.array(mistake.total)
    category = max(mistake.categories, key=lambda name: mistake.categories[name], default="")
    taught = held.groups.taught
    points = [taught.read(context.embedder, said_of(category, one.text)).point for one in mistake.examples]
    return np.asarray(np.mean(points or [np.zeros(len(taught.keys))], axis=0) * mistake.count)


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
