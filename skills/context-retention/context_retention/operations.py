"""The operations of context-retention, and the skill they make."""

from __future__ import annotations

from dataclasses import replace

from clawcortex import paths
from clawcortex.errors import InputError
from clawcortex.skills.context import Context
from clawcortex.skills.known import name_of, with_chat_type
from clawcortex.skills.operation import Schedule, Search, Skill, operation
from clawcortex.store.records import Memory, Provenance, Scope, Selection
from context_retention import hooks, panels, reembedding, relating, shapes, transfer
from context_retention.forgetting import archive, uses
from context_retention.forgetting.consolidation import consolidate_memory
from context_retention.forgetting.operations import consolidate, evict
from context_retention.forgetting.seeking import sought
from context_retention.recall import Wanted, search
from context_retention.scopes import chosen, named_scope, parse_chat, visible
from context_retention.summaries import leaving
from context_retention.summaries import operation as summing
from context_retention.summaries.forgetting import Gone, noting
from context_retention.writing import Saying, prepare, write

SEARCH = Search(
    takes="query",
    shows="hits",
    columns={"text": "Memory", "speaker": "Said by", "created_at": "When", "score": "Score", "why": "Why"},
)
LISTED = 100
FOUND_BY_QUERY = 100
SURE_ENOUGH = 0.5
"""Weakest score that `forget` acts on when it is given a question: what goes does not come back."""
EVERY = 10_000_000
REMEMBERED = 0.8
"""Importance of what somebody asked to be remembered."""


def _scope(context: Context, request: shapes.Origin) -> Scope:
    """Return where a text was said; only a trusted caller may name it."""
    if not context.caller.trusted:
        return with_chat_type(context, context.caller.scope)
    named = named_scope(
        agent=request.agent, chat=request.chat, sender=request.sender, chat_type=request.chat_type
    )
    return with_chat_type(context, named)


def _provenance(context: Context, wanted: str) -> Provenance:
    """Return whose words they are: what an agent stores by a tool is the agent's, whatever it says."""
    return Provenance(wanted) if context.caller.trusted else Provenance.AGENT


def _saying(context: Context, request: shapes.CaptureInput | shapes.RememberInput, provenance: str) -> Saying:
    """Return what a caller wants stored; who, when and where is the owner's to say, not an agent's."""
    trusted, scope = context.caller.trusted, _scope(context, request)
    return Saying(
        text=request.text,
        scope=scope,
        said_at=(request.timestamp if trusted else None) or context.now(),
        session=request.session if trusted else "",
        speaker=request.speaker if trusted else scope.agent,
        provenance=_provenance(context, provenance),
        source_ref=request.source_ref if trusted else "",
        importance=request.importance,
        pinned=request.pinned and trusted,
    )


@operation("remember", expose="agent", effect="write")
def remember(context: Context, request: shapes.RememberInput) -> shapes.Stored:
    """Keep one fact for good; saying the same thing again keeps it once."""
    weight = REMEMBERED if request.importance is None else request.importance
    saying = replace(_saying(context, request, "owner"), once=True, importance=weight)
    return write(context, [prepare(saying)], "remember")[0]


@operation("capture", effect="write")
def capture(context: Context, request: shapes.CaptureInput) -> shapes.Stored:
    """Store one turn of a conversation; a replay of it is stored once."""
    return write(context, [prepare(_saying(context, request, request.provenance))], "capture")[0]


def _found(context: Context, request: shapes.RecallInput) -> shapes.RecallOutput:
    if not request.query.strip():
        raise InputError("query is empty", hint="Ask a question or give some words to look for.")
    scopes, who = context.store.scopes(), ""
    if context.caller.trusted:
        numbers = chosen(scopes, agent=request.agent, chat=request.chat)
    else:
        asker = with_chat_type(context, context.caller.scope)
        numbers, who = visible(scopes, asker, context.settings), name_of(context, asker)
    wanted = Wanted(
        text=request.query,
        now=request.now or context.now(),
        scopes=numbers,
        top_k=request.top_k,
        budget_tokens=request.budget_tokens,
        session=request.session,
        since=request.since,
        until=request.until,
        asker=who,
    )
    return search(context, wanted)


@operation("recall", expose="agent", search=SEARCH)
def recall(context: Context, request: shapes.RecallInput) -> shapes.RecallOutput:
    """Search memory and return the best hits, each with its score and the reasons for it."""
    answer = _found(context, request)
    uses.note(context, uses.used(answer.hits, context.settings.inject_score))
    return answer


def _selected(context: Context, request: shapes.ForgetInput) -> list[Memory]:
    selection = Selection(
        ids=tuple(request.ids),
        session=request.session,
        agent=request.agent,
        chat=parse_chat(request.chat)[2] if request.chat else "",
        since=request.since,
        until=request.until,
    )
    if selection.empty and not request.query.strip():
        raise InputError(
            "nothing was chosen to forget", hint="Name ids, a session, an agent, a time range or a query."
        )
    if not request.query.strip():
        return _of_chat(context.store.select(selection, limit=EVERY), request.chat)
    asked = shapes.RecallInput(
        query=request.query,
        top_k=FOUND_BY_QUERY,
        agent=request.agent,
        chat=request.chat,
        session=request.session,
        since=request.since,
        until=request.until,
    )
    hits = [hit for hit in _found(context, asked).hits if hit.score >= SURE_ENOUGH]
    found = tuple(identity for hit in hits for identity in (hit.id, *hit.duplicates))
    return _of_chat(context.store.select(replace(selection, ids=found)), request.chat) if found else []


