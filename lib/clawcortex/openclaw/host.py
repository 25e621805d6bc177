"""What skills ask of OpenClaw: which agents there are, and one completion of a model that OpenClaw has.

    context.host.agents()                        the default agent first
    context.host.complete(system, prompt, agent="main", max_tokens=800, purpose="summary", timeout_s=60)

`gateway.GatewayHost` asks the running gateway; `clawcortex.testing.FakeHost` answers from a script.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Agent:
    """One of OpenClaw's agents."""

    id: str
    workspace: Path


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered, which one it was, and the tokens it took (0 where the provider does not say)."""

    text: str
    model: str = ""
    provider: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


class Host(Protocol):
    """The way to OpenClaw; safe to use from many threads."""

    def agents(self) -> tuple[Agent, ...]:
        """Return OpenClaw's agents, the default one first; never empty."""

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Ask the agent's model once, without tools and history; block until it has answered.

        `purpose` is a word for OpenClaw's log. Raise HostError when no model is configured, a grant is
        missing, the time is over or the gateway is down; its hint says what mends it.
        """
