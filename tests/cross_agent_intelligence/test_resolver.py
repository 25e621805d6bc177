"""Who or what a name means: spellings of one name, short names, namesakes, and a person's word."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict

import pytest

from clawcortex.errors import NotFoundError
from cross_agent_intelligence.recognising.shapes import Kind, Mention
from cross_agent_intelligence.resolving.known_entities import MOST_ALIASES
from cross_agent_intelligence.resolving.resolver import Resolver
from cross_agent_intelligence.resolving.shapes import Around, Entity
from tests.cross_agent_intelligence.naming import name, resolver


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("company", ["Acme Corp.", "Acme", "ACME Inc", "acme", "The Acme Company", "Acme, Inc."]),
        ("company", ["Data Dog Inc.", "DataDog", "data-dog"]),
        ("company", ["Hewlett-Packard", "HP"]),
        (
            "company",
            ["North Sea Cargo Systems", "NSCS", "N.S.C.S.", "North Sea Cargo", "North Sea Cargo Systms"],
        ),
        ("company", ["University of Leiden", "Leiden University"]),
        ("company", ["Bell and Sons", "Bell & Sons Ltd", "B&S"]),
        ("person", ["Benjamin Ortiz", "Ben Ortiz", "B. Ortiz", "Mr. Ortiz", "Ortiz, Ben", "Ben", "Benjamin"]),
        ("person", ["Dr. Jürgen Müller", "Juergen Mueller", "Jurgen", "Herr Müller", "J. Muller"]),
        ("person", ["Katherine Liu", "Kate", "Kathy Liu", "Ms Liu"]),
        ("person", ["Maria del Carmen Ruiz", "Maria Ruiz", "Ruiz"]),
        ("place", ["New York City", "NYC", "New York"]),
        ("place", ["Saint Petersburg", "St. Petersburg"]),
        ("place", ["Springfield, Illinois", "Springfield, IL", "Springfield"]),
        ("product", ["Falcon II", "Falcon 2", "falcon-2"]),
        ("project", ["Project Larkspur", "Larkspur", "the Larkspur project"]),
        ("link", ["https://acme.com", "https://acme.com"]),
    ],
)
def test_spellings_of_one_name_are_one_entity(kind: Kind, names: Sequence[str]) -> None:
    known = resolver()
    first = name(known, names[0], kind)
    assert first.new
    for other in names[1:]:
        found = name(known, other, kind)
        assert (found.entity, found.new) == (first.entity, False), other
        assert found.evidence, other
        assert found.evidence[0].says
    assert known.entity(first.entity).count == len(names)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("company", ["Acme Health", "Acme Bank"]),
        ("company", ["Meridian Logistics GmbH", "First Meridian Bank"]),
        ("company", ["Siemens Energy", "Siemens Mobility"]),
        ("person", ["Ben Ortiz", "Ben Adeyemi"]),
        ("person", ["Ivy Chan", "Victor Chan"]),
        ("person", ["Marcus", "Martin"]),
        ("product", ["Atlas 2", "Atlas 3"]),
        ("product", ["Falcon", "Falcon 2"]),
        ("place", ["Springfield, Illinois", "Springfield, Ohio"]),
        ("place", ["Springfield, Illinois", "Springfield, Ohio", "Springfield"]),
        ("person", ["John Smith", "Jane Smith", "J. Smith"]),
        ("money", ["$300", "$400"]),
    ],
)
def test_names_of_two_stay_apart(kind: Kind, names: Sequence[str]) -> None:
    known = resolver()
    assert len({name(known, one, kind).entity for one in names}) == len(names)


def test_one_word_may_be_a_person_and_a_city() -> None:
    known = resolver()
    assert name(known, "Paris", "place").entity != name(known, "Paris", "person").entity


def test_of_two_bens_the_one_is_meant_who_was_just_named() -> None:
    known = resolver()
    ortiz = name(known, "Ben Ortiz", "person", where="sales/1").entity
    adeyemi = name(known, "Ben Adeyemi", "person", where="ops/1").entity
    assert name(known, "Ben", "person", "Tell Ben.", where="sales/1").entity == ortiz
    assert name(known, "Ben", "person", "Ask Ben.", where="ops/1").entity == adeyemi


def test_of_two_bens_nobody_is_meant_where_nothing_tells() -> None:
    known = resolver()
    both = {name(known, "Ben Ortiz", "person").entity, name(known, "Ben Adeyemi", "person").entity}
    found = name(known, "Ben", "person", where="elsewhere")
    assert found.new
    assert found.entity not in both


def test_what_stands_around_tells_namesakes_apart() -> None:
    known = resolver()
    for _ in range(3):
        name(known, "Ben Ortiz", "person", "Ben Ortiz approves the discount of the renewal contract.")
        name(known, "Ben Adeyemi", "person", "Ben Adeyemi drives the forklift in the warehouse.")
    found = name(known, "Ben", "person", "Can Ben move the forklift out of the warehouse?")
    assert known.entity(found.entity).name == "Ben Adeyemi"
    assert "surroundings" in {one.rule for one in found.evidence}


def test_two_bens_without_other_names_are_told_apart_by_what_they_are_called() -> None:
    known = resolver()

    def ben(text: str, where: str) -> str:
        return name(known, "Ben", "person", text, where).entity

    books = ben("Ben from accounting approved it.", "a/1")
    pipes = ben("Ben the plumber fixes the sink.", "b/1")
    assert books != pipes
    assert ben("Ask Ben in accounting.", "c/1") == books
    assert ben("The plumber Ben wants cash.", "d/1") == pipes


def test_a_text_that_says_so_makes_two_names_one() -> None:
    known = resolver()
    text = "Zeitfeld SE, formerly Kuhn Werke AG, asks again."
    names = ("Zeitfeld SE", "Kuhn Werke AG")
    mentions = [Mention(one, "company", text.index(one), text.index(one) + len(one), 1.0) for one in names]
    found = known.resolve_all(mentions, Around(text, mentions))
    assert found[0].entity == found[1].entity
    assert found[1].evidence[0].rule == "said so"


def test_who_was_called_by_the_initials_is_joined_when_the_text_says_what_they_mean() -> None:
    known = resolver()
    short = name(known, "QRX").entity
    found = name(known, "Quarry Rail Exchange (QRX)")
    assert found.joined == (short,)
    assert known.current(short) == found.entity
    assert name(known, "QRX").entity == found.entity
    assert known.entity(short).count == 3
    changed, gone = known.changed()
    assert [one.id for one in changed] == [found.entity]
    assert gone == [short]


def test_full_names_are_read_first() -> None:
    known = resolver()
    text = "Ben is late, says the boss of Ben Ortiz."
    mentions = [Mention("Ben", "person", 0, 3, 1.0), Mention("Ben Ortiz", "person", 30, 39, 1.0)]
    found = known.resolve_all(mentions, Around(text, mentions))
    assert found[0].entity == found[1].entity
    assert known.entity(found[0].entity).name == "Ben Ortiz"


def test_a_kind_that_was_guessed_does_not_part_a_name() -> None:
    known = resolver()
    first = name(known, "Borealis", "project", where="dev/1").entity
    guessed = name(known, "Borealis", "product", "Ship Borealis.", where="dev/1", sure=0.5)
    assert guessed.entity == first
    assert name(known, "Borealis", "product", "Buy Borealis.", where="dev/1").entity != first


def test_a_link_by_a_person_wins_over_everything() -> None:
    known = resolver()
    health = name(known, "Acme Health").entity
    bank = name(known, "Acme Bank", where="s").entity
    assert known.link("Acme", health).entity == health
    found = name(known, "ACME Inc.", "company", "ACME Inc. like the bank, Acme Bank", where="s")
    assert (found.entity, found.score, found.evidence[0].rule) == (health, 1.0, "person")
    assert bank != health
    assert known.entity(health).confirmed


def test_a_link_joins_who_had_just_that_name() -> None:
    known = resolver()
    nick = name(known, "Schnucki", "person").entity
    real = name(known, "Anna Berg", "person").entity
    assert known.link("Schnucki", real).joined == (nick,)
    assert known.current(nick) == real
    assert name(known, "Schnucki", "person").entity == real
    assert known.entity(real).name == "Anna Berg"


def test_an_unlink_by_a_person_wins_over_everything() -> None:
    known = resolver()
    bank = name(known, "Acme Bank").entity
    assert name(known, "Acme").entity == bank
    other = known.unlink("Acme", bank)
    assert other.new
    assert other.entity != bank
    assert name(known, "Acme", "company", "Acme Bank and Acme, the bank").entity == other.entity
    assert name(known, "Acme Bank").entity == bank
    assert (known.entity(bank).count, known.entity(other.entity).count) == (2, 2)
    assert [one.id for one in known.named("acme")] == [other.entity]


def test_the_latest_word_of_a_person_stands() -> None:
    known = resolver()
    ben, other = name(known, "Ben Ortiz", "person").entity, name(known, "Ben Adeyemi", "person").entity
    known.link("Ben", ben)
    known.unlink("Ben", ben)
    assert name(known, "Ben", "person").entity != ben
    known.link("Ben", other)
    assert name(known, "Ben", "person").entity == other
    known.link("Ben", ben)
    assert name(known, "Ben", "person").entity == ben


def test_nobody_of_that_id() -> None:
    known = resolver()
    for act in (known.link, known.unlink):
        with pytest.raises(NotFoundError):
            act("Ben", "e99")


def test_a_snapshot_goes_through_json_and_goes_on() -> None:
    known = resolver()
    ortiz = name(known, "Ben Ortiz", "person", "Ben Ortiz approves discounts").entity
    acme, bank = name(known, "Acme Corp.").entity, name(known, "Zeta Bank").entity
    known.link("the bank", bank)
    stored = json.loads(json.dumps([asdict(one) for one in known.entities()]))
    again = Resolver((Entity(**one) for one in stored), known.corrections(), make_id=lambda: "new")
    assert again.entities() == known.entities()
    assert name(again, "Mr Ortiz", "person").entity == ortiz
    assert name(again, "ACME").entity == acme
    assert name(again, "The Bank").entity == bank
    changed, gone = again.changed()
    assert ({one.id for one in changed}, gone) == ({ortiz, acme, bank}, [])
    assert again.changed() == ([], [])


def test_ten_thousand_aliases_and_hostile_names_are_borne() -> None:
    known = resolver()
    full = "benjamin ortiz"
    target = name(known, full, "person").entity
    for i in range(10_000):
        written = "".join(char.upper() if i >> place & 1 else char for place, char in enumerate(full))
        known.resolve(Mention(written, "person", 0, len(full), 1.0), Around(""))
    assert known.entity(target).count == 10_001
    assert len(known.entity(target).aliases) <= MOST_ALIASES
    for bad in ("", " ", "(", "(a+)+$", "x" * 100_000, "\ud800", "&", "-", "’s", "a" * 159 + " b", "."):
        for kind in ("person", "company", "place", "product", "project", "link"):
            known.resolve(Mention(bad, kind, 0, len(bad), 1.0), Around(bad))
    assert name(known, "Ben Ortiz", "person").entity == target
    assert len(known.entities()) < 70


def test_any_corrections_leave_a_whole() -> None:
    """By lot: every name has one entity, ids resolve, counts add up."""
    chance = random.Random(4)
    for _ in range(30):
        known, said = resolver(), 0
        ids: list[str] = []
        for _ in range(40):
            act = chance.random()
            called = chance.choice(["Ben", "Ben Ortiz", "Ortiz", "Ben Roth", "Roth", "B. Roth", "Benny"])
            if act < 0.7 or not ids:
                ids.append(name(known, called, "person", where=chance.choice(["a/1", "b/1"])).entity)
                said += 1
            elif act < 0.85:
                target = known.link(called, chance.choice(ids)).entity
                assert name(known, called, "person").entity == target
                said += 1
            else:
                target = chance.choice(ids)
                other = known.unlink(called, target).entity
                assert other != known.current(target)
                ids.append(other)
        entities = known.entities()
        assert sum(one.count for one in entities) == said
        assert all(known.entity(one).id in {e.id for e in entities} for one in ids)
        again = Resolver(entities, known.corrections(), make_id=lambda: "new")
        assert again.entities() == entities
