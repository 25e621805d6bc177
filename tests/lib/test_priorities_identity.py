"""Which wordings name one task: with the real model, and with one that finds everything alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from clawcortex.models.embedder import get_embedder
from clawcortex.priorities.identity import Alike, find_same
from clawcortex.settings import Settings

ONE = """Build the API|build API
Build the API|Please build the API.
We need to build the API|Build the API
Finish the quarterly report|Complete the quarterly report
Ship the API|Release the API
Call Bob about the contract|Ring Bob about the contract
Fix the login bug|Repair the bug in login
Finalise copy for the landing page|Get the landing page copy finalised
Write three tests|Write 3 tests
Don't renew the lease|Do not renew the lease
🚀|🚀"""
TWO = """Build API|Build API tests
Build the API|Test the API
Email Bob the contract|Email Alice the contract
Book a flight to Paris|Book a flight to London
Enable dark mode|Disable dark mode
Increase the budget|Decrease the budget
Hire Bob|Fire Bob
Migrate from Postgres to MySQL|Migrate from MySQL to Postgres
Call Bob before the launch|Call Bob after the launch
Pay invoice 12|Pay invoice 21
Pay two invoices|Pay three invoices
Raise the price by 5%|Raise the price by 5 $
Release version 1.2|Release version 12
Renew the passport|Do not renew the passport
Renew the passport|Don't renew the passport
Review the Q1 plan|Review the Q2 plan
Meet the lawyers on Monday|Meet the lawyers on Tuesday
Write backend tests|Write frontend tests
Switch the light on|Switch the light off
Call my mother|Call your mother
Learn C|Learn C++
Test all devices|Test devices
Prepare the investor deck|Send the investor deck
🚀|🎉"""


def pairs(lines: str) -> list[list[str]]:
    return [line.split("|") for line in lines.splitlines()]


def everything(_: str, others: Sequence[str]) -> list[float]:
    return [1.0] * len(others)


@pytest.fixture
def real(models_cache: Path) -> Alike:
    embedder = get_embedder(Settings())
    embedder.load()

    def alike(text: str, others: Sequence[str]) -> list[float]:
        vectors = embedder.encode([text, *others])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    return alike


@pytest.mark.parametrize(("one", "other"), pairs(ONE))
def test_near_duplicates_are_one(one: str, other: str, real: Alike) -> None:
    assert find_same(one, [other], real) == 0
    assert find_same(other, [one], real) == 0


@pytest.mark.parametrize(("one", "other"), pairs(TWO))
def test_different_tasks_stay_two_whatever_the_cosine(one: str, other: str) -> None:
    assert find_same(one, [other], everything) is None
    assert find_same(other, [one], everything) is None


def test_the_model_is_asked_only_where_the_order_of_words_differs() -> None:
    asked: list[Sequence[str]] = []

    def alike(text: str, others: Sequence[str]) -> list[float]:
        asked.append(others)
        return [0.9] * len(others)

    assert find_same("Build the API", ["Sell the API", "build API"], alike) == 1
    assert not asked
    assert find_same("Login bug: fix it", ["Fix the logout bug", "Fix the login bug"], alike) == 1
    assert asked == [["Fix the login bug"]]
