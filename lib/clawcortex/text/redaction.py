"""Secrets taken out of text before it is stored: `[redacted:kind]` stands in their place.

What is not found: a secret of plain words without a cue ("my login is sunflower"), one split over
lines, and a passphrase of several words unless it is in quotes or behind "password:".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from clawcortex.text.kinds import Kind
from clawcortex.text.secret_kinds import SECRETS

MARK = "[redacted:"


class Redacted(NamedTuple):
    """A text without its secrets, and which kinds it held, each once."""

    text: str
    kinds: tuple[str, ...]


def redact(text: str, kinds: Sequence[Kind] = SECRETS) -> Redacted:
    """Return the text with every secret of these kinds replaced by `[redacted:kind]`, and the kinds found."""
    found: dict[str, None] = {}
    folded = text.casefold()
    for kind in kinds:
        if not kind.signs or any(sign in folded for sign in kind.signs):
            text = _without(text, kind, found)
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
