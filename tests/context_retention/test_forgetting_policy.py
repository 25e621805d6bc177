"""What goes and what stays: worth, budgets, retention, and what holds whatever the figures say."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from clawcortex import paths
from clawcortex.errors import BusyError, SettingsError
from clawcortex.settings import Settings, load_settings
from clawcortex.skills.context import Context
from clawcortex.store.records import NewMemory, Provenance
from context_retention import operations as op
from context_retention.forgetting import operations as letting
from context_retention.forgetting.shapes import Evicted, EvictInput
from context_retention.forgetting.weighing import keep_worth

from .aged import hold, numbered
from .conftest import NOW, Making


def left(context: Context) -> list[int]:
    return [int(n) for n in context.store.columns().n]


def evict(context: Context, **request: Any) -> Evicted:
    return letting.evict(context, EvictInput(**request))


def worth_of(context: Context) -> list[float]:
    context.index.refresh()
    view, usage = context.index.view(), context.store.usage()
    return [float(one) for one in keep_worth(view, usage, NOW, half_life_days=30, recency_floor=0.5)]


def test_worth_grows_with_each_reason_to_keep(making: Making) -> None:
    context = making()
    plain, *_ = hold(context, ["the blue kettle stands in the pantry"], importance=0.5)
    hold(context, ["the blue kettle stands in the pantry"], importance=0.9)
    hold(context, ["ok ok"], importance=0.5)
    hold(context, ["the blue kettle stands in the pantry"], importance=0.5, days_ago=300)
    hold(context, ["the blue kettle stands in the pantry"], importance=0.5, provenance=Provenance.AGENT)
    hold(context, ["the blue kettle stands in the pantry"], importance=0.5, provenance=Provenance.UNTRUSTED)
    used = hold(context, ["the blue kettle stands in the pantry"] * 2, importance=0.5)
    often = hold(context, ["ok ok"], importance=0.0)
    pinned = hold(context, ["ok"], importance=0.0, pinned=True)
    context.store.note_recalls([used[0].n, often[0].n], NOW)
    context.store.note_recalls([used[1].n], NOW - timedelta(days=365))
    for _ in range(20):
        context.store.note_recalls([often[0].n], NOW)
    worth = dict(zip(left(context), worth_of(context), strict=True))
    base = worth[plain.n]
    vital, small_talk, old, agent, untrusted = (worth[plain.n + i] for i in range(1, 6))
    assert vital > base > max(small_talk, old, agent)
    assert agent > untrusted
    assert worth[used[0].n] > worth[used[1].n] > vital
    assert worth[often[0].n] == pytest.approx(1.0)
    assert worth[pinned[0].n] == 1.0
    assert all(0 <= one <= 1 for one in worth.values())


def test_what_stands_beside_a_used_memory_is_worth_more(making: Making) -> None:
    context = making()
    said = hold(context, numbered(4), session="s")
    context.store.note_recalls([said[0].n], NOW)
    first, second, third, _ = worth_of(context)
    assert first > second > third


def test_history_and_duplicates_are_worth_less(making: Making) -> None:
    context = making()
    old, new, copy = hold(context, ["I live in Berlin now", "I live in Lisbon now", "I live in Lisbon now"])
    context.store.link(old.n, superseded_by=new.id, valid_to=NOW)
    context.store.link(copy.n, duplicate_of=new.id)
    was, current, again = worth_of(context)
    assert current > was > again


def test_a_budget_of_rows_is_met_and_the_least_worth_went(making: Making) -> None:
    context = making()
    said = hold(context, numbered(100))
    kept = [one.n for one in said[::4]]
    context.store.note_recalls(kept, NOW)
    done = evict(context, rows=25)
    assert (done.count, done.left, done.over_rows, done.by_rule) == (75, 25, 0, {"budget": 75})
    assert left(context) == kept
    assert context.index.view().alive.sum() == 25
    assert evict(context, rows=25).count == 0
    assert context.store.check() == []


def test_a_budget_of_bytes_is_met(making: Making) -> None:
    context = making()
    hold(context, [f"{text} {'word ' * 2_000}" for text in numbered(200)])
    done = evict(context, mb=2)
    assert 0 < done.left < 200
    assert done.left_bytes <= 2 << 20
    assert done.left_bytes + done.bytes > 2 << 20
    assert done.over_bytes == 0
    usage = context.store.usage()
    assert int(usage.bytes.sum()) == done.left_bytes, "nothing is embedded here, so no vector counts"


def test_a_dry_run_says_the_same_and_removes_nothing(making: Making) -> None:
    context = making()
    hold(context, numbered(20))
    dry = evict(context, rows=5, dry_run=True)
    assert context.store.count() == 20
    assert not (paths.state_dir() / "archive").exists()
    done = evict(context, rows=5)
    assert (dry.count, dry.bytes, dry.by_rule, dry.left) == (done.count, done.bytes, done.by_rule, done.left)


def test_an_empty_store_has_nothing_to_let_go(making: Making) -> None:
    done = evict(making(retention=("owner=1d",)), rows=1)
    assert (done.count, done.left, done.over_rows) == (0, 0, 0)


def test_pinned_stays_by_any_rule_and_over_any_budget(making: Making) -> None:
    context = making(retention=("owner=1d", "superseded=1d", "duplicate=1d"))
    said = hold(context, numbered(10), pinned=True)
    context.store.link(said[0].n, superseded_by=said[1].id, valid_to=NOW)
    context.store.link(said[2].n, duplicate_of=said[1].id)
    done = evict(context, rows=4)
    assert (done.count, done.left, done.over_rows) == (0, 10, 6)
    assert context.store.count() == 10


def test_the_parts_of_one_text_go_together(making: Making) -> None:
    context = making()
    long = [
        NewMemory(text=text, key=f"part-{i}", created_at=NOW - timedelta(days=30), turn="T", part=i)
        for i, text in enumerate(numbered(5))
    ]
    parts = context.store.add(long)
    hold(context, numbered(20), importance=0.9)
    context.store.note_recalls([parts[2].n], NOW)
    evict(context, rows=6)
    assert {one.n for one in parts} <= set(left(context)), "one part was used: all stay"
    context.store.note_recalls([n for n in left(context) if n > parts[-1].n], NOW)
    evict(context, rows=3)
    held = set(left(context)) & {one.n for one in parts}
    assert len(held) in {0, 5}


def test_what_replaced_a_fact_outlives_it(making: Making) -> None:
    context = making(retention=("agent=10d",))
    [old] = hold(context, ["we meet in Ulm"], pinned=True)
    [newer] = hold(context, ["we meet in Bonn"])
    [newest] = hold(context, ["we meet in Kiel"], provenance=Provenance.AGENT)
    hold(context, numbered(10), importance=1.0)
    context.store.link(old.n, superseded_by=newer.id, valid_to=NOW)
    context.store.link(newer.n, superseded_by=newest.id, valid_to=NOW)
    evict(context, rows=3)
    assert left(context) == [old.n, newer.n, newest.n]
    assert [one.superseded_by for one in context.store.rows([old.n, newer.n])] == [newer.id, newest.id]


def test_of_history_the_oldest_goes_first(making: Making) -> None:
    context = making()
    chain = hold(context, [f"the gate code is {i}" for i in range(6)])
    for older, newer in pairwise(chain):
        context.store.link(older.n, superseded_by=newer.id, valid_to=NOW)
    for one in chain[:3]:
        context.store.note_recalls([one.n], NOW)
    evict(context, rows=2)
    assert left(context) == [one.n for one in chain[4:]]


def test_links_in_a_circle_keep_all_of_it(making: Making) -> None:
    context = making()
    one, two = hold(context, ["it is red", "it is blue"])
    hold(context, numbered(5))
    context.store.link(one.n, superseded_by=two.id, valid_to=NOW)
    context.store.link(two.n, superseded_by=one.id, valid_to=NOW)
    done = evict(context, rows=3)
    assert done.left in {2, 3}
    assert context.store.check() == []


def test_the_last_week_goes_last(making: Making) -> None:
    context = making()
    today = hold(context, ["ok", "hm", "lol"], days_ago=7, importance=0.0)
    hold(context, numbered(5), importance=1.0)
    evict(context, rows=3)
    assert left(context) == [one.n for one in today]


def test_a_clock_that_went_back_makes_nothing_old(making: Making) -> None:
    context = making(now=NOW - timedelta(days=3_650), retention=("owner=1d",))
    hold(context, numbered(4))
    context.store.note_recalls(left(context)[:1], NOW)
    assert evict(context).count == 0
    assert evict(context, rows=2).left == 2
    assert 1 in left(context)


@pytest.mark.parametrize("kind", ["owner", "agent", "untrusted", "system", "superseded", "duplicate"])
def test_retention_takes_one_kind_of_one_age(making: Making, kind: str) -> None:
    context = making(retention=(f"{kind}=30d",))
    by_kind = {
        one.value: [
            hold(context, ["said long ago"], provenance=one, days_ago=31)[0].n,
            hold(context, ["said lately"], provenance=one, days_ago=29)[0].n,
        ]
        for one in Provenance
    }
    [stays] = hold(context, ["what is current"], days_ago=5, pinned=True)
    for days in (31, 29):
        [history] = hold(context, ["history"], days_ago=days, pinned=False)
        [copy] = hold(context, ["copy"], days_ago=days)
        context.store.link(history.n, superseded_by=stays.id, valid_to=NOW)
        context.store.link(copy.n, duplicate_of=stays.id)
        by_kind.setdefault("superseded", []).append(history.n)
        by_kind.setdefault("duplicate", []).append(copy.n)
    old = [by_kind[kind][0]]
    if kind == "owner":
        old += [by_kind["superseded"][0], by_kind["duplicate"][0]]
    before = left(context)
    done = evict(context)
    assert sorted(set(before) - set(left(context))) == sorted(old)
    assert done.by_rule == {f"{kind}=30d": len(old)}


@pytest.mark.parametrize(
    "rule",
    ["untrusted", "untrusted=", "untrusted=0d", "untrusted=-3d", "agents=3d", "owner=3w", "=3d", "", "owner=1e3d"],
)  # fmt: skip
def test_a_bad_retention_is_refused_with_what_exists(rule: str) -> None:
    with pytest.raises(ValidationError, match="superseded, duplicate"):
        Settings(retention=(rule,))


def test_two_rules_for_one_kind_are_refused_where_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_RETENTION", "agent=3d, agent=4d")
    with pytest.raises(SettingsError, match=r"setting 'retention': .*two rules"):
        load_settings()
    monkeypatch.setenv("CLAWCORTEX_RETENTION", "agent=3d, untrusted = 90d")
    assert load_settings().retention_days() == {"agent": 3, "untrusted": 90}


def test_nothing_is_thrown_away_by_age_unless_the_person_says_so(making: Making) -> None:
    context = making()
    hold(context, numbered(3), days_ago=20_000, provenance=Provenance.UNTRUSTED)
    assert evict(context).count == 0


def test_two_evictions_at_once_are_one(making: Making) -> None:
    context = making()
    hold(context, numbered(3))
    with context.store.exclusive("eviction"), pytest.raises(BusyError) as caught:
        evict(context, rows=1)
    assert caught.value.hint
    assert context.store.count() == 3


@pytest.mark.parametrize("bad", [{"rows": 0}, {"rows": -1}, {"mb": 0}, {"budget": 3}])
def test_a_budget_of_nothing_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        EvictInput.model_validate(bad)


def test_an_agent_may_neither_evict_nor_consolidate() -> None:
    exposed = {one.name: (one.expose, one.effect) for one in op.skill.operations}
    assert exposed["evict"] == exposed["consolidate"] == ("owner", "destroy")


def test_settings_stay_as_they_are_when_a_call_names_its_own_budget(making: Making) -> None:
    context = making(memory_budget_rows=2)
    hold(context, numbered(5))
    assert evict(context, rows=4, dry_run=True).left == 4
    assert evict(context, dry_run=True).left == 2
