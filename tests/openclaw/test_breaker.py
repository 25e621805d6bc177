"""What fails in a row is left alone, and tried again by one."""

from __future__ import annotations

import pytest

from clawcortex.errors import HostError
from clawcortex.openclaw.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, rest_s=10, clock=clock)


def fail(breaker: Breaker, what: str = "it", *, lasting: bool = False) -> HostError:
    with pytest.raises(HostError) as raised, breaker.guarding(what):
        raise HostError("down", lasting=lasting)
    return raised.value


def call(breaker: Breaker, what: str = "it") -> None:
    with breaker.guarding(what):
        pass


def test_after_failures_in_a_row_nobody_is_let_through(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        assert fail(breaker).message == "down"
    clock.now = 4
    refused = fail(breaker)
    assert refused.message == "it failed 3 times in a row and is left alone for 6 s: down"
    assert refused.hint == HostError("down").hint
    assert refused.retry_after_s == 6
    call(breaker, "something else")


def test_a_success_in_between_begins_anew(breaker: Breaker) -> None:
    for _ in range(4):
        fail(breaker)
        fail(breaker)
        call(breaker)


def test_then_one_tries_while_the_others_wait(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now = 11
    with breaker.guarding("it"):
        assert "left alone" in fail(breaker).message
    call(breaker)


def test_a_trial_that_fails_closes_it_again(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now = 11
    assert fail(breaker).message == "down"
    clock.now = 20
    assert "left alone" in fail(breaker).message


def test_what_asking_again_cannot_mend_says_nothing_of_its_health(breaker: Breaker) -> None:
    for _ in range(9):
        assert fail(breaker, lasting=True).message == "down"
    call(breaker)
