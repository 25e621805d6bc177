"""What a correction says of the mistake: the person's reason, else what they changed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from clawcortex.errors import InputError
from clawcortex.text.clean import clean
from clawcortex.text.redaction import redact

LONGEST_TEXT = 20_000
SHORTER, LONGER = 0.6, 1.7
"""Share of the words that is left, or there after, when length was what the person changed."""
MOST_WORDS = 40
LONGEST_SHOWN = 120
"""Characters of either side of an edit that are compared."""
LONGEST_DIFF = 2_000
"""Words of a text that are compared; comparing takes time that grows with their square."""


def wording(reason: str, before: str = "", after: str = "") -> str:
    """Return the text that a correction is grouped by; "" when it says nothing about the mistake."""
    if reason.strip():
        return " ".join(reason.split())
    return change(before, after)


@dataclass(frozen=True, slots=True)
class Said:
    """A correction as it is compared: its words, where it occurred, what an edit changed."""

    text: str
    category: str = ""
    changed: str = ""

    @property
    def compared(self) -> str:
        """Return all of it as one text."""
        where = f"{self.category}:" if self.category else ""
        return " ".join(part for part in (where, self.text, self.changed) if part)


def said_of(category: str, text: str, before: str = "", after: str = "") -> Said:
    """Return a correction with this wording as it is compared."""
    shown = [" ".join(part[:LONGEST_SHOWN].split()) for part in (before, after)]
    return Said(text, category.strip(), f"({shown[0]} => {shown[1]})" if any(shown) else "")


def change(before: str, after: str) -> str:
    """Return what an edit changed, in words; "" when it is not known what stood there."""
    old, new = before.split(), after.split()
    if not old or not new or old == new:
        return ""
    if len(new) <= SHORTER * len(old) and len(old) - len(new) > 3:
        return "too long, made it shorter"
    if len(new) >= LONGER * len(old) and len(new) - len(old) > 3:
        return "too short, added more detail"
    old, new = old[:LONGEST_DIFF], new[:LONGEST_DIFF]
    removed: list[str] = []
    added: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            removed += old[a:b]
            added += new[c:d]
    left, right = " ".join(removed[:MOST_WORDS]), " ".join(added[:MOST_WORDS])
    if not right:
        return f"without “{left}”"
    return f"“{right}” instead of “{left}”" if left else f"“{right}” was missing"


def tidy(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text without control characters and secrets, "" when nothing is left."""
    if not text.strip():
        return ""
    try:
        return redact(clean(text[:longest])).text.strip()
    except InputError:
        return ""
