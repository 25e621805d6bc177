"""Memories read a second time, by the agent's own model where OpenClaw has one: in batches, every six hours.

Whatever the model answers, what was found without it stays.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from clawcortex.errors import HostError
from clawcortex.skills.context import Context
from clawcortex.store.records import Memory, Provenance, Write
from clawcortex.text.terms import fold
from cross_agent_intelligence import knowledge, streaming
from cross_agent_intelligence.detecting import take_in
from cross_agent_intelligence.recognising.asking import TEXTS_AT_ONCE, recognise_by_model
from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.shapes import NAMED, Mention
from cross_agent_intelligence.records import PLACES, TURNS, Signal, turn_key

PLACE = "model"
MOST_BATCHES, PAGE = 10, 200
LONGEST_S = 240.0
"""No further batch is begun after so long: OpenClaw ends the job after ten minutes."""
TRIES = 5


def reread(context: Context) -> list[Signal]:
    """Ask about what was not asked about yet; return the signals that follow."""
    if context.settings.signal_model == "never":
        return []
    raised: list[Signal] = []
    began = time.monotonic()
    for agent, batch in islice(_batches(context), MOST_BATCHES):
        found, lasting = _asked(context, agent, batch)
        if found is None and not lasting:
            break  # the next run asks again
        for memory, mentions in zip(batch, found or [()] * len(batch), strict=True):
            raised += _add(context, memory, mentions)
        before = context.store.get_record(PLACES, PLACE)
        context.store.amend([Write(PLACES, PLACE, before, {"version": 1, "n": batch[-1].n})])
        if found is None or time.monotonic() - began > LONGEST_S:
            break
    return raised


def _asked(
    context: Context, agent: str, batch: Sequence[Memory]
) -> tuple[list[tuple[Mention, ...]] | None, bool]:
    """Return what the model found in each memory; None, and whether that will last, when it has no answer that fits."""
    try:
        texts = [one.text for one in batch]
        read = recognise_by_model(context.host, texts, agent=agent, gazetteer=Gazetteer())
    except HostError as error:
        context.log.info("names go without the model: %s", error.message)
        return None, error.lasting
    return [one.mentions for one in read], False


def _batches(context: Context) -> Iterator[tuple[str, list[Memory]]]:
    """Yield what was said since the last question, by agent: a chat's words go to that agent's model only."""
    after = int(str((context.store.get_record(PLACES, PLACE) or {}).get("n", 0)))
    waiting = streaming.waiting(context, after, until=streaming.place(context, streaming.NAMES))
    memories = (
        one
        for start in range(0, len(waiting), PAGE)
        for one in context.store.rows(waiting[start : start + PAGE])
        if one.provenance is Provenance.OWNER
    )
    for agent, run in groupby(memories, key=lambda one: one.scope.agent):
        while batch := list(islice(run, TEXTS_AT_ONCE)):
            yield agent, batch


def _add(context: Context, memory: Memory, mentions: Sequence[Mention]) -> list[Signal]:
    """Take in the names of a memory that were not found without the model."""
    for _ in range(TRIES):
        new = _new(context, memory, mentions)
        if not new:
            return []
        with knowledge.held(context) as known:
            context.index.refresh()
            found = take_in(context, context.index.view(), known, memory, new)
            if context.store.amend(
                [*found.all_writes(), *known.writes(context.store)], events=found.events()
            ):
                return found.signals
            knowledge.forget(context)
    return []


def _new(context: Context, memory: Memory, mentions: Sequence[Mention]) -> list[Mention]:
    """Return the names that are no part of one that was found, nor one of them a part of it."""
    listed = (context.store.get_record(TURNS, turn_key(memory.n)) or {}).get("heads")
    held = [fold(str(name)) for name in (listed if isinstance(listed, dict) else {}).values() if name]

    def is_new(one: Mention) -> bool:
        said = fold(one.name)
        return one.kind in NAMED and not any(said in name or name in said for name in held)

    return [one for one in mentions if is_new(one)]
