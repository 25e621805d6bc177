"""What people often correct in an assistant: a name, the instruction that avoids it, and how people put it.

A mistake that is in catalogue.txt is recognised in few words and from its first time on. Any other is recognised by
what it has in common with those and with the mistakes of corrections.txt, which finds fewer of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from memory_compounding.wording import Said, said_of, wording

ASPECT = "aspect:"
"""Begins the key of a mistake of corrections.txt that is no kind: it is compared with, and never placed in."""
SYNONYMS = {
    "mail": "email", "mails": "email", "emails": "email", "chat": "message", "sms": "message", "meeting": "scheduling",
    "meetings": "scheduling", "calendar": "scheduling", "appointment": "scheduling", "offer": "quote", "social": "post",
    "tweet": "post", "blog": "post", "travel": "booking", "trip": "booking", "support": "reply", "research": "report",
    "bill": "invoice", "invoices": "invoice", "file": "files", "document": "files", "groceries": "shopping",
}  # fmt: skip
"""What others call our categories."""
FILE = Path(__file__).with_name("catalogue.txt")
CORRECTIONS = Path(__file__).with_name("corrections.txt")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of mistake."""

    name: str
    instruction: str
    """Holds no value that the person chooses, as an hour: that stands in their own words."""
    categories: frozenset[str]
    """Where it occurs; empty: anywhere."""
    opposite: str
    """The kind that is corrected the other way, "" for none."""
    phrasings: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the key of its mistake: the same wherever and in whatever order it is found."""
        return key_of(self.name)


@cache
def kinds() -> tuple[Kind, ...]:
    """Return every kind."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return tuple(_kind(head, said) for head, said in zip(lines[::2], lines[1::2], strict=True))


@cache
def by_key() -> dict[str, Kind]:
    """Return every kind by the key of its mistake."""
    return {kind.key: kind for kind in kinds()}


def category_named(name: str) -> str:
    """Return what we call a category."""
    folded = name.casefold().strip()
    return SYNONYMS.get(folded, folded)


def opposite_of(key: str) -> str:
    """Return the key of the mistake that is corrected the other way, "" when there is none."""
    kind = by_key().get(key)
    return next((one.key for one in kinds() if kind is not None and one.name == kind.opposite), "")


@cache
def told() -> dict[str, tuple[Said, ...]]:
    """Return how corrections were put, as it is compared, by the key of their mistake: not all are kinds."""
    found: dict[str, list[Said]] = {}
    mine: list[Said] = []
    for line in CORRECTIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name, _, kind = line[2:].partition(" = ")
            mine = found.setdefault(key_of(kind) if kind else f"{ASPECT}{key_of(name)}", [])
        elif line and not line.startswith("//"):
            category, _, reason, *changed = line.split(" | ")
            before, _, after = "".join(changed).replace("\\n", "\n").partition(" => ")
            mine.append(said_of(category, wording(reason, before, after), before, after))
    return {key: tuple(said) for key, said in found.items()}


def key_of(name: str) -> str:
    """Return the key of the mistake of that name."""
    return name.casefold().replace(" ", "-")


def _kind(head: str, said: str) -> Kind:
    name, instruction, found, opposite = (*(part.strip() for part in head.split("|")), "", "")[:4]
    return Kind(name, instruction, frozenset(found.split()), opposite, tuple(said.split(" / ")))
