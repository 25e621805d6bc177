"""What OpenClaw 2026.9.6 tells the plugin, as models; every fact here was seen on a running gateway.

index.js posts `{"event": ..., "ctx": ...}` for a hook and `{"params": ..., "context": ...}` for a tool.
Who spoke where, by hook (a Telegram direct message, a group; docs/openclaw.md shows the payloads):

    hook                 agent       channel   account    chat              sender    group?
    message_received     sessionKey  ctx       ctx        -                 ctx+name  no
    before_dispatch      sessionKey  event     ctx        conversationId    ctx       isGroup
    button_pressed       no          event     event      event             event     isGroup
    before_prompt_build  ctx         ctx       ctx        chatId            ctx       no
    agent_end            ctx         ctx       ctx        chatId            ctx       no
    before_reset         ctx         messages  messages   no                messages  no
    compaction, session  ctx         -         -          -                 -         no
    a tool's context     agentId     message…  agent…     nativeChannelId   requester no

`before_prompt_build` and `agent_end` of a turn carry the same runId, chatId and senderId.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from clawcortex.errors import InputError
from clawcortex.openclaw.host import VALUE_BYTES
from clawcortex.openclaw.messages import Message, Origin, Part, Text, Turn, an_object, objects, turns_of
from clawcortex.store.records import ChatType, Scope

__all__ = [
    "HOOKS",
    "AgentEnd",
    "CommandCall",
    "CommandContext",
    "Compaction",
    "Dispatch",
    "GatewayStart",
    "Payload",
    "Pressed",
    "PromptBuild",
    "Received",
    "Reset",
    "SessionEnd",
    "SessionStart",
    "StartedAgent",
    "StartedGateway",
    "ToolCall",
    "ToolContext",
    "Turn",
    "agent_of",
    "parse",
]


CHAT_TYPES = {True: ChatType.GROUP, False: ChatType.PRIVATE, None: ChatType.UNKNOWN}
"""By `isGroup`, as a channel tells it."""


def agent_of(session_key: str) -> str:
    """Return the agent in "agent:<id>:…", the form of every session key; "" when it is not one."""
    parts = session_key.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "agent" else ""


def _short(value: str) -> str:
    if len(value.encode()) > VALUE_BYTES:
        raise ValueError(f"more than the {VALUE_BYTES} bytes that a button of ours carries")
    return value


class _Context(Part):
    """The second argument of every hook."""

    agent_id: Text = ""
    session_key: Text = ""
    session_id: Text = ""
    event_id: Text = ""
    """Made by index.js: the same when an event that was spooled comes again."""


class _TurnContext(_Context):
    run_id: Text = ""
    trigger: Text = ""
    channel: Text = ""
    message_provider: Text = ""
    account_id: Text = ""
    chat_id: Text = ""
    channel_id: Text = ""
    """The chat in agent hooks, the channel in message hooks."""
    sender_id: Text = ""
    sender_name: Text = ""
    """Found by index.js in the history; empty in a conversation's first turn."""
    conversation_id: Text = ""


class _Hook(Part):
    ctx: _Context = _Context()

    def scope(self, chat_type: ChatType = ChatType.UNKNOWN) -> Scope:
        """Return what is known of where it happened; here only the agent and the session."""
        return Scope(self.agent, "unknown", "default", self.session_key, "unknown", chat_type)

    @property
    def agent(self) -> str:
        """Return the agent's id."""
        return self.ctx.agent_id or agent_of(self.session_key) or "main"

    @property
    def session_key(self) -> str:
        """Return OpenClaw's session key; it is no privacy boundary."""
        return self.ctx.session_key


