"""What becomes of secrets and personal data in a text that is stored: kept, masked, or the text dropped.

One policy holds in a process, from its settings. What a person writes into files of their own is never masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from clawcortex.text.kinds import Kind
from clawcortex.text.personal_kinds import PERSONAL
from clawcortex.text.secret_kinds import SECRETS

DEFAULTS = {
    "secret": "mask",
    "card": "mask",
    "iban": "mask",
    "ssn": "mask",
    "email": "keep",
    "phone": "keep",
    "ip": "keep",
    "address": "keep",
}
"""Who asks an assistant for a number to call wants it kept; what opens an account is not worth the risk."""
CHOICES = ("keep", "mask", "drop")


@dataclass(frozen=True, slots=True)
class Policy:
    """The kinds that are looked for, and the names of those whose text is not stored at all."""

    sought: tuple[Kind, ...]
    dropped: frozenset[str] = frozenset()


def policy(rules: Iterable[str] = ()) -> Policy:
    """Return what these rules ask for, as "phone=mask"; ValueError names the rule that cannot be."""
    chosen = dict(DEFAULTS)
    named = set()
    for rule in rules:
        name, _, choice = (part.strip() for part in rule.partition("="))
        if name not in DEFAULTS or choice not in CHOICES:
            raise ValueError(
                f"{rule!r} is no rule, as phone=mask is: {', '.join(DEFAULTS)}; {', '.join(CHOICES)}"
            )
        if name == "secret" and choice == "keep":
            raise ValueError("secrets are never kept: secret=mask or secret=drop")
        if name in named:
            raise ValueError(f"{name!r} has two rules: keep one of them")
        named.add(name)
        chosen[name] = choice
    sought = tuple(kind for kind in chain(SECRETS, PERSONAL) if chosen[_rule_of(kind)] != "keep")
    return Policy(sought, frozenset(kind.name for kind in sought if chosen[_rule_of(kind)] == "drop"))


def _rule_of(kind: Kind) -> str:
    return kind.name if kind.name in DEFAULTS else "secret"


_in_force = policy()


def enforce(rules: Iterable[str]) -> None:
    """Let these rules hold in this process from now on."""
    global _in_force  # noqa: PLW0603 (as the log's level is: one for all that runs here)
    _in_force = policy(rules)


def in_force() -> Policy:
    """Return the policy of this process."""
    return _in_force
