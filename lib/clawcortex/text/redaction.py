"""Secrets and personal data taken out of text before it is stored: `[redacted:kind]` stands in their place.

What is not found: a secret of plain words without a cue ("my login is sunflower"), one split over
lines, and a passphrase of several words unless it is in quotes or behind "password:".
"""

from __future__ import annotations

import re
from typing import NamedTuple

from clawcortex.errors import InputError
from clawcortex.text.kinds import Kind
from clawcortex.text.privacy import Policy, in_force

MARK = "[redacted:"


class Redacted(NamedTuple):
    """A text without its secrets, and which kinds it held, each once."""

    text: str
    kinds: tuple[str, ...]


def redact(text: str, policy: Policy | None = None) -> Redacted:
    """Return the text with `[redacted:kind]` for what the policy masks, this process's where none is given.

    InputError where it holds what the policy drops.
    """
    policy = policy or in_force()
    found: dict[str, None] = {}
    folded = text.casefold()
    for kind in policy.sought:
        if not kind.signs or any(sign in folded for sign in kind.signs):
            text = _without(text, kind, found)
    if dropped := sorted(policy.dropped & found.keys()):
        raise InputError(
            f"the text holds {', '.join(dropped)}, and is not stored", hint="See `privacy` in settings.toml."
        )
    return Redacted(text, tuple(found))


def _without(text: str, kind: Kind, found: dict[str, None]) -> str:
    group = "secret" if "secret" in kind.pattern.groupindex else 0

    def replaced(match: re.Match[str]) -> str:
        if match[group].startswith(MARK) or not kind.holds(match[group]):
            return match[0]
        found[kind.name] = None
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return f"{match[0][:start]}{MARK}{kind.name}]{match[0][end:]}"

    return kind.pattern.sub(replaced, text)
