"""When an agent refines: never, on request, or also when a prompt matches what its owner named."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2
from pydantic import ValidationError

from clawcortex.errors import DeniedError, InputError
from clawcortex.openclaw.payloads import PromptBuild
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.operation import hook
from recursive_prompting.shapes import Policy

POLICIES = "refine.policies"
LOOKED_AT = 20_000
"""Characters of a prompt."""
RANK, TOKENS = 15, 140
TELLS = (
    "Before you answer this message, call the tool recursive_prompting_refine: the request as `prompt`, whole, and "
    "what it rests on as `context`. Answer with what it gives you."
)


def policy_of(context: Context, agent: str) -> Policy:
    """Return an agent's policy; on request where none is set."""
    found = context.store.get_record(POLICIES, agent)
    try:
        return Policy.model_validate(found) if found else Policy(agent=agent)
    except ValidationError:
        context.log.warning("the policy of %s was written by another version", agent)
        return Policy(agent=agent)


def check_patterns(patterns: tuple[str, ...]) -> None:
    """Refuse what RE2 does not take."""
    for pattern in patterns:
        try:
            _compiled((pattern,))
        except re2.error as error:
            raise InputError(
                f"patterns: {pattern!r}: {error}", hint="RE2 knows no look-around and no back-references."
            ) from error
    try:
        _compiled(patterns)
    except re2.error as error:
        raise InputError(f"patterns: together: {error}", hint="Give fewer, or shorter ones.") from error


def admit(context: Context, agent: str) -> None:
    """Refuse an agent, or a person in its chat, where the policy is never; the owner may always."""
    if not context.caller.trusted and policy_of(context, agent).when == "never":
        raise DeniedError(
            f"the policy of {agent} is never to refine",
            hint="The owner sets it with `clawcortex recursive-prompting policy --when on_request`.",
        )


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> Any:
    return re2.compile("(?i)(?:" + ")|(?:".join(patterns) + ")")


@hook("before_prompt_build")
def remind(context: Context, event: PromptBuild) -> Contribution | None:
    """Tell the agent to refine where its owner wants it for such prompts."""
    policy = policy_of(context, event.agent)
    if policy.when != "matches" or not policy.patterns:
        return None
    if not _compiled(policy.patterns).search(event.prompt[:LOOKED_AT]):
        return None
    return Contribution(
        skill="recursive-prompting",
        heading="this is to be thought over",
        items=(Item(TELLS, 1.0, "policy of this agent"),),
        rank=RANK,
        budget_tokens=TOKENS,
        approved=True,
    )