class _InTurn(_Hook):
    ctx: _TurnContext = _TurnContext()

    @property
    def run(self) -> str:
        """Return the id that all hooks of one turn share."""
        return self.ctx.run_id

    @property
    def sender_name(self) -> str:
        """Return the sender's name where the history tells it."""
        return self.ctx.sender_name

    def scope(self, chat_type: ChatType = ChatType.UNKNOWN) -> Scope:
        """Return where this was said; without a chat, the session stands for it."""
        ctx = self.ctx
        return Scope(
            agent=self.agent,
            channel=ctx.channel or ctx.message_provider or "unknown",
            account=ctx.account_id or "default",
            chat=ctx.chat_id or ctx.channel_id or self.session_key,
            sender=ctx.sender_id or "unknown",
            chat_type=chat_type,
        )


class _PromptEvent(Part):
    prompt: Text = ""


class PromptBuild(_InTurn):
    """`before_prompt_build`: a prompt is about to be sent; only users' prompts come here."""

    event: _PromptEvent = _PromptEvent()

    @property
    def prompt(self) -> str:
        """Return the user's own words, without OpenClaw's envelope."""
        return self.event.prompt


class _EndEvent(Part):
    messages: Annotated[list[Message], BeforeValidator(objects)] = Field(default_factory=list)
    success: bool = True


class AgentEnd(_InTurn):
    """`agent_end`: a turn is over. The messages may hold other people's earlier turns."""

    event: _EndEvent = _EndEvent()

    def turns(self) -> list[Turn]:
        """Return the last user message and what followed it."""
        messages = self.event.messages
        asked = [place for place, message in enumerate(messages) if message.role == "user"]
        return turns_of(messages[asked[-1] :]) if asked else []


class _DispatchEvent(Part):
    channel: Text = ""
    content: Text = ""
    sender_id: Text = ""
    is_group: bool | None = None


class Dispatch(_InTurn):
    """`before_dispatch`: a message came in. The only hook that says whether the chat is a group."""

    event: _DispatchEvent = _DispatchEvent()

    @property
    def text(self) -> str:
        """Return the message."""
        return self.event.content

    def scope(self, chat_type: ChatType | None = None) -> Scope:
        """Return where the message came from, chat type included."""
        return Scope(
            agent=self.agent,
            channel=self.event.channel or self.ctx.channel_id or "unknown",
            account=self.ctx.account_id or "default",
            chat=self.ctx.conversation_id or self.session_key,
            sender=self.event.sender_id or self.ctx.sender_id or "unknown",
            chat_type=chat_type or CHAT_TYPES[self.event.is_group],
        )


class _ReceivedMetadata(Part):
    sender_name: Text = ""


class _ReceivedEvent(Part):
    sender_id: Text = ""
    metadata: Annotated[_ReceivedMetadata, BeforeValidator(an_object)] = _ReceivedMetadata()


class Received(_InTurn):
    """`message_received`: comes just before `before_dispatch`. The only hook that knows the sender's name."""

    event: _ReceivedEvent = _ReceivedEvent()

    @property
    def sender_name(self) -> str:
        """Return the name as the channel shows it."""
        return self.event.metadata.sender_name

    def scope(self, chat_type: ChatType = ChatType.UNKNOWN) -> Scope:
        """Return where the message came from."""
        channel = self.ctx.channel_id or "unknown"
        return Scope(
            agent=self.agent,
            channel=channel,
            account=self.ctx.account_id or "default",
            chat=self.ctx.conversation_id.removeprefix(f"{channel}:") or self.session_key,
            sender=self.event.sender_id or self.ctx.sender_id or "unknown",
            chat_type=chat_type,
        )


class _PressEvent(Part):
    channel: str = Field(min_length=1)
    account_id: Text = ""
    chat_id: Text = ""
    thread_id: Text = ""
    sender_id: Text = ""
    sender_name: Text = ""
    is_group: bool | None = None
    is_authorized: bool = False
    value: Annotated[str, AfterValidator(_short)]
    message_id: Text = ""
    pressed_at: int = Field(default=0, ge=0, lt=10**14)


