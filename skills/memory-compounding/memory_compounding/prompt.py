"""Lessons before a prompt: at a session's first turn the top few of its agent, later those that bear on the prompt.

What a person said when they corrected something is told where they are alone with the agent; in a group only what
the mistake is avoided by.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np

from clawcortex.errors import ModelError
from clawcortex.models.base import Floats
from clawcortex.openclaw.payloads import Compaction, PromptBuild, SessionStart
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.known import with_chat_type
from clawcortex.skills.operation import hook
from clawcortex.store.base import Store
from clawcortex.store.records import ChatType
from clawcortex.text.fence import strip_blocks
from clawcortex.text.terms import terms
from memory_compounding import kept, phrasing
from memory_compounding.kept import LESSONS, SESSIONS
from memory_compounding.shapes import Lesson

FIRST, LATER = 5, 3
"""Most lessons at a session's first turn, and later."""
BEARS = 0.3
"""Least cosine of a lesson and a prompt that it bears on."""
NAMED = 0.25
"""What the lesson's category, named in the prompt, adds."""
RANK = 20
"""Before what is recalled: a wish of the owner outweighs what was said once."""
REMEMBERED = 100
"""Most lessons of a session that are known to be told."""


@dataclass(frozen=True, slots=True)
class _Active:
    """The lessons in force, as they are held in memory."""

    generation: int
    model: str
    lessons: tuple[Lesson, ...]
    stems: tuple[frozenset[str], ...]
    vectors: Floats
    """Of each lesson; zeros where another model made it."""


_active: WeakKeyDictionary[Store, _Active] = WeakKeyDictionary()
_lock = threading.Lock()


@hook("before_prompt_build")
def remind(context: Context, event: PromptBuild) -> Contribution | None:
    """Tell the agent the lessons that it is to keep to."""
    active = in_force(context)
    private = is_private(context, event)
    texts = {
        place: text
        for place, one in enumerate(active.lessons)
        if applies(one, event.agent) and (text := one.text if private else phrasing.unquoted(one))
    }
    mine = list(texts)
    if not mine or not context.settings.lesson_tokens:
        return None
    key = session_key(event.agent, event.session_key)
    known = context.store.get_record(SESSIONS, key)
    chosen = (
        _first(active, mine) if known is None else _later(context, active, mine, event.prompt, _told(known))
    )
    if known is not None and not chosen:
        return None
    names = [active.lessons[place].id for place, _ in chosen]
    return Contribution(
        skill="memory-compounding",
        heading="corrected before; keep to it, do not read it out",
        items=tuple(_item(context, active.lessons[place], texts[place], score) for place, score in chosen),
        rank=RANK,
        budget_tokens=context.settings.lesson_tokens,
        approved=True,
        note=f"{len(chosen)} of {len(mine)} lessons",
        delivered=lambda placed: _note(context, key, [one for one in names if one in placed]),
    )


@hook("session_start")
def begin(context: Context, event: SessionStart) -> None:
    """Tell the lessons again in a new conversation."""
    context.store.take_record(SESSIONS, session_key(event.agent, event.session_key))


@hook("after_compaction")
def compacted(context: Context, event: Compaction) -> None:
    """Tell the lessons again when a compaction took them out of the conversation."""
    if event.compacted > 0:
        context.store.take_record(SESSIONS, session_key(event.agent, event.session_key))


def session_key(agent: str, session: str) -> str:
    """Return the key of what a session was told."""
    return f"{agent}/{session}"


def in_force(context: Context) -> _Active:
    """Return the active lessons, read anew only when one changed."""
    generation, model = kept.generation(context.store, LESSONS), context.embedder.model
    with _lock:
        held = _active.get(context.store)
    if held is None or (held.generation, held.model) != (generation, model):
        found = tuple(one for one in kept.every(context, LESSONS, Lesson) if one.status == "active")
        stems = tuple(frozenset(terms(" ".join(one.categories))) for one in found)
        vectors = np.zeros((len(found), context.embedder.dimensions), np.float32)
        for place, one in enumerate(found):
            if one.model == model:
                vectors[place] = one.vector
        held = _Active(generation, model, found, stems, vectors)
        with _lock:
            _active[context.store] = held
    return held


def is_private(context: Context, event: PromptBuild) -> bool:
    """Return whether a person is alone with the agent: in a private chat, or at the machine, in no chat at all."""
    known = with_chat_type(context, event.scope())
    return known.chat_type is ChatType.PRIVATE or not (event.ctx.chat_id or event.ctx.channel_id)


def applies(lesson: Lesson, agent: str) -> bool:
    """Return whether an agent is told a lesson: who made the mistake, and all when more than one did."""
    return agent in lesson.agents or len(lesson.agents) > 1


def _first(active: _Active, mine: Sequence[int]) -> list[tuple[int, float]]:
    """Return the lessons of the mistakes that were made most often, and most lately among equals."""

    def weight(place: int) -> tuple[int, datetime]:
        one = active.lessons[place]
        return one.count, one.last_seen

    best = sorted(mine, key=weight, reverse=True)[:FIRST]
    return [(place, 1.0) for place in best]


def _later(
    context: Context, active: _Active, mine: Sequence[int], prompt: str, told: frozenset[str]
) -> list[tuple[int, float]]:
    """Return what is new since the session began, and what bears on the prompt."""
    scores = _bearing(context, active, mine, strip_blocks(prompt))
    new = [place for place in mine if active.lessons[place].id not in told]
    chosen = sorted(
        (place for place in mine if place in new or scores[place] >= BEARS),
        key=lambda place: (place in new, scores[place]),
        reverse=True,
    )
    return [(place, scores[place]) for place in chosen[:LATER]]


def _bearing(context: Context, active: _Active, mine: Sequence[int], prompt: str) -> dict[int, float]:
    """Return how much each lesson bears on the prompt; by its category alone while the model is not ready."""
    stems = frozenset(terms(prompt))
    scores = {place: NAMED * bool(stems & active.stems[place]) for place in mine}
    if not prompt.strip() or not context.embedder.ready():
        return scores
    try:
        asked = context.embedder.encode([prompt])[0]
    except ModelError as error:
        context.log.warning("lessons go by category alone: %s", error.message)
        return scores
    near = active.vectors @ asked
    return {place: score + float(near[place]) for place, score in scores.items()}


def _told(known: dict[str, object]) -> frozenset[str]:
    found = known.get("told")
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _note(context: Context, key: str, identities: Sequence[str]) -> None:
    known = context.store.get_record(SESSIONS, key) or {}
    told = list(dict.fromkeys([*_told(known), *identities]))[-REMEMBERED:]
    at = context.now().isoformat()
    context.store.put_record(SESSIONS, key, {"told": told, "at": at, "version": 1})


def _item(context: Context, lesson: Lesson, text: str, score: float) -> Item:
    seen = f"{context.local(lesson.last_seen):%Y-%m-%d}"
    who = f"approved by {lesson.approved_by}, " if lesson.approved_by else ""
    return Item(text, score, f"{who}corrected {lesson.count} times, last {seen}", lesson.id)
