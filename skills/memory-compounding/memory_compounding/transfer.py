"""What the scripts before this skill left: `feedback-*.json`, `pending/`, `archive/`, whole or damaged.

Their files had no schema, so a field is taken under any of the names it may have had. What cannot be read is reported
with its file and its place in it, and costs no other record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from clawcortex import paths
from clawcortex.errors import ClawcortexError, InputError, NotFoundError
from clawcortex.skills.context import Context
from memory_compounding import filing, kept
from memory_compounding.recording import LONGEST_SUBJECT, kind_of, record, sane
from memory_compounding.shapes import BadRecord, Feedback, ImportOutput
from memory_compounding.wording import tidy

LARGEST_MB = 64
REPORTED = 1_000
NAMES = {
    "kind": ("feedback_type", "type", "kind", "decision", "action", "choice", "response", "status"),
    "agent": ("agent", "agent_id", "agent_name", "source_agent"),
    "subject": ("subject", "item", "recommendation", "title", "content", "summary", "description"),
    "reason": ("reason", "comment", "notes", "feedback", "user_feedback", "context"),
    "category": ("category", "topic", "area"),
    "before": ("before", "original", "original_text"),
    "after": ("after", "edited", "edited_text", "modified", "edit", "new_text"),
    "at": ("timestamp", "decided_at", "answered_at", "responded_at", "created_at", "time", "date"),
}
KINDS = {"approved": "approve", "rejected": "reject", "edited": "edit", "modified": "edit", "skipped": "skip"}
OPEN = ("", "pending", "open", "waiting", "none", "null")
LISTS = ("feedback", "entries", "items", "records", "decisions", "data", "pending", "archive")
NEXT_OBJECT = re.compile(r"^\s*\{", re.MULTILINE)


class Unanswered(Exception):  # noqa: N818 - no error: an ask that nobody answered
    """Say that a record is an ask without an answer."""


def read_files(context: Context, named: str) -> ImportOutput:
    """Record what the files hold, each record once however often it is read."""
    answer = ImportOutput(imported=0, known=0, pending=0, bad=[])
    days: set[date] = set()
    for file in files(context, named):
        try:
            found = list(records(_text(file)))
        except (ClawcortexError, OSError, UnicodeDecodeError) as error:
            answer.bad.append(BadRecord(file=str(file), position=0, reason=str(error)[:200]))
            continue
        for position, one in enumerate(found, 1):
            try:
                feedback = read_one(context, one)
            except Unanswered:
                answer.pending += 1
            except InputError as error:
                answer.bad.append(BadRecord(file=str(file), position=position, reason=error.message))
            else:
                fresh = record(context, feedback)[1]
                answer.imported += fresh
                answer.known += not fresh
                days.add(context.local(feedback.at).date())
    for one in answer.bad:
        context.log.warning("%s, record %d: %s", one.file, one.position, one.reason)
    if days:
        filing.publish(context, filing.weeks_of(context, days))
    return answer.model_copy(update={"bad": answer.bad[:REPORTED]})


def files(context: Context, named: str) -> list[Path]:
    """Return the old scripts' files; NotFoundError when nothing is there."""
    root = paths.resolve(Path(named)) if named else context.shared_folder(filing.FOLDER)
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise NotFoundError(
            f"{root} is not there", hint="Name a file, or the folder of the old feedback files."
        )
    patterns = ("feedback-*.json", "pending/*.json", "archive/**/*.json")
    return sorted({file for pattern in patterns for file in root.glob(pattern) if file.is_file()})


def _text(file: Path) -> str:
    if file.stat().st_size > LARGEST_MB * 1024 * 1024:
        raise InputError(f"larger than {LARGEST_MB} MB", hint="Split the file.")
    return file.read_bytes().decode("utf-8-sig")


def records(text: str) -> Iterator[object]:
    """Yield the records of a file in order; of a damaged one, None in the place of what cannot be read."""
    if not text.strip():
        return
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        yield from _salvaged(text)
        return
    if isinstance(found, Mapping):
        lists = [found[name] for name in LISTS if isinstance(found.get(name), list)]
        yield from lists[0] if lists else [found]
    elif isinstance(found, list):
        yield from found
    else:
        yield found


def _salvaged(text: str) -> Iterator[object]:
    """Yield what can be read of a damaged file: every object that begins a line, or follows another."""
    decoder, at = json.JSONDecoder(), text.find("{")
    if at < 0:
        yield None
    while at >= 0:
        try:
            one, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield None
            following = NEXT_OBJECT.search(text, at + 1)
            at = following.end() - 1 if following else -1
            continue
        yield one
        at = text.find("{", end)


def read_one(context: Context, one: object) -> Feedback:
    """Return an old record as feedback; InputError says what is wrong with it, Unanswered that it is none."""
    if not isinstance(one, Mapping):
        raise InputError("not a JSON object" if one is not None else "damaged: not valid JSON")
    said = _word(one, "kind").casefold()
    if said in OPEN:
        raise Unanswered
    kind = kind_of(KINDS.get(said, said))
    subject = tidy(_word(one, "subject"), LONGEST_SUBJECT)
    if not subject:
        raise InputError("the subject is empty")
    at = sane(_moment(context, one), context.now())
    reason, agent = tidy(_word(one, "reason")), tidy(_word(one, "agent"), 200) or "main"
    return Feedback(
        id=kept.feedback_id(at, f"import\x1f{agent}\x1f{kind}\x1f{subject}\x1f{reason}"),
        kind=kind,
        agent=agent,
        subject=subject,
        reason=reason,
        category=tidy(_word(one, "category"), 100).casefold(),
        before=tidy(_word(one, "before")),
        after=tidy(_word(one, "after")),
        at=at,
        recorded_at=context.now(),
        source="import",
    )


def _word(one: Mapping[str, object], field: str) -> str:
    for name in NAMES[field]:
        value = one.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _moment(context: Context, one: Mapping[str, object]) -> datetime:
    """Return when it was; a time without a zone is the person's own."""
    for name in NAMES["at"]:
        value = one.get(name)
        if value is None or value == "":
            continue
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
            at = datetime.fromisoformat(str(value))
        except (ValueError, OverflowError, OSError) as error:
            raise InputError(f"{name} is no time: {str(value)[:40]!r}") from error
        if at.tzinfo is None:
            zone = context.settings.timezone
            at = at.replace(tzinfo=ZoneInfo(zone)) if zone else at.astimezone()
        return at
    raise InputError("no timestamp")
