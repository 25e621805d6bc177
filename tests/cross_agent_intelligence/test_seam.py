"""The seam: what is recognised and resolved, by whoever builds on it."""

from __future__ import annotations

from itertools import count

from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.recognition import recognise
from cross_agent_intelligence.resolving.resolver import Resolver
from cross_agent_intelligence.resolving.shapes import Around


def test_a_known_name_is_recognised_and_resolved() -> None:
    numbers = count()
    resolver = Resolver(make_id=lambda: f"e{next(numbers)}")
    text = "Acme sent the offer."
    mentions = recognise(text, gazetteer=Gazetteer([("Acme", "company")]))
    assert [(one.name, one.kind) for one in mentions] == [("Acme", "company")]
    first, second = (resolver.resolve(mentions[0], Around(text, mentions)) for _ in range(2))
    assert first.new
    assert (second.new, second.entity) == (False, first.entity)
    assert resolver.entity(first.entity).count == 2
