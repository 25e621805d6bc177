"""Refinements as they are kept: the newest first, secrets masked, for `refine_history_days`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import ValidationError

from clawcortex.skills.context import Context
from clawcortex.text.redaction import redact
from recursive_prompting.passes import Work
from recursive_prompting.shapes import Checked, Issue, Outcome, Pass, Run

RUNS = "refine.runs"
LAST = 10**14
"""Milliseconds since 1970 count down from here in the keys, so that the newest stands first."""
LONGEST_PROMPT, LONGEST_TEXT = 4_000, 20_000
BATCH = 500


def new_id(moment: datetime) -> str:
    """Return the id of a refinement that begins now."""
    return f"{_down(moment)}{secrets.token_hex(3)}"


def _down(moment: datetime) -> str:
    return f"{LAST - int(moment.timestamp() * 1000):014d}"


def keep(
    context: Context, identity: str, agent: str, work: Work, *, state: Outcome, failure: str, took_s: float
) -> None:
    """Keep one refinement, unless the settings say not to."""
    if not context.settings.refine_history_days:
        return
    request = work.request
    run = Run(
        id=identity,
        at=context.now(),
        agent=agent,
        by=context.caller.actor,
        prompt=_safe(request.prompt, LONGEST_PROMPT),
        context_length=len(request.context),
        rubric=tuple(_safe(one, LONGEST_PROMPT) for one in request.rubric),
        state=state,
        failure=_safe(failure, LONGEST_PROMPT),
        chosen="none" if not work.draft else "refined" if work.verdict.better else "draft",
        why=work.verdict.why,
        issues=tuple(_issue(one) for one in work.issues),
        dropped=work.dropped,
        checks=tuple(_checked(one) for one in (work.after if work.verdict.better else work.before)),
        passes=tuple(_pass(one) for one in work.passes),
        took_s=took_s,
        **work.model.spent.model_dump(),
    )
    context.store.put_record(RUNS, identity, run.model_dump(mode="json"))


def _safe(text: str, longest: int = LONGEST_TEXT) -> str:
    return redact(text[:longest]).text


def _issue(one: Issue) -> Issue:
    return one.model_copy(
        update={name: _safe(getattr(one, name)) for name in ("quote", "problem", "fix", "criterion")}
    )


def _checked(one: Checked) -> Checked:
    return one.model_copy(update={"detail": _safe(one.detail)})


def _pass(one: Pass) -> Pass:
    return one.model_copy(update={"text": _safe(one.text), "failure": _safe(one.failure)})


def every(context: Context) -> Iterator[Run]:
    """Yield the refinements, the newest first."""
    last = ""
    while found := context.store.list_records(RUNS, after=last, limit=BATCH):
        for identity, value in found.items():
            last = identity
            try:
                yield Run.model_validate(value)
            except ValidationError:
                context.log.warning("refinement %s was written by another version", identity)


def remove(context: Context, *, identity: str = "", all_of_them: bool = False) -> int:
    """Remove one refinement, all, or those past their time; return how many."""
    if identity:
        return int(context.store.take_record(RUNS, identity) is not None)
    oldest = context.now() - timedelta(days=context.settings.refine_history_days)
    after, gone = "" if all_of_them else _down(oldest), 0
    while found := context.store.list_records(RUNS, after=after, limit=BATCH):
        gone += sum(context.store.take_record(RUNS, one) is not None for one in found)
        after = next(reversed(found))
    return gone
