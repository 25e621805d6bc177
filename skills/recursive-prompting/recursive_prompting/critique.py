"""What the critic said, as far as it can be shown: an issue counts only with words that stand in the draft."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from recursive_prompting.shapes import Checked, Issue, Severity

SHORTEST_QUOTE = 2
LONGEST = 600
MOST_ISSUES = 20


class Found(BaseModel):
    """One issue as the critic puts it."""

    model_config = ConfigDict(extra="ignore")
    severity: Severity
    quote: str
    problem: str = Field(min_length=1)
    criterion: str = ""
    fix: str = ""


class Critique(BaseModel):
    """What the critic answers."""

    model_config = ConfigDict(extra="ignore")
    issues: list[Found] = Field(max_length=50)


def plain(text: str) -> str:
    """Return a text as quotes are compared: one line, whatever the case."""
    return " ".join(text.casefold().split())


def borne_out(critique: Critique, draft: str) -> tuple[list[Issue], int]:
    """Return the issues whose quote stands in the draft, the serious first, and how many others there were."""
    whole = plain(draft)
    kept = []
    for one in critique.issues:
        quote = one.quote.strip().strip("\"“”'…").strip()
        if len(quote) >= SHORTEST_QUOTE and plain(quote) in whole:
            kept.append(
                Issue(
                    severity=one.severity,
                    criterion=one.criterion[:LONGEST],
                    quote=quote[:LONGEST],
                    problem=one.problem[:LONGEST],
                    fix=one.fix[:LONGEST],
                )
            )
    kept.sort(key=lambda one: one.severity != "serious")
    return kept[:MOST_ISSUES], len(critique.issues) - len(kept)


def of_checks(checks: Sequence[Checked]) -> list[Issue]:
    """Return what checks found wrong, as issues."""
    return [
        Issue(severity="serious", criterion=f"check: {one.kind}", quote="", problem=one.detail)
        for one in checks
        if one.passed is False
    ]