def _of_chat(memories: list[Memory], chat: str) -> list[Memory]:
    """Keep what was said in a chat named with its channel and account: their names repeat elsewhere."""
    place = parse_chat(chat) if chat else None
    return [
        memory
        for memory in memories
        if place is None or (memory.scope.channel, memory.scope.account, memory.scope.chat) == place
    ]


@operation("forget", effect="destroy")
def forget(context: Context, request: shapes.ForgetInput) -> shapes.Forgotten:
    """Remove memories: invisible at once, and with `wait` gone from every file."""
    scrubbed = request.wait and not request.dry_run
    if scrubbed:
        context.resources.drain()  # a turn that still waits in the spool must not come back later
    memories = _selected(context, request)
    ids = [memory.id for memory in memories]
    gone = [Gone.of(memory) for memory in memories]
    archived, unreadable = archive.erase(noting(sought(request, memories), gone), dry_run=True)
    left = [] if request.dry_run else _remove(context, request, memories, gone)
    if (memories or archived) and not request.dry_run:
        details = {"ids": ids[:LISTED], "count": len(ids), "archived": archived}
        context.store.audit(context.caller.actor, "forget", ids[0] if ids else "archive", details)
    left += [str(file) for file in unreadable]
    if scrubbed:
        context.index.rebuild()
        context.index.snapshot()
        context.store.scrub()
        left += [str(file) for file in sorted((paths.spool_dir() / "bad").glob("*.json"))]
    return shapes.Forgotten(
        count=len(ids),
        ids=ids[:LISTED],
        dry_run=request.dry_run,
        scrubbed=scrubbed and not left,
        archived=archived,
        left=left[:LISTED],
    )


def _remove(
    context: Context, request: shapes.ForgetInput, memories: list[Memory], gone: list[Gone]
) -> list[str]:
    """Remove memories from store, archive and summaries; return the files that may still hold them."""
    if not gone:
        return []
    promised = leaving.write_down(context, gone)
    positions = tuple(memory.n for memory in memories)
    if positions:
        context.index.remove(positions)
        context.store.delete(Selection(positions=positions))
    try:
        archive.erase(sought(request, memories))
    finally:  # the archive may be in use too long: asked again, nobody knows what stood in which summary
        left = leaving.take_out(context, promised)
    return left


@operation("status")
def status(context: Context, request: shapes.Nothing) -> shapes.Status:
    """Say how much is remembered and what is not ready."""
    del request
    context.index.refresh()
    view = context.index.view()
    by_agent: dict[str, int] = {}
    for number, scope in view.scopes.items():
        held = int((view.alive & (view.columns.scope == number)).sum())
        by_agent[scope.agent] = by_agent.get(scope.agent, 0) + held
    total, embedded = int(view.alive.sum()), int((view.embedded & view.alive).sum())
    return shapes.Status(
        memories=total,
        embedded=embedded,
        pending=total - embedded,
        generation=context.index.generation,
        model=context.embedder.model,
        model_ready=context.embedder.ready(),
        reembedding=reembedding.progress(context),
        by_agent=by_agent,
    )


@operation("rebuild_index", effect="write")
def rebuild_index(context: Context, request: shapes.Nothing) -> shapes.Rebuilt:
    """Make the index again from the store's vectors."""
    del request
    vectors = context.index.rebuild()
    context.index.snapshot()
    context.store.audit(context.caller.actor, "rebuild_index", "index", {"vectors": vectors})
    return shapes.Rebuilt(vectors=vectors, generation=context.index.generation)


@operation("reembed", effect="write")
def reembed(context: Context, request: shapes.Nothing) -> shapes.Reembedded:
    """Make every vector of the model in use again; recall goes by words for what is not embedded yet."""
    del request
    return reembedding.restart(context)


@operation("export")
def export(context: Context, request: shapes.ExportInput) -> shapes.Exported:
    """Write memories to a JSON-lines file."""
    return transfer.export_memories(context, request)


@operation("import", effect="write")
def import_(context: Context, request: shapes.ImportInput) -> shapes.Imported:
    """Read memories from a JSON-lines file; reading it twice stores them once."""
    return transfer.import_memories(context, request)


skill = Skill(
    name="context-retention",
    title="Context retention",
    summary="Never forget: capture every turn, recall what matters, put back what a compaction lost.",
    version="0.1.0",
    operations=(
        remember,
        recall,
        capture,
        forget,
        status,
        rebuild_index,
        reembed,
        export,
        import_,
        evict,
        consolidate,
        summing.summarize,
        summing.summaries,
    ),
    hooks=(
        hooks.learn_sender,
        hooks.learn_chat,
        hooks.start_session,
        hooks.before_compaction,
        hooks.after_compaction,
        hooks.restore_compacted,
        hooks.recall_for_prompt,
        hooks.capture_turn,
        hooks.capture_missed,
    ),
    tasks=(consolidate_memory, leaving.leave_summaries),
    chores=(uses.count_recalls, relating.relate),
    panels=(panels.growth,),
    schedules=(Schedule("30 3 * * *", "consolidate"), *summing.SCHEDULES),
    keeps=summing.FILES,
)
