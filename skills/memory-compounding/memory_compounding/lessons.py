"""Mistakes made lessons at their third time, approved where that is asked for, and retired when they no longer hold.

active  <- promoted, or approved by a person    proposed -> active | refused    active -> retired
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from clawcortex.errors import NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.events import DecisionAnswered, DecisionWanted, LessonPromoted
from clawcortex.skills.operation import task
from clawcortex.store.records import NewEvent, Write
from memory_compounding import kept, phrasing
from memory_compounding.kept import LESSONS, MISTAKES
from memory_compounding.shapes import LONGEST_LESSON, Feedback, Lesson, Mistake
from memory_compounding.wording import tidy

RECURS = 3
"""So many corrections of one mistake make a lesson."""
AGAINST = 2
"""So many approvals or corrections the other way, since it was last seen, retire one."""
SAME = 0.92
"""Cosine from which two lessons say the same, when they hold the same numbers."""
PROMOTE, PUBLISH = "compounding.promote", "compounding.publish"
PUBLISH_S = 20
SKILL = "memory-compounding"
ASKED = "lesson:"
"""Begins the key of an ask whether a lesson is right."""


def lesson_id(mistake: Mistake) -> str:
    """Return the id of a mistake's lesson; it gets another one after it retired."""
    return "L" + hashlib.sha256(f"{mistake.key}/{mistake.rounds}".encode()).hexdigest()[:12]


def promote_when_due(context: Context, key: str) -> None:
    """Queue the promotion of a mistake that was corrected often enough and has no lesson; once a round."""
    mistake = kept.mistake(context, key)
    if mistake is None:
        return
    if mistake.fresh >= RECURS and not mistake.lesson:
        context.store.enqueue(PROMOTE, {"mistake": key}, key=f"{PROMOTE}/{key}/{mistake.rounds}")
    elif mistake.lesson:
        _seen(context, mistake)


def _seen(context: Context, mistake: Mistake) -> None:
    """Bring a lesson's agents, count and last time up to its mistake's."""
    stored = context.store.get_record(LESSONS, mistake.lesson)
    found = stored and kept.parsed(context, LESSONS, mistake.lesson, stored, Lesson)
    if not found:
        return
    after = found.model_copy(
        update={
            "agents": tuple(sorted({*found.agents, *mistake.agents})),
            "count": max(found.count, mistake.count),
            "last_seen": max(found.last_seen, mistake.last_seen),
        }
    )
    if after != found:
        _amend(context, [_to(stored, after)])


def _to(stored: Mapping[str, object] | None, after: Lesson) -> Write:
    return Write(LESSONS, after.id, stored, after.model_dump(mode="json"))


def _amend(context: Context, writes: list[Write], events: list[NewEvent] | None = None) -> bool:
    """Change lessons, so that what prompts hold in memory is read anew."""
    return context.store.amend([*writes, kept.step(context.store, LESSONS)], events=events or ())


@task(PROMOTE, lease_s=300)
def promote(context: Context, payload: Mapping[str, Any]) -> None:
    """Make a lesson of a mistake, by the model when there is one; doing it again changes nothing."""
    key = str(payload["mistake"])
    phrased: tuple[Mistake, Lesson, bool] | None = None
    for _ in range(kept.TRIES):
        stored = context.store.get_record(MISTAKES, key)
        mistake = stored and kept.parsed(context, MISTAKES, key, stored, Mistake)
        if not stored or not mistake or mistake.lesson or mistake.fresh < RECURS:
            return
        if (
            phrased is None or phrased[0] != mistake
        ):  # the model is not asked again because others were quicker
            phrased = (mistake, *_made(context, mistake))
        _, made, sure = phrased
        writes, events = _proposed(context, made, mistake, sure=sure)
        same = _same(context, made)
        if same is not None:
            before, other = same
            writes, events = [_to(before, _joined(other, made))], []
            made = other
        linked = mistake.model_copy(update={"lesson": made.id})
        writes.append(Write(MISTAKES, key, stored, linked.model_dump(mode="json")))
        if _amend(context, writes, events):
            publish_soon(context)
            return
    raise kept.busy(f"the mistake {key}")


