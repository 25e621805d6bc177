"""The operations of memory-compounding, and the skill they make."""

from __future__ import annotations

from datetime import timedelta

from clawcortex.skills.context import Context
from clawcortex.skills.operation import Schedule, Skill, operation
from memory_compounding import (
    filing,
    kept,
    lessons,
    prompt,
    recording,
    shapes,
    sorting,
    tracking,
    transfer,
    weekly,
)
from memory_compounding.kept import LESSONS
from memory_compounding.shapes import Feedback, Lesson

PAGE = timedelta(days=14)
"""History is read back in steps of so long, each twice the last, so that the newest need not read all."""


@operation("log", expose="agent", effect="write")
def log(context: Context, request: shapes.LogInput) -> shapes.Logged:
    """Log what the person said to something you did: approve, reject, edit or skip, with their reason."""
    feedback = recording.logged(context, request)
    once = f"log/{feedback.agent}/{request.key}" if request.key else ""
    identity, fresh = recording.record(context, feedback, once)
    return shapes.Logged(id=identity, fresh=fresh)


@operation("history")
def history(context: Context, request: shapes.HistoryInput) -> shapes.HistoryOutput:
    """Show feedback, the newest first."""
    first = max(request.since or recording.EARLIEST, recording.EARLIEST)
    end, span = request.until or context.now() + timedelta(days=1), PAGE
    found: list[Feedback] = []
    while len(found) < request.limit and end > first:
        begin = max(first, end - span)
        found += [
            one
            for one in reversed(kept.feedback_of(context, begin, end))
            if request.agent in ("", one.agent) and request.kind in ("", one.kind)
        ]
        end, span = begin, 2 * span
    return shapes.HistoryOutput(feedback=found[: request.limit])


@operation("mistakes")
def mistakes(context: Context, request: shapes.MistakesInput) -> shapes.MistakesOutput:
    """Show the mistakes that recur, the most frequent first."""
    found = filing.recurring(context, request.least, request.agent)
    return shapes.MistakesOutput(mistakes=found[: request.limit])


@operation("lessons")
def lessons_(context: Context, request: shapes.LessonsInput) -> shapes.LessonsOutput:
    """Show the lessons, the newest first."""
    found = [
        one
        for one in kept.every(context, LESSONS, Lesson)
        if request.status in ("", one.status) and (not request.agent or prompt.applies(one, request.agent))
    ]
    found.sort(key=lambda one: one.promoted_at, reverse=True)
    return shapes.LessonsOutput(lessons=[filing.shown_lesson(one) for one in found])


@operation("retire", effect="write")
def retire(context: Context, request: shapes.RetireInput) -> shapes.Retired:
    """Take a lesson out of force; its mistake must recur anew to become one again."""
    ended = lessons.retire(context, request.lesson, request.reason or f"retired by {context.caller.actor}")
    return shapes.Retired(lesson=ended.id, status=ended.status)


@operation("track", effect="write")
def track(context: Context, request: shapes.TrackInput) -> shapes.Tracked:
    """Retire lessons that were not needed for long, drop what never recurred, write the feedback files."""
    del request
    retired = lessons.retire_unseen(context)
    dropped = tracking.drop_unseen(context)
    return shapes.Tracked(
        retired=retired, dropped=dropped, files=filing.publish(context, filing.recent_weeks(context))
    )


@operation("synthesize", effect="write")
def synthesize(context: Context, request: shapes.SynthesizeInput) -> shapes.SynthesizeOutput:
    """Write what a week's recommendations, decisions, outcomes and learnings were, agent by agent."""
    return weekly.write_weeks(context, request)


@operation("import", effect="write")
def import_(context: Context, request: shapes.ImportInput) -> shapes.ImportOutput:
    """Read the feedback files of the scripts before this skill; reading them twice records them once."""
    return transfer.read_files(context, request.path)


skill = Skill(
    name="memory-compounding",
    title="Memory compounding",
    summary="One correction is enough: feedback is kept, what recurs becomes a lesson, lessons reach the prompt.",
    version="0.1.0",
    operations=(log, history, mistakes, lessons_, retire, track, synthesize, import_),
    hooks=(prompt.remind, prompt.begin, prompt.compacted),
    tasks=(sorting.sort, lessons.promote, filing.publish_files),
    consumers=(recording.learn, tracking.track),
    schedules=(
        Schedule("0 23 * * 0", "synthesize"),
        Schedule("15 23 * * 0", "track"),
        Schedule("5 0 * * 1", "synthesize", {"week": weekly.LAST}),  # what was decided on Sunday after eleven
    ),
    files={"feedback": filing.Exported, "mistakes": filing.MistakesFile},
    keeps=(filing.FOLDER, "memory/weekly"),
)