class Pressed(_Hook):
    """`button_pressed`: a person pressed a button of ours; index.js makes it of each channel's own event.

    No agent is told: who asked is the skill's to know. `ctx.event_id` is the channel's id of the press, the same
    however often it comes.
    """

    event: _PressEvent

    @property
    def value(self) -> str:
        """Return the button's whole value, "clawcortex:…"; 0 to 52 bytes, forged ones too."""
        return self.event.value

    @property
    def at(self) -> datetime | None:
        """Return when the gateway heard of it: long before now for one that was kept while the server was down."""
        at = self.event.pressed_at
        return datetime.fromtimestamp(at / 1000, tz=UTC) if at else None

    def scope(self, chat_type: ChatType | None = None) -> Scope:
        """Return where it was pressed and by whom."""
        event = self.event
        return Scope(
            agent=self.agent,
            channel=event.channel,
            account=event.account_id or "default",
            chat=event.chat_id or "unknown",
            sender=event.sender_id or "unknown",
            chat_type=chat_type or CHAT_TYPES[event.is_group],
        )


class _CompactionEvent(Part):
    message_count: int | None = None
    token_count: int | None = None
    compacted_count: int | None = None


class Compaction(_Hook):
    """`before_compaction` and `after_compaction`: of a session, without chat or sender."""

    event: _CompactionEvent = _CompactionEvent()

    @property
    def compacted(self) -> int:
        """Return how many messages went; 0 before a compaction and after one that did nothing."""
        return self.event.compacted_count or 0


class _ResetEvent(Part):
    messages: Annotated[list[Message], BeforeValidator(objects)] = Field(default_factory=list)
    reason: Text = ""


class Reset(_Hook):
    """`before_reset`: of `/new`, after session_end and session_start.

    The messages are the whole transcript of the session id, earlier `/new`s included, each with its sender.
    """

    event: _ResetEvent = _ResetEvent()

    def turns(self) -> list[Turn]:
        """Return all turns; those of users name their sender."""
        return turns_of(self.event.messages)

    def scope(self, chat_type: ChatType = ChatType.UNKNOWN) -> Scope:
        """Return where the last user spoke; which chat it was is not told."""
        origins = [one.origin for one in self.event.messages if one.role == "user" and one.origin.sender_id]
        last = origins[-1] if origins else Origin()
        return Scope(
            agent=self.agent,
            channel=last.transport.channel or "unknown",
            account=last.sender_identity.account_id or "default",
            chat=self.session_key,
            sender=last.sender_id or "unknown",
            chat_type=chat_type,
        )


class _SessionEvent(Part):
    resumed_from: Text = ""
    reason: Text = ""


class SessionStart(_Hook):
    """`session_start`: comes with `/new`, never with the first turn of all."""

    event: _SessionEvent = _SessionEvent()

    @property
    def resumed(self) -> bool:
        """Return whether it follows another conversation, as after `/new`."""
        return bool(self.event.resumed_from)


class SessionEnd(_Hook):
    """`session_end`: with `/new` (reason "new") and when the gateway stops ("shutdown")."""

    event: _SessionEvent = _SessionEvent()

    @property
    def reason(self) -> str:
        """Return why it ended."""
        return self.event.reason


class StartedAgent(Part):
    """An agent as a starting gateway resolves it."""

    id: str = Field(min_length=1)
    workspace: str = Field(pattern=r"^/")


class StartedGateway(Part):
    """What a starting gateway says of itself."""

    port: int = Field(ge=1, le=65_535)
    tls: bool = False
    agents: list[StartedAgent] = Field(default_factory=list)
    """The default agent first."""


class GatewayStart(_Hook):
    """`gateway_start`: of a gateway and not of an agent; index.js adds the agents to what OpenClaw tells."""

    event: StartedGateway

    @property
    def agent(self) -> str:
        """Return the default agent."""
        return self.event.agents[0].id if self.event.agents else super().agent


