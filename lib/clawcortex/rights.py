"""Rules of what agents may call, as the setting `agent_rights` has them: "work=read", "*:memory_compounding_log=none".

They take away from what operations expose to agents, and never add. Of several rules that fit, the most particular
holds: an agent's before everybody's, a tool's before all tools'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

ANY = "*"
_RULE = re.compile(
    r"(?P<agent>\*|[a-z0-9][a-z0-9_-]{0,63})(?::(?P<tool>[a-z_]{1,80}))? ?= ?(?P<may>none|read|write)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of `agent_rights`."""

    agent: str
    tool: str
    may: str


def parse_rules(lines: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules; ValueError names a line that is none, as "work=read" or "*:memory_log=none" are."""
    rules = []
    for line in lines:
        found = _RULE.fullmatch(line.strip().lower())
        if found is None:
            raise ValueError(
                f"{line!r} is no rule, as work=read is: an agent or *, :tool or nothing, none|read|write"
            )
        rules.append(Rule(found["agent"], found["tool"] or ANY, found["may"]))
    if len({(rule.agent, rule.tool) for rule in rules}) < len(rules):
        raise ValueError("two rules for the same agent and tool: keep one of them")
    return tuple(rules)


def right(rules: Iterable[Rule], agent: str, tool: str) -> str:
    """Return what the agent may do with this tool: none, read or write."""
    fitting = [rule for rule in rules if rule.agent in (agent, ANY) and rule.tool in (tool, ANY)]
    best = max(fitting, key=lambda rule: (rule.agent != ANY, rule.tool != ANY), default=None)
    return best.may if best else "write"
