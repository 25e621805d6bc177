"""The gate: which of draft and refinement goes out. What a machine can tell decides before any opinion.

A refinement goes out only when it is shown to be better: it passes checks that the draft fails, or it mends a serious
issue and loses nothing that nobody objected to. Whatever the critic or a quoted text says, it never goes out when a
check rejects it that passes the draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from recursive_prompting.checks.arithmetic import results
from recursive_prompting.checks.blocks import prose_of
from recursive_prompting.checks.grounding import SMALL, links_of, numbers_of
from recursive_prompting.critique import plain
from recursive_prompting.shapes import Checked, Issue, RefineInput

LEAST_KEPT, MOST_GROWN = 0.4, 3.0
"""Share of the draft's words that a refinement has: outside of it, it is another answer."""
ROOM_WORDS = 40
"""Below so many words the share says nothing."""
BEHIND = 6
"""Characters behind a quote that are compared."""


class Verdict(NamedTuple):
    """Which text goes out, and why; `open`: no check decided, so that a judge may still be asked."""

    better: bool
    why: str
    open: bool = False


class Compared(BaseModel):
    """Which answer is better by one criterion."""

    model_config = ConfigDict(extra="ignore")
    criterion: int
    better: Literal["first", "second", "same"]


class Judgement(BaseModel):
    """What the judge answers."""

    model_config = ConfigDict(extra="ignore")
    criteria: list[Compared] = Field(min_length=1, max_length=24)


def weigh(
    draft: str,
    refined: str,
    issues: Sequence[Issue],
    before: Sequence[Checked],
    after: Sequence[Checked],
    request: RefineInput,
) -> Verdict:
    """Return which one goes out, by evidence alone; `before` and `after` are the same checks of both."""
    if plain(draft) == plain(refined):
        return Verdict(better=False, why="the refinement changed nothing")
    pairs = list(zip(before, after, strict=True))
    broken = [
        now.kind
        for then, now in pairs
        if (then.passed and not now.passed) or (then.passed is None and now.passed is False)
    ]
    if broken:
        return Verdict(
            better=False, why=f"the refinement fails a check that the draft does not: {', '.join(broken)}"
        )
    mended = [now.kind for then, now in pairs if then.passed is False and now.passed]
    if mended:
        return Verdict(
            better=True, why=f"the refinement passes a check that the draft fails: {', '.join(mended)}"
        )
    if lost := _lost(draft, refined, issues, request):
        return Verdict(better=False, why=lost)
    serious = [one for one in issues if one.severity == "serious" and one.quote]
    whole = plain(refined)
    gone = [one for one in serious if plain(one.quote) not in whole or _followed(one.quote, draft, refined)]
    if not gone:
        return Verdict(better=False, why="the refinement mends no serious issue")
    return Verdict(
        better=True, why=f"the refinement mends {len(gone)} of {len(serious)} serious issues", open=True
    )


def _followed(quote: str, draft: str, refined: str) -> bool:
    """Return whether something stands behind the quote now that did not before: what was missing was added there."""
    then, now = (plain(text).partition(plain(quote))[2][:BEHIND] for text in (draft, refined))
    return then != now


def _lost(draft: str, refined: str, issues: Sequence[Issue], request: RefineInput) -> str:
    """Return what the refinement lost or made up that nobody asked for, "" when nothing."""
    old, new = len(draft.split()), len(refined.split())
    if old > ROOM_WORDS and not LEAST_KEPT <= new / old <= MOST_GROWN:
        return f"the refinement has {new} words, the draft {old}: it is another answer"
    objected = "\n".join(f"{one.quote}\n{one.problem}\n{one.fix}" for one in issues)
    known = _facts(f"{draft}\n{request.prompt}\n{request.context}").keys() | results(refined)
    before, after, named = _facts(draft), _facts(refined), _facts(objected)
    gone = [said for fact, said in before.items() if fact not in after and fact not in named]
    if gone:
        return f"the refinement loses {gone[0]}, to which nobody objected"
    made = [said for fact, said in after.items() if fact not in known and not _small(fact)]
    return f"the refinement brings in {made[0]}, which stands nowhere" if made else ""


def _facts(text: str) -> dict[Fraction | str, str]:
    """Return the links and numbers of a text, and how each is written; code has its tests."""
    prose = prose_of(text)
    return {link: link for link in sorted(links_of(prose))} | {**numbers_of(prose)}


def _small(fact: Fraction | str) -> bool:
    return isinstance(fact, Fraction) and fact <= SMALL


def count(judgement: Judgement, criteria: int, *, refined: Literal["first", "second"]) -> Verdict:
    """Return what the judge's comparison comes to: the refinement must win more criteria than it loses."""
    by = {one.criterion: one.better for one in judgement.criteria if 1 <= one.criterion <= criteria}
    won = sum(better == refined for better in by.values())
    lost = sum(better not in (refined, "same") for better in by.values())
    said = f"by the judge it is better in {won} and worse in {lost} of {criteria} criteria"
    return Verdict(better=won > lost, why=said)
