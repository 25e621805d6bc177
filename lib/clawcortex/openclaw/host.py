"""What skills ask of OpenClaw: which agents there are, completions of a model, messages to chats, confined commands.

    context.host.agents()                        the default agent first
    context.host.complete(system, prompt, agent="main", max_tokens=800, purpose="summary", timeout_s=60)
    context.host.exec(["check.py"], files={"check.py": "…"}, limits=Limits(seconds=5))    Python, confined
    context.host.nodes(), context.host.sessions()    where agents may run, and what they talk about with whom
    sent = context.host.message(agent="main", channel="telegram", target="111", text="Ship it?",
                                buttons=[[Button("Yes", "clawcortex:42:yes", "success")]])
    context.host.edit_message(sent, text="Shipped.")

`gateway.GatewayHost` asks the running gateway; `clawcortex.testing.FakeHost` answers from a script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

from clawcortex.errors import InputError
from clawcortex.openclaw.confined import Limits, Ran

NAMESPACE = "clawcortex:"
"""How a button's value begins, so that the press comes to us; index.js registers it."""
VALUE_BYTES = 52
"""OpenClaw 2026.9.6 sends a message without any button, and without a word, when one value is longer."""
Style = Literal["", "primary", "success", "danger"]


@dataclass(frozen=True, slots=True)
class Agent:
    """One of OpenClaw's agents."""

    id: str
    workspace: Path


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that is paired with the gateway, on which an agent's commands may run."""

    id: str
    name: str = ""
    platform: str = ""
    connected: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation of an agent's."""

    key: str
    agent: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered, which one it was, and the tokens it took (0 where the provider does not say)."""

    text: str
    model: str = ""
    provider: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    """As OpenClaw's configuration prices the model; 0 where it does not."""


@dataclass(frozen=True, slots=True)
class Button:
    """One button under a message; a press comes back as the hook `button_pressed` with the value."""

    label: str
    value: str
    style: Style = ""

    def __post_init__(self) -> None:
        size = len(self.value.encode("utf-8", "surrogatepass"))
        if size > VALUE_BYTES or not self.value.startswith(NAMESPACE):
            raise InputError(
                f"a button cannot carry {self.value[:80]!r} ({size:,} bytes)",
                hint=f'Begin it with "{NAMESPACE}", and keep it within {VALUE_BYTES} bytes of UTF-8.',
            )
        if not self.label.strip():
            raise InputError("a button without a label", hint="Say what a press on it does.")
        if self.style not in get_args(Style):
            raise InputError(f"unknown style {self.style!r}", hint=f"Known: {', '.join(get_args(Style))}.")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a channel took, and all that is needed to edit it."""

    agent: str
    channel: str
    target: str
    account: str
    thread: str
    message_id: str


class Completes(Protocol):
    """What can ask a model: a host, or something that stands before one."""

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Ask the agent's model once, without tools and history; block until it has answered.

        `purpose` is a word for OpenClaw's log. Raise HostError when no model is configured, a grant is
        missing, the time is over or the gateway is down; its hint says what mends it.
        """


class Host(Completes, Protocol):
    """The way to OpenClaw; safe to use from many threads."""

    def agents(self) -> tuple[Agent, ...]:
        """Return OpenClaw's agents, the default one first; never empty."""

    def nodes(self) -> tuple[Node, ...]:
        """Return the machines beside its own that the gateway knows; HostError when it does not say."""

    def sessions(self) -> tuple[Session, ...]:
        """Return the newest sessions of all agents, 500 at most; HostError when the gateway does not say."""

    def exec(
        self,
        arguments: Sequence[str],
        *,
        files: Mapping[str, str],
        limits: Limits,
        reads: Sequence[Path] = (),
    ) -> Ran:
        """Run `python ARGUMENTS` confined beside these files: it computes, and can neither write, connect nor fork.

        Its environment is empty; it reads its own folder, Python and `reads`. Raise HostError where that cannot be.
        """

    def message(
        self,
        *,
        agent: str,
        channel: str,
        target: str,
        text: str,
        account: str = "",
        thread: str = "",
        buttons: Sequence[Sequence[Button]] = (),
    ) -> Sent:
        """Send a message to a chat, with rows of buttons; block until the channel took it, a minute at most.

        `text` is Markdown; empty `account` and `thread` are the channel's default. Raise InputError for what
        no channel takes, HostError otherwise: `retry_after_s` is set for a 429 that OpenClaw did not outwait,
        `uncertain` when the message may have been sent all the same.
        """

    def edit_message(self, sent: Sent, *, text: str, buttons: Sequence[Sequence[Button]] = ()) -> None:
        """Replace a sent message's text and buttons; none removes them. Raise as `message` does."""


def check_message(text: str, buttons: Sequence[Sequence[Button]]) -> None:
    """Refuse a message that no channel takes."""
    if not text.strip():
        raise InputError("a message without text", hint="Say something; buttons alone are not shown.")
    try:
        "".join([text, *(one.label + one.value for row in buttons for one in row)]).encode()
    except UnicodeEncodeError as error:
        raise InputError("a message that is not Unicode text", hint="Leave lone surrogates out.") from error
