"""What other programs read: `feedback/mistakes.json` and a line a feedback in `feedback/feedback-YYYY-Www.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from clawcortex.files import locked, write_atomic
from clawcortex.periods import Period, week_of
from clawcortex.skills.context import Context
from clawcortex.skills.operation import task
from memory_compounding import kept
from memory_compounding.kept import LESSONS, MISTAKES
from memory_compounding.lessons import PUBLISH
from memory_compounding.shapes import (
    Feedback,
    Kind,
    Lesson,
    Mistake,
    ShownLesson,
    ShownMistake,
)

FOLDER = "feedback"
LATE = timedelta(days=7)
"""Reasons and answers come late: the week before is written again, too."""


class Exported(BaseModel):
    """One line of feedback-YYYY-Www.jsonl."""

    version: int = 1
    id: str
    timestamp: datetime
    type: Kind
    agent: str
    subject: str
    reason: str
    category: str
    before: str
    after: str
    by: str
    source: str
    ask_id: str
    mistake: str


class MistakesFile(BaseModel):
    """feedback/mistakes.json."""

    version: int = 1
    updated_at: datetime
    mistakes: list[ShownMistake]
    lessons: list[ShownLesson]


def shown_mistake(mistake: Mistake) -> ShownMistake:
    """Return a mistake as it is shown."""
    examples = [one.text for one in mistake.examples]
    return ShownMistake(**mistake.model_dump(exclude={"examples"}), examples=examples)


def shown_lesson(lesson: Lesson) -> ShownLesson:
    """Return a lesson as it is shown."""
    return ShownLesson.model_validate(lesson.model_dump())


def recurring(context: Context, least: int = 2, agent: str = "") -> list[ShownMistake]:
    """Return the mistakes that were made at least so often, the most frequent first."""
    found = [
        one
        for one in kept.every(context, MISTAKES, Mistake)
        if one.count >= least and (not agent or agent in one.agents)
    ]
    found.sort(key=lambda one: (-one.count, one.key))
    return [shown_mistake(one) for one in found]


def publish(context: Context, weeks: Iterable[Period]) -> list[str]:
    """Write the files and return their paths; weeks without feedback get none."""
    folder = context.shared_folder(FOLDER)
    lessons = sorted(kept.every(context, LESSONS, Lesson), key=lambda one: one.promoted_at, reverse=True)
    content = MistakesFile(
        updated_at=context.now(),
        mistakes=recurring(context),
        lessons=[shown_lesson(one) for one in lessons],
    )
    path = folder / "mistakes.json"
    with locked(path):
        write_atomic(path, (content.model_dump_json(indent=2) + "\n").encode())
    return [str(path), *(str(one) for week in weeks if (one := _export(context, folder, week)))]


def _export(context: Context, folder: Path, week: Period) -> Path | None:
    found = kept.feedback_of(context, week.begins, week.ends)
    if not found:
        return None
    path = folder / f"feedback-{week.key}.jsonl"
    with locked(path):
        write_atomic(path, "".join(_line(one) for one in found).encode())
    return path


def _line(feedback: Feedback) -> str:
    row = Exported(**feedback.model_dump(), timestamp=feedback.at, type=feedback.kind)
    return json.dumps(row.model_dump(mode="json"), ensure_ascii=False) + "\n"


def recent_weeks(context: Context) -> list[Period]:
    """Return this week and the one before."""
    today = context.local(context.now()).date()
    return [week_of(today - LATE, context.local), week_of(today, context.local)]


def weeks_of(context: Context, days: Iterable[date]) -> list[Period]:
    """Return the weeks that these days lie in, each once."""
    found = {week.key: week for week in (week_of(day, context.local) for day in sorted(set(days)))}
    return list(found.values())


@task(PUBLISH)
def publish_files(context: Context, payload: Mapping[str, Any]) -> None:
    """Bring the files up to date after what came in."""
    del payload
    publish(context, recent_weeks(context))
