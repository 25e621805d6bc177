"""What OpenClaw's events do here: learn the chat, recall before a prompt, capture after a turn."""

from __future__ import annotations

from dataclasses import dataclass

from clawcortex.errors import InputError
from clawcortex.openclaw.messages import Turn
from clawcortex.openclaw.payloads import (
    AgentEnd,
    Compaction,
    Dispatch,
    PromptBuild,
    Received,
    Reset,
    SessionStart,
)
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.known import learn_chat_type, learn_name, name_of, with_chat_type
from clawcortex.skills.operation import hook
from clawcortex.store.records import ChatType, Provenance, Scope
from clawcortex.text.fence import strip_blocks
from context_retention import compaction
from context_retention.compaction import item
from context_retention.forgetting import uses
from context_retention.recall import Wanted, search
from context_retention.scopes import visible
from context_retention.sessions import begin_session, previous_session, session_name
from context_retention.shapes import Hit
from context_retention.summaries.gathering import Uses, note_tools
from context_retention.writing import Prepared, Saying, prepare, write

SILENT = frozenset({"", "NO_REPLY", "HEARTBEAT_OK"})
"""What an agent says when it says nothing."""
MISSED_LOOK_BACK = 2_000
"""Most memories of a conversation that are read to see who spoke where."""
WIDE_ITEMS = 60
"""Most memories recalled right after a compaction; the budget ends it earlier."""


@hook("before_dispatch")
def learn_chat(context: Context, event: Dispatch) -> None:
    """Learn whether the chat is private: no other event says so."""
    learn_chat_type(context, event.scope())


@hook("message_received")
def learn_sender(context: Context, event: Received) -> None:
    """Learn what the sender is called: no later event of the turn says so."""
    if event.sender_name:
        learn_name(context, event.scope(), event.sender_name)


@hook("session_start")
def start_session(context: Context, event: SessionStart) -> None:
    """Begin a new conversation: `/new` keeps OpenClaw's session id."""
    if event.resumed:
        begin_session(context, event.agent, event.session_key, event.ctx.event_id)


@hook("before_compaction")
def before_compaction(context: Context, event: Compaction) -> None:
    """Keep a checkpoint of what is about to be compacted."""
    compaction.keep_checkpoint(context, event.agent, session_name(context, event.agent, event.session_key))


@hook("after_compaction")
def after_compaction(context: Context, event: Compaction) -> None:
    """Ask for the lost to be put back, when something was really compacted."""
    if event.compacted > 0:
        session = session_name(context, event.agent, event.session_key)
        compaction.raise_flag(context, event.agent, session, event.ctx.event_id)


@hook("before_prompt_build")
def restore_compacted(context: Context, event: PromptBuild) -> Contribution | None:
    """Put back what a compaction lost, once."""
    scope = with_chat_type(context, event.scope())
    return compaction.restore(context, scope, session_name(context, scope.agent, event.session_key))