def _made(context: Context, mistake: Mistake) -> tuple[Lesson, bool]:
    """Return the lesson of a mistake, and False when a model sees several mistakes in it."""
    said, prevented = phrasing.by_model(context, mistake)
    text = (said or phrasing.by_rule(mistake))[:LONGEST_LESSON]
    about = ", ".join(one.subject for one in mistake.examples[-RECURS:])
    vector = context.embedder.encode([f"{text} ({' '.join(mistake.categories)}: {about})"])[0]
    lesson = Lesson(
        id=lesson_id(mistake),
        text=text,
        status="active",
        method="model" if said else "rules",
        mistakes=(mistake.key,),
        agents=tuple(sorted(mistake.agents)),
        categories=tuple(sorted(mistake.categories)),
        count=mistake.count,
        feedback=tuple(one.feedback for one in mistake.examples),
        promoted_at=context.now(),
        last_seen=mistake.last_seen,
        model=context.embedder.model,
        vector=tuple(np.round(vector, 4).tolist()),
    )
    return lesson, not said or prevented >= RECURS


def _proposed(
    context: Context, made: Lesson, mistake: Mistake, *, sure: bool
) -> tuple[list[Write], list[NewEvent]]:
    """Return how a new lesson begins: in force, or waiting for a person when that is wanted or needed.

    What an agent reports itself may be what a stranger told it: then a person must say that it is so. The same
    where a model does not find one mistake in three of the corrections.
    """
    if context.settings.lesson_approval == "auto" and mistake.trusted >= RECURS and sure:
        return [_to(None, made)], [_promoted(made)]
    key = f"{ASKED}{made.id}:{secrets.token_hex(8)}"
    waiting = made.model_copy(update={"status": "proposed", "ask": key})
    examples = "\n".join(
        f"- {one.agent}, {one.at:%Y-%m-%d}: {one.text}" for one in mistake.examples[-RECURS:]
    )
    wanted = DecisionWanted(
        key=key,
        agent=made.agents[0],
        title=f"Lesson: {made.text}",
        description=f"Corrected {mistake.count} times:\n{examples}",
        category="lesson",
        by=SKILL,
    )
    return [_to(None, waiting)], [wanted.new()]


def _promoted(made: Lesson) -> NewEvent:
    return LessonPromoted(lesson_id=made.id, text=made.text, agents=made.agents, count=made.count).new()


def _same(context: Context, made: Lesson) -> tuple[Mapping[str, object], Lesson] | None:
    """Return a lesson in force or waiting that says the same, as it is stored and as it is read."""
    numbers, folded = phrasing.NUMBER.findall(made.text), made.text.casefold()
    for key, stored in context.store.list_records(LESSONS).items():
        one = kept.parsed(context, LESSONS, key, stored, Lesson)
        if one is None or one.id == made.id or one.status not in ("active", "proposed"):
            continue
        near = one.model == made.model and float(np.dot(one.vector, made.vector)) >= SAME
        if one.text.casefold() == folded or (near and phrasing.NUMBER.findall(one.text) == numbers):
            return stored, one
    return None


def _joined(same: Lesson, made: Lesson) -> Lesson:
    """Return a lesson that stands for another mistake, too."""
    return same.model_copy(
        update={
            "mistakes": tuple(dict.fromkeys([*same.mistakes, *made.mistakes])),
            "agents": tuple(sorted({*same.agents, *made.agents})),
            "categories": tuple(sorted({*same.categories, *made.categories})),
            "feedback": tuple(dict.fromkeys([*same.feedback, *made.feedback])),
            "count": same.count + made.count,
            "last_seen": max(same.last_seen, made.last_seen),
        }
    )


def decide(context: Context, answered: DecisionAnswered) -> bool:
    """Take a person's answer to a proposed lesson, the first alone; False when the ask was none of ours."""
    identity = answered.key.removeprefix(ASKED).partition(":")[0]
    for _ in range(kept.TRIES):
        stored = context.store.get_record(LESSONS, identity)
        found = stored and kept.parsed(context, LESSONS, identity, stored, Lesson)
        if not found or not found.ask or found.ask != answered.key:
            return False
        if found.status != "proposed":
            return True
        if answered.choice in ("expired", "cancelled", "skip"):
            _end(context, found, f"{answered.choice}: nobody decided")
            return True
        if _amend(context, *_decided(stored, found, answered)):
            publish_soon(context)
            return True
    raise kept.busy(f"lesson {identity}")


