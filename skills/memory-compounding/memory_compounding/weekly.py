"""The weekly synthesis as a file in the agent's workspace, among what a person wrote into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clawcortex import paths
from clawcortex.errors import ClawcortexError, InputError
from clawcortex.files import locked, write_parts
from clawcortex.periods import Period, week_of
from clawcortex.skills.context import Context
from clawcortex.text.markdown import Markdown, template
from memory_compounding import kept
from memory_compounding.shapes import Feedback, SynthesizeInput, SynthesizeOutput, Written
from memory_compounding.synthesis import CITED, WEEK, Claim, Synthesis, synthesize

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).parent / "templates" / "synthesis.md.j2"
LOCK = "synthesis"
LAST = "last"
"""Names the week before this one."""
HINT = """<!-- clawcortex writes the part between its begin and end lines. Everything else here is yours, and the part
too once you change it: it is not written again then. -->"""


@cache
def _template() -> Template:
    return template(TEMPLATE)


def rendered(context: Context, made: Synthesis) -> str:
    """Return a week as Markdown; what people and models wrote is escaped."""

    def cited(claim: Claim) -> Markdown:
        return Markdown("".join(f"[^{number}]" for number in claim.decisions[:CITED]))

    def day(one: Feedback) -> str:
        return f"{context.local(one.at):%a %H:%M}"

    parts = [
        ("Recommendations", made.recommendations),
        ("Outcomes", made.outcomes),
        ("Learnings", made.learnings),
    ]
    text = _template().render(
        made=made, parts=parts, cited=cited, day=day, mark=lambda one: Markdown(f"<!-- {one.id} -->")
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def week_named(context: Context, named: str) -> Period:
    """Return a week by its name, by default the one that is now; InputError for one that no calendar has."""
    if named in ("", LAST):
        return week_of(context.local(context.now()).date() - WEEK * (named == LAST), context.local)
    try:
        return week_of(date.fromisocalendar(int(named[:4]), int(named[6:]), 1), context.local)
    except ValueError as error:
        raise InputError(f"{named} is no week: {error}", hint="Name one as 2026-W47.") from error


def write_weeks(context: Context, request: SynthesizeInput) -> SynthesizeOutput:
    """Write the week of one agent, or of every agent that was given feedback in it."""
    week = week_named(context, request.week)
    answer = SynthesizeOutput(written=[], warnings=[])
    found: dict[str, list[str]] = {}
    for one in kept.feedback_of(context, week.begins, week.ends):
        found.setdefault(one.agent, []).append(one.id)
    for agent in [request.agent] if request.agent else sorted(found):
        if request.week == LAST and _holds(context, agent, week, found.get(agent, [])):
            continue
        made = synthesize(context, agent, week)
        if made is None:
            answer.warnings.append(f"nobody gave {agent} feedback in {week.key}")
            continue
        body = rendered(context, made)
        try:
            file = _write(context, agent, week, body, answer.warnings)
        except ClawcortexError as error:
            file = ""
            context.log.warning("the synthesis of %s: %s", agent, error)
            answer.warnings.append(f"{error.message} {error.hint}")
        answer.written.append(
            Written(
                agent=agent,
                week=week.key,
                method=made.method,
                decisions=len(made.decisions),
                file=file,
                markdown=body,
            )
        )
    return answer


def _workspace(context: Context, agent: str) -> Path | None:
    found = next((one.workspace for one in context.host.agents() if one.id == agent), None)
    return found if found is not None and found.is_dir() else None


def _name(week: Period) -> Path:
    return Path("memory", "weekly", f"{week.key}-synthesis.md")


def _holds(context: Context, agent: str, week: Period, decisions: Sequence[str]) -> bool:
    """Return whether the file of a week holds all that was decided in it."""
    workspace = _workspace(context, agent)
    file = workspace / _name(week) if workspace else None
    text = file.read_text(encoding="utf-8", errors="replace") if file and file.is_file() else ""
    return bool(decisions) and all(f"<!-- {one} -->" in text for one in decisions)


def _write(context: Context, agent: str, week: Period, body: str, warnings: list[str]) -> str:
    workspace = _workspace(context, agent)
    if workspace is None:
        warnings.append(f"{agent} has no workspace: its synthesis is not filed")
        return ""
    name = _name(week)
    title = f"# Week {week.key}: what was decided and learned\n\n{HINT}\n"
    with locked(paths.private_folder(paths.state_dir() / "run") / LOCK, seconds=30):
        result = write_parts(workspace, name, "synthesis", {week.key: body}, title=title)
    if result.edited:
        warnings.append(f"{workspace / name} was changed by a person: it is left as it is")
    return str(workspace / name)