@hook("before_prompt_build")
def recall_for_prompt(context: Context, event: PromptBuild) -> Contribution | None:
    """Recall what bears on the prompt and is not still in it."""
    prompt = strip_blocks(event.prompt).strip()
    if not prompt:
        return None
    scope = with_chat_type(context, event.scope())
    settings = context.settings
    running = session_name(context, scope.agent, event.session_key)
    compacted = compaction.last_of(context, scope.agent, running)
    restoring = compacted is not None and not compaction.is_told(context, scope, running, compacted)
    share = _share(context, restoring=restoring)
    if not share.items:
        return None
    context.index.refresh()
    found = search(
        context,
        Wanted(
            text=prompt,
            now=context.now(),
            scopes=visible(context.index.view().scopes, scope, settings),
            top_k=share.items,
            budget_tokens=share.tokens,
            asker=event.sender_name or name_of(context, scope),
            trusted_only=True,
            explained=False,
            unless_since={running: float(str((compacted or {}).get("at", 0.0)))},
        ),
    )
    shown = [hit for hit in found.hits if hit.score >= share.score]
    return Contribution(
        skill="context-retention",
        heading="From earlier conversations",
        items=tuple(_item(context, hit) for hit in shown),
        rank=30,
        budget_tokens=share.tokens,
        extends_budget=share.extends,
        note=f"{found.mode}, {found.took_ms} ms",
        delivered=lambda placed: uses.note(
            context, uses.used([hit for hit in shown if hit.id in placed], settings.inject_score)
        ),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a prompt recall may take."""

    items: int
    tokens: int
    score: float
    extends: bool = False


def _share(context: Context, *, restoring: bool) -> Share:
    """Return recall's share; right after a compaction it is wider, since nothing stands in the prompt."""
    settings = context.settings
    if not restoring:
        return Share(settings.recall_items, settings.recall_tokens, settings.inject_score)
    return Share(WIDE_ITEMS, compaction.recall_tokens(context), settings.min_score, extends=True)


@hook("agent_end")
def capture_turn(context: Context, event: AgentEnd) -> None:
    """Store the turn that just ended; a replay of it is stored once."""
    scope = with_chat_type(context, event.scope())
    session = session_name(context, scope.agent, event.session_key)
    _capture(context, [(turn, scope) for turn in event.turns()], event.session_key, session)


@hook("before_reset")
def capture_missed(context: Context, event: Reset) -> None:
    """Store what of a conversation was not captured before it is reset.

    The transcript names each sender but no chat: a turn is stored only where its sender was seen in exactly
    one private chat of this conversation. What may have been said in a group is left out.
    """
    session = previous_session(context, event.agent, event.session_key)
    held = context.store.newest(list(context.store.scopes()), session=session, limit=MISSED_LOOK_BACK)
    private = {with_chat_type(context, one.scope) for one in held}
    private = {one for one in private if one.chat_type is ChatType.PRIVATE}
    attributed: list[tuple[Turn, Scope]] = []
    scope: Scope | None = None
    for turn in event.turns():
        if turn.role == "user":
            who = (turn.channel, turn.account or "default", turn.sender)
            places = [one for one in private if (one.channel, one.account, one.sender) == who]
            scope = places[0] if len(places) == 1 else None
        if scope is not None:
            attributed.append((turn, scope))
    _capture(context, attributed, event.session_key, session)


def _capture(context: Context, turns: list[tuple[Turn, Scope]], session_key: str, session: str) -> None:
    prepared: list[Prepared] = []
    tools_used = False
    asked: Uses | None = None
    tools_of: dict[int, Uses] = {}
    for turn, scope in turns:
        if turn.role != "assistant":
            tools_used = turn.role == "tool"
        if turn.role == "user":
            asked = None
        elif turn.role == "tool" and turn.tool and asked is not None:
            asked.names.append(turn.tool)
        text = strip_blocks(turn.text).strip()
        if turn.role == "tool" or text in SILENT:
            continue
        replay = f"{scope.agent}|{session_key}|{turn.role}|{turn.ref}"  # its times differ from hook to hook
        saying = Saying(
            text=text,
            scope=scope,
            said_at=turn.at or context.now(),
            session=session,
            speaker=scope.agent if turn.role == "assistant" else turn.sender_name or name_of(context, scope),
            provenance=_provenance(turn, tools_used=tools_used),
            replay=replay,
        )
        try:
            prepared.append(prepare(saying))
        except InputError:
            context.log.warning("a message of %s that cannot be stored was passed over", session)
            continue
        if turn.role == "user":
            asked = tools_of[len(prepared) - 1] = Uses(saying.said_at, replay, scope)
    stored = write(context, prepared, "capture") if prepared else []
    for index, used in tools_of.items():
        if used.names and stored[index].fresh:
            note_tools(context, used, session)


def _provenance(turn: Turn, *, tools_used: bool) -> Provenance:
    """Return whose words a turn is; an answer made with tools may repeat what a stranger wrote."""
    if turn.role != "assistant":
        return Provenance.OWNER
    return Provenance.UNTRUSTED if tools_used else Provenance.AGENT


def _item(context: Context, hit: Hit) -> Item:
    until = f"until {context.local(hit.valid_to):%Y-%m-%d}" if hit.valid_to else ""
    return item(context, hit, score=hit.score, label=until)
