"""The life of an ask: open, then one end, whoever presses what, how often, in whatever order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from feedback_router import machine
from feedback_router.machine import Answer, Awaited, Decided, Person, Refused, Why, may_answer, press
from feedback_router.records import Ask, Decision

from .asks import ANN, BOB, GROUP, NOW, a_press, an_ask, person

PEOPLE = [ANN, BOB, person("111", authorised=False), person("333", "-100400", group=True), Person("owner")]
OPTIONS = ["approve", "reject", "edit", "skip", "o1", "nothing"]


def test_a_press_decides() -> None:
    ask = an_ask()
    outcome = press(ask, None, a_press())
    assert isinstance(outcome, Decided)
    decision = outcome.decision
    assert (decision.state, decision.choice, decision.by, decision.name) == (
        "answered",
        "approve",
        "telegram:111",
        "Ann",
    )
    assert decision.ask == ask
    assert not outcome.asks_reason


def test_a_rejection_may_be_explained_and_an_edit_waits_for_its_text() -> None:
    rejected = press(an_ask(), None, a_press("reject"))
    assert isinstance(rejected, Decided)
    assert rejected.asks_reason
    awaited = press(an_ask(), None, a_press("edit"))
    assert isinstance(awaited, Awaited)
    assert awaited.wait.until == NOW + timedelta(minutes=11)
    edited = press(an_ask(), None, Answer("edit", ANN, "text", NOW, text="Tomorrow"))
    assert isinstance(edited, Decided)
    assert edited.decision.text == "Tomorrow"


@pytest.mark.parametrize(
    ("ask", "answer", "why"),
    [
        (None, a_press(), Why.UNKNOWN),
        (an_ask(), a_press(by=BOB), Why.UNAUTHORISED),
        (an_ask(), a_press(by=person("111", authorised=False)), Why.UNAUTHORISED),
        (an_ask(), a_press(minutes=120), Why.EXPIRED),
        (an_ask(), a_press("o1"), Why.NO_OPTION),
    ],
)
def test_each_refusal_has_its_reason(ask: Ask | None, answer: Answer, why: Why) -> None:
    outcome = press(ask, None, answer)
    assert isinstance(outcome, Refused)
    assert outcome.why is why


def test_a_stranger_is_not_told_what_was_decided() -> None:
    over = press(an_ask(), None, a_press())
    assert isinstance(over, Decided)
    assert press(None, over.decision, a_press(by=BOB)) == Refused(Why.UNAUTHORISED)
    assert press(None, over.decision, a_press("reject")) == Refused(Why.DECIDED, over.decision)


def test_who_may_answer() -> None:
    mine = an_ask()
    assert may_answer(mine, ANN, ())
    assert not may_answer(mine, BOB, ["telegram:2222"])
    assert may_answer(mine, BOB, ["telegram:222"]), "an owner, from anywhere"
    assert not may_answer(mine, person("111", "-100400", group=True), ()), (
        "asked in private, pressed in a group"
    )
    grouped = an_ask(place=GROUP)
    member = person("222", "-100400", group=True)
    assert not may_answer(grouped, member, ()), "a group needs the ask's own list"
    assert may_answer(grouped.model_copy(update={"allowed": ("telegram:222",)}), member, ())
    listed = an_ask(allowed=("telegram:222",))
    assert not may_answer(listed, ANN, ()), "a list is the whole list"
    assert not may_answer(an_ask(place=None), ANN, ())


def test_the_end_of_its_time() -> None:
    ask = an_ask()
    assert machine.expire(ask, NOW) is None
    over = machine.expire(ask, NOW + timedelta(hours=2))
    assert over is not None
    assert (over.state, over.choice, over.via) == ("expired", "expired", "expiry")
    assert press(None, over, a_press(minutes=200)) == Refused(Why.EXPIRED, over)


def test_an_escalated_ask_gets_as_much_time_again_once() -> None:
    ask = an_ask(on_expiry="escalate")
    assert machine.escalate(ask, NOW) is None, "its time is not over"
    longer = machine.escalate(ask, NOW + timedelta(hours=2))
    assert longer is not None
    assert longer.expires_at == NOW + timedelta(hours=4)
    assert machine.escalate(longer, NOW + timedelta(hours=4)) is None
    assert machine.escalate(an_ask(), NOW + timedelta(hours=2)) is None


class Life(RuleBasedStateMachine):
    """One ask, and everything that may come, in any order and as often as it likes."""

    @initialize(policy=st.sampled_from(["skip", "escalate"]), allowed=st.booleans())
    def begin(self, policy: str, allowed: bool) -> None:
        self.open: Ask | None = an_ask(on_expiry=policy, allowed=("telegram:222",) if allowed else ())
        self.over: Decision | None = None
        self.now = NOW
        self.ends = 0

    def _end(self, decision: Decision) -> None:
        assert self.open is not None
        assert decision.ask.id == self.open.id
        self.open, self.over = None, decision
        self.ends += 1

    @rule(minutes=st.integers(0, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(
        option=st.sampled_from(OPTIONS),
        who=st.sampled_from(PEOPLE),
        text=st.sampled_from(["", "x"]),
        late=st.booleans(),
    )
    def somebody_answers(self, option: str, who: Person, text: str, late: bool) -> None:
        before = (self.open, self.over)
        at = self.now - timedelta(minutes=30) if late else self.now
        known = self.open or (self.over.ask if self.over else None)
        outcome = press(self.open, self.over, Answer(option, who, "button", at, text=text))
        if isinstance(outcome, Decided):
            assert known is not None
            assert may_answer(known, who, ())
            assert not machine.is_over(known, at)
            assert known.option(option) is not None
            self._end(outcome.decision)
        else:
            assert (self.open, self.over) == before

    @rule()
    def its_time_is_looked_at(self) -> None:
        if self.open is None:
            return
        longer = machine.escalate(self.open, self.now)
        if longer is not None:
            self.open = longer
            return
        decision = machine.expire(self.open, self.now)
        assert (decision is not None) == machine.is_over(self.open, self.now)
        if decision is not None:
            self._end(decision)

    @precondition(lambda self: getattr(self, "open", None) is not None)
    @rule()
    def it_is_cancelled(self) -> None:
        assert self.open is not None
        self._end(machine.cancel(self.open, self.now, by="owner"))

    @invariant()
    def it_is_open_or_over_and_ends_once(self) -> None:
        assert (self.open is None) != (self.over is None)
        assert self.ends == (self.over is not None)
        if self.over is not None:
            assert self.over.answered_at >= self.over.ask.asked_at
            assert self.over.state in ("answered", "expired", "cancelled")


TestLife = Life.TestCase


@given(st.permutations([(option, who.id) for option in OPTIONS[:4] for who in (ANN, BOB)]))
def test_whatever_the_order_the_first_that_may_decides(order: list[tuple[str, str]]) -> None:
    ask, over = an_ask(allowed=("telegram:111", "telegram:222")), None
    first = next((option, who) for option, who in order if option != "edit")
    for option, who in order:
        by = ANN if who == ANN.id else BOB
        outcome = press(None if over else ask, over, a_press(option, by))
        if isinstance(outcome, Decided):
            assert over is None
            over = outcome.decision
    assert over is not None
    assert (over.choice, over.by) == first
