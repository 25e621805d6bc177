"""What the tests of names share: a resolver with numbered ids, and texts that are recognised and resolved."""

from __future__ import annotations

from itertools import count

from cross_agent_intelligence.recognising.shapes import Kind, Mention
from cross_agent_intelligence.resolving.resolver import Resolver
from cross_agent_intelligence.resolving.shapes import Around, Resolution


def resolver() -> Resolver:
    """Return one that knows nobody."""
    numbers = count(1)
    return Resolver(make_id=lambda: f"e{next(numbers)}")


def name(
    known: Resolver, called: str, kind: Kind = "company", text: str = "", where: str = "", sure: float = 1.0
) -> Resolution:
    """Resolve a name that stands in a text, at its beginning where none is given."""
    text = text or f"{called} it is."
    at = text.index(called)
    mention = Mention(called, kind, at, at + len(called), sure)
    return known.resolve(mention, Around(text, (mention,), where))