class _Delivery(Part):
    channel: Text = ""
    to: Text = ""
    account_id: Text = ""


class ToolContext(Part):
    """What a tool is told of its caller."""

    agent_id: Text = ""
    session_key: Text = ""
    message_channel: Text = ""
    agent_account_id: Text = ""
    native_channel_id: Text = ""
    """The chat; absent outside a turn of a channel."""
    requester_sender_id: Text = ""
    sender_is_owner: bool | None = None
    """False for an allow-listed Telegram sender, True for the gateway's token."""
    delivery_context: Annotated[_Delivery, BeforeValidator(an_object)] = _Delivery()

    def scope(self, chat_type: ChatType = ChatType.UNKNOWN) -> Scope:
        """Return where the tool was called from."""
        delivery = self.delivery_context
        channel = self.message_channel or delivery.channel or "unknown"
        chat = self.native_channel_id or delivery.to.removeprefix(f"{channel}:")
        return Scope(
            agent=self.agent_id or agent_of(self.session_key) or "main",
            channel=channel,
            account=self.agent_account_id or delivery.account_id or "default",
            chat=chat or self.session_key,
            sender=self.requester_sender_id or "unknown",
            chat_type=chat_type,
        )


class Target(TypedDict):
    """A chat, as `Host.message` takes it."""

    agent: str
    channel: str
    target: str
    account: str
    thread: str


class ToolCall(Part):
    """The body of POST /v1/tools/<name>."""

    params: dict[str, Any] = Field(default_factory=dict)
    context: ToolContext = ToolContext()


class CommandContext(Part):
    """What a slash command is told of who wrote it."""

    agent_id: Text = ""
    session_key: Text = ""
    channel: Text = ""
    account_id: Text = ""
    sender_id: Text = ""
    to: Text = ""
    message_thread_id: Text = ""
    native: bool = False
    """Whether a message of ours may stand for the command's reply, as index.js says."""

    @property
    def chat(self) -> str:
        """Return the chat as the channel names it."""
        return self.to.removeprefix(f"{self.channel}:")

    def scope(self, chat_type: ChatType = ChatType.UNKNOWN) -> Scope:
        """Return where it was written, and by whom."""
        return Scope(
            agent=self.agent_id or agent_of(self.session_key) or "main",
            channel=self.channel or "unknown",
            account=self.account_id or "default",
            chat=self.chat or self.session_key,
            sender=self.sender_id or "unknown",
            chat_type=chat_type,
        )

    def target(self) -> Target:
        """Return what `Host.message` needs to write there."""
        return {
            "agent": self.scope().agent,
            "channel": self.channel,
            "target": self.chat,
            "account": self.account_id,
            "thread": self.message_thread_id,
        }


class CommandCall(Part):
    """The body of POST /v1/commands/<name>."""

    text: Text = ""
    context: CommandContext = CommandContext()


Payload = (
    PromptBuild
    | AgentEnd
    | Dispatch
    | Received
    | Pressed
    | Compaction
    | Reset
    | SessionStart
    | SessionEnd
    | GatewayStart
)
HOOKS: Mapping[str, type[Payload]] = {
    "button_pressed": Pressed,
    "message_received": Received,
    "before_dispatch": Dispatch,
    "before_prompt_build": PromptBuild,
    "agent_end": AgentEnd,
    "before_compaction": Compaction,
    "after_compaction": Compaction,
    "before_reset": Reset,
    "session_start": SessionStart,
    "session_end": SessionEnd,
    "gateway_start": GatewayStart,
}


def parse(hook: str, body: Mapping[str, Any]) -> Payload:
    """Return the payload of a hook; raise InputError for an unknown hook or a shape that cannot be read."""
    model = HOOKS.get(hook)
    if model is None:
        raise InputError(f"unknown hook {hook!r}", hint=f"Known: {', '.join(HOOKS)}.")
    try:
        return model.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{hook}: {where}: {first['msg']}") from error
