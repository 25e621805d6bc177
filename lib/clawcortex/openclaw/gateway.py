"""The running gateway as `Host`: index.js completes and sends for us, so that no token of OpenClaw's comes here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from clawcortex.errors import HostError
from clawcortex.openclaw.breaker import Breaker
from clawcortex.openclaw.config import configured_agents
from clawcortex.openclaw.confined import Limits, Ran, run
from clawcortex.openclaw.host import Agent, Button, Completion, Node, Sent, Session, check_message
from clawcortex.openclaw.messages import Part, Text
from clawcortex.openclaw.payloads import agent_of
from clawcortex.openclaw.signed import LATER, RELOAD, Line, RefusedError, key_path, last_seen

ENDED_WELL = ("", "stop", "length", "toolUse")
AGENTS = "Name one of the agents that `openclaw agents list` shows."
HINTS = {
    "LLM_COMPLETION_NOT_AUTHORIZED": "Run `python3 install.py` and accept the grant "
    "plugins.entries.clawcortex.llm.allowAgentIdOverride.",
    "AGENT_SELECTION_REQUIRED": AGENTS,
    "unknown_agent": AGENTS,
    "no_model": "Set a model with `openclaw models set`, and its key with `openclaw models auth`.",
    "timeout": "Give it more time, or ask for less at once.",
    "denied": f"Remove {{key}}, then: {RELOAD}",
}
LASTING = ("LLM_COMPLETION_NOT_AUTHORIZED", "AGENT_SELECTION_REQUIRED", "unknown_agent")
"""What stays refused until a person mends it."""
REFUSALS: Mapping[str, str] = {
    r"\b429\b|Too Many Requests": "Wait as long as the channel says, then send it again.",
    r"blocked by the user|bot is not a member|bot was blocked|bot was kicked|\b403\b": "Let the person "
    "unblock the bot and write to it, or add it to the group.",
    r"chat not found|must be a numeric chat ID": "Let the person write to the bot first; "
    "a target on Telegram is the chat's number.",
    r"[Ii]nline buttons are (disabled|limited)": "Set channels.telegram.capabilities.inlineButtons, "
    "or send it without buttons.",
    r"not configured for channel|unsupported channel|Unknown channel|[Uu]navailable channel": "Set the "
    "channel up with `openclaw channels add`; `openclaw channels list` shows which there are.",
    r"message to edit not found|message can't be edited|MESSAGE_ID_INVALID": "The message is gone or too old: "
    "send a new one.",
    r"\b40[014]\b": "Read what the channel says; `openclaw channels status` shows how it is.",
}
"""What a channel says when it did nothing, and what mends it; anything else may have been sent."""
SESSIONS, LISTED_S = 500, 10.0
MESSAGE_S = 60.0
"""A chat that is written to often is slowed down by OpenClaw, and a short 429 is waited for there."""


Listed = TypeVar("Listed", bound=Part)


class _Usage(Part):
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class _Answer(Part):
    text: str
    model: Text = ""
    provider: Text = ""
    stop_reason: Text = ""
    usage: _Usage = Field(default=_Usage())


class _Receipt(Part):
    message_id: str = Field(min_length=1)


class _Node(Part):
    node_id: str = Field(min_length=1)
    display_name: Text = ""
    platform: Text = ""
    connected: bool = False


class _Nodes(Part):
    nodes: tuple[_Node, ...]


class _Session(Part):
    key: str = Field(min_length=1)


class _Sessions(Part):
    sessions: tuple[_Session, ...]


class GatewayHost:
    """Ask the gateway that was seen last; see `Host`."""

    def __init__(self) -> None:
        self._line = Line()
        self._breaker = Breaker()

    def agents(self) -> tuple[Agent, ...]:
        """Return the agents as the gateway told them, else as openclaw.json names them."""
        seen = last_seen()
        told = tuple(Agent(one.id, Path(one.workspace)) for one in seen.agents) if seen else ()
        return told or configured_agents()

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Ask the agent's model once; a connection that is reset is made once more.

        After failures in a row it is left alone for a while: HostError says how long.
        """
        with self._breaker.guarding(f"the model of {agent}"):
            return self._complete(system, prompt, agent, max_tokens, purpose, timeout_s)

    def _complete(
        self, system: str, prompt: str, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        asked = {
            "system": system,
            "prompt": prompt,
            "agent": agent,
            "maxTokens": max_tokens,
            "purpose": purpose,
        }
        what = f"a prompt for {purpose}"
        try:
            found = self._line.ask("complete", asked, what=what, timeout_s=timeout_s, again=True)
            answer = _Answer.model_validate(found)
        except RefusedError as error:
            raise _no_completion(error) from error
        except ValidationError as error:
            raise HostError("the gateway's answer cannot be read", hint=RELOAD) from error
        if answer.stop_reason not in ENDED_WELL or not answer.text.strip():
            why = answer.stop_reason if answer.stop_reason not in ENDED_WELL else "no words"
            raise HostError(f"the model {answer.model} gave no answer ({why})", hint=HINTS["no_model"])
        usage = answer.usage
        tokens = usage.input_tokens, usage.output_tokens
        return Completion(answer.text, answer.model, answer.provider, *tokens, usage.cost_usd)

    def nodes(self) -> tuple[Node, ...]:
        """Return the machines that the gateway has paired."""
        found = self._listed("nodes", {}, _Nodes)
        return tuple(Node(one.node_id, one.display_name, one.platform, one.connected) for one in found.nodes)

    def sessions(self) -> tuple[Session, ...]:
        """Return the newest sessions; one whose key names no agent is left out."""
        found = self._listed("sessions", {"limit": SESSIONS}, _Sessions)
        named = ((one.key, agent_of(one.key)) for one in found.sessions)
        return tuple(Session(key, agent) for key, agent in named if agent)

    def _listed(self, what: str, asked: Mapping[str, object], shape: type[Listed]) -> Listed:
        try:
            found = self._line.ask(what, dict(asked), what=f"its {what}", timeout_s=LISTED_S, again=True)
            return shape.model_validate(found)
        except RefusedError as error:
            raise HostError(f"OpenClaw did not tell its {what}: {error}", hint=_hint(error.code)) from error
        except ValidationError as error:
            raise HostError(f"OpenClaw's {what} cannot be read", hint=RELOAD) from error

    def exec(
        self,
        arguments: Sequence[str],
        *,
        files: Mapping[str, str],
        limits: Limits,
        reads: Sequence[Path] = (),
    ) -> Ran:
        """Run a command in a child of this process: what the gateway runs has no limits."""
        return run(arguments, files=files, limits=limits, reads=reads)

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
        """Send a message through OpenClaw, once: it is repeated only where it surely was not sent."""
        place = {"agent": agent, "channel": channel, "target": target, "account": account, "thread": thread}
        found = self._tell({"action": "send", **place}, text, buttons, "a message", again=False)
        try:
            receipt = _Receipt.model_validate(found)
        except ValidationError as error:
            raise HostError(
                "OpenClaw sent a message and did not say which", hint=RELOAD, uncertain=True
            ) from error
        return Sent(**place, message_id=receipt.message_id)

    def edit_message(self, sent: Sent, *, text: str, buttons: Sequence[Sequence[Button]] = ()) -> None:
        """Replace a message's text and buttons; doing it twice shows the same."""
        place = {"action": "edit", "messageId": sent.message_id, **asdict(sent)}
        self._tell(place, text, buttons, "an edit", again=True)

    def _tell(
        self,
        place: Mapping[str, object],
        text: str,
        buttons: Sequence[Sequence[Button]],
        what: str,
        *,
        again: bool,
    ) -> dict[str, Any]:
        check_message(text, buttons)
        asked = {**place, "text": text, "buttons": [[asdict(one) for one in row] for row in buttons]}
        try:
            return self._line.ask("message", asked, what=what, timeout_s=MESSAGE_S, again=again)
        except RefusedError as error:
            raise _not_sent(error, what, again=again) from error


def _no_completion(error: RefusedError) -> HostError:
    code, message = error.code, str(error)
    lasting = code in LASTING or "No model configured" in message
    if "No model configured" in message or "Plugin LLM completion failed" in message:
        code = "no_model"
    return HostError(f"OpenClaw gave no completion: {message}", hint=_hint(code), lasting=lasting)


def _not_sent(error: RefusedError, what: str, *, again: bool) -> HostError:
    """Return what a channel's refusal means: whether, when and how it may be tried again."""
    message = str(error)
    hint = next((hint for said, hint in REFUSALS.items() if re.search(said, message)), "")
    after = re.search(r"retry after (\d+)", message)
    undone = error.undone or bool(hint) or error.code in HINTS.keys() - {"timeout"}
    return HostError(
        f"OpenClaw refused {what}: {message}",
        hint=hint or _hint(error.code),
        retry_after_s=float(after[1]) if after else None,
        uncertain=not (undone or again),
    )


def _hint(code: str) -> str:
    return HINTS.get(code, LATER).format(key=key_path())