def _decided(
    stored: Mapping[str, object] | None, found: Lesson, answered: DecisionAnswered
) -> tuple[list[Write], list[NewEvent]]:
    """Return how a lesson is refused, or comes into force."""
    if answered.choice == "reject":
        why = tidy(answered.reason) or "refused"
        return [_to(stored, found.model_copy(update={"status": "refused", "why": why}))], []
    text = " ".join(tidy(answered.text).split())[:LONGEST_LESSON] if answered.choice == "edit" else ""
    update: dict[str, object] = {"status": "active", "approved_by": answered.by}
    after = found.model_copy(update=update | ({"text": text, "method": "owner"} if text else {}))
    return [_to(stored, after)], [_promoted(after)]


def retire(context: Context, identity: str, why: str) -> Lesson:
    """Take a lesson out of force and return it; NotFoundError when there is none."""
    found = kept.lesson(context, identity)
    if found is None:
        raise NotFoundError(
            f"no lesson {identity!r}", hint="`clawcortex memory-compounding lessons` lists them."
        )
    _end(context, found, why)
    return kept.lesson(context, identity) or found


def _end(context: Context, found: Lesson, why: str) -> None:
    """Retire a lesson: its mistakes become lessons again only after as many corrections anew."""
    for _ in range(kept.TRIES):
        stored = context.store.get_record(LESSONS, found.id)
        now = stored and kept.parsed(context, LESSONS, found.id, stored, Lesson)
        if not now or now.status not in ("active", "proposed"):
            return
        ended = now.model_copy(update={"status": "retired", "why": why, "retired_at": context.now()})
        writes = [_to(stored, ended)]
        for key in now.mistakes:
            before = context.store.get_record(MISTAKES, key)
            mistake = before and kept.parsed(context, MISTAKES, key, before, Mistake)
            if mistake:
                again = {"lesson": "", "fresh": 0, "rounds": mistake.rounds + 1, "contradicted": ()}
                writes.append(
                    Write(MISTAKES, key, before, mistake.model_copy(update=again).model_dump(mode="json"))
                )
        if _amend(context, writes):
            context.store.audit(context.caller.actor, "retire", found.id, {"why": why})
            publish_soon(context)
            return
    raise kept.busy(f"lesson {found.id}")


def contradict(context: Context, key: str, feedback: Feedback) -> None:
    """Count feedback against a mistake's lesson, once; enough of it, since the mistake was last seen, retires it."""
    for _ in range(kept.TRIES):
        stored = context.store.get_record(MISTAKES, key) if key else None
        mistake = stored and kept.parsed(context, MISTAKES, key, stored, Mistake)
        if not mistake or not mistake.lesson or not feedback.trusted:
            return
        new = feedback.id not in mistake.contradicted
        if feedback.at <= mistake.last_seen or feedback.agent not in mistake.agents:
            return
        against = (*mistake.contradicted, feedback.id) if new else mistake.contradicted
        after = mistake.model_copy(update={"contradicted": against})
        if new and not context.store.amend([Write(MISTAKES, key, stored, after.model_dump(mode="json"))]):
            continue
        found = kept.lesson(context, mistake.lesson)
        if found is not None and len(against) >= AGAINST:
            _end(context, found, f"contradicted by {', '.join(against)}")
        return
    raise kept.busy(f"the mistake {key}")


def retire_unseen(context: Context) -> list[str]:
    """Retire the lessons whose mistakes were not seen for as long as the setting says; return their ids."""
    before = context.now() - timedelta(days=context.settings.lesson_days)
    gone = [
        one
        for one in kept.every(context, LESSONS, Lesson)
        if one.status == "active" and max(one.last_seen, one.promoted_at) < before
    ]
    for one in gone:
        _end(context, one, f"not seen for {context.settings.lesson_days} days")
    return [one.id for one in gone]


def publish_soon(context: Context) -> None:
    """Queue the writing of the files, once for all that comes within some seconds."""
    slot = int(context.now().timestamp()) // PUBLISH_S + 1
    run_at = context.now() + timedelta(seconds=PUBLISH_S)
    context.store.enqueue(PUBLISH, {}, key=f"{PUBLISH}/{slot}", run_at=run_at)
