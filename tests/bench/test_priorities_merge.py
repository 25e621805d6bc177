"""The simulation of bench/priorities_merge.py: nothing is lost, and its judge sees what would be."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

import priorities_merge  # noqa: E402 - found by the line above
from clawcortex.priorities import merge  # noqa: E402 - as above
from clawcortex.priorities.undoing import undone  # noqa: E402 - as above


def test_no_edit_is_lost_and_no_conflict_invented() -> None:
    figures, told = priorities_merge.measure(200)
    assert not told
    assert figures == {"runs": 200} | dict.fromkeys(priorities_merge.FIGURES, 0)


def forgetful(ledger: Any, text: str, new: Any, alike: Any, **given: Any) -> Any:
    return merge({}, text, new, alike, **given)


def careless(ledger: Any, text: str, new: Any, alike: Any, **given: Any) -> Any:
    result = merge(ledger, text, new, alike, **given)
    result.text = "".join(line for line in result.text.splitlines(keepends=True) if "free words" not in line)
    return result


def silent(ledger: Any, text: str, new: Any, alike: Any, **given: Any) -> Any:
    result = merge(ledger, text, new, alike, **given)
    result.conflicts = []
    return result


@pytest.mark.parametrize(
    ("faulty", "figure"),
    [
        (forgetful, "false_conflicts"),
        (forgetful, "lost_edits"),
        (careless, "lost_edits"),
        (silent, "silent_conflicts"),
    ],
)
def test_the_judge_sees_a_merge_that_is_wrong(
    faulty: Any, figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(priorities_merge, "merge", faulty)
    figures, _ = priorities_merge.measure(30)
    assert figures[figure] > 0


def lines(text: str) -> Counter[str]:
    """Count lines without numbers and hidden ids, those of the list of conflicts left out."""
    bare = (re.sub(r"^\ufeff?\d+| <!-- clawcortex:\w+ -->", "", line) for line in re.split(r"\r?\n", text))
    return Counter(
        line for line in bare if line.strip() and not line.startswith("- **") and "open" not in line
    )


@pytest.mark.parametrize("seed", range(40))
def test_an_undo_takes_back_what_was_said_and_nothing_of_the_person(seed: int) -> None:
    judge = priorities_merge.Judge(seed)
    for _ in range(3):
        judge.round()
    before = judge.person.edit(judge.text)
    wrote = merge(judge.ledger, before, judge._say(before), priorities_merge.cosines)
    same = undone(before, wrote.text, wrote.text, judge.ledger, wrote.ledger)
    assert same.text == before
    now = judge.person.edit(wrote.text)
    back = undone(before, wrote.text, now, judge.ledger, wrote.ledger)
    ours = lines(wrote.text) - lines(before)
    assert not (lines(now) - ours) - lines(back.text)
