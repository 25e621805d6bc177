"""What is recognised in a text: the seam between recogniser, resolver and everything that counts mentions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

Kind = Literal[
    "person", "company", "product", "project", "place", "money", "date", "link", "handle", "decision"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
NAMED: frozenset[Kind] = frozenset({"person", "company", "product", "project", "place"})
"""Kinds whose names may mean different things or be put differently; the others say what they are."""
LONGEST_NAME = 160
"""Characters; a longer run of letters is no name."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a text names something: `name == text[start:end]`.

    A company is any organisation: a firm, a bank, a team, a band, an authority. A product is also a work: an app, a
    film, a book. A decision's name is the sentence that decides, and other mentions may stand inside it; no others
    overlap. `confidence` is in [0, 1].
    """

    name: str
    kind: Kind
    start: int
    end: int
    confidence: float


class Tagger(Protocol):
    """What finds names that nobody has told it of: the fitted model, see `tagging`."""

    def tag(self, text: str) -> Sequence[Mention]:
        """Return people, companies, products, projects and places of a text, in order, without overlaps."""


class Names(Protocol):
    """Names that are known already, see `gazetteer.Gazetteer`."""

    def find(self, text: str) -> Iterator[Mention]:
        """Yield where known names stand in a text, whole words only, in order, without overlaps."""
