"""What a text says, read by rules and the small classifier: no model is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clawcortex.text.dates.wording import Wording, fluent
from clawcortex.text.linear import linear
from clawcortex.text.numbers import ORDINALS, SMALL
from voice_pipeline.extracting import cues
from voice_pipeline.extracting.due import Due, find_due, urgency
from voice_pipeline.extracting.intent import intent
from voice_pipeline.extracting.sentences import Clause, clauses
from voice_pipeline.extracting.shapes import (
    LONGEST_QUOTE,
    LONGEST_TEXT,
    MOST,
    ActionItem,
    ContextShift,
    Decision,
    Extraction,
    Priority,
)  # fmt: skip
from voice_pipeline.extracting.tasks import Task, find_task

LIKELY, CERTAIN = 0.3, 0.8
"""From which chance a weak sign of a task counts, and from which the classifier alone is believed."""
RANKS = (
    dict.fromkeys("top highest main biggest most".split(), 1)
    | {"next": 2}
    | {word: number for word, number in SMALL.items() if 1 <= number <= 9}
    | {f"{word}{adverb}": number for word, number in ORDINALS.items() for adverb in ("", "ly")}
)
ANNOUNCING = 6
"""Words of a remark that tells how urgent the task before it is."""
_EDGES = " \t\n,;:.!?-–—\"'“”’"
_LEADING = linear(
    r"(?i)^(?:(?:and|but|so|also|then|oh|okay|ok|well|that|to|please|maybe|just|i think|i guess|basically)\b[\s,]*)+"
)
_TRAILING = linear(
    r"(?i)[\s,]+(?:please|thanks|thank you|okay|ok|right|you know|and|or|but|so|by|on|at|to|for|the|no rush"
    r"|if possible)$"
)
_ITEMS = linear(r"(?i)\s*[,;]\s*(?:and\s+)?|\s+and\s+(?:then\s+)?")
_AFTER = linear(
    r"(?i)\s*,\s*(?:and\s+)?(?:then|next|after that|second(?:ly)?|third(?:ly)?|finally|last(?:ly)?)\b"
    r"(?:\s+(?:comes?|is))?[\s,:]*"
)
"""Between what comes first and what comes then."""
_ORDINAL = linear(
    rf"(?i)^(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|finally|number {cues.NUMBER})\b[\s,:]*"
)
_PART = linear(r"(?i)[,;]|\s(?:because|since|so that)\s|\sand (?:focus|concentrate|work|go|move|start|do)\b")
_IS = linear(r"(?i)\s+(?:is|are|will be)$")
"""What is left of "the report is due on Friday"."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A clause, and its words as they were meant: read once for all that looks into them."""

    clause: Clause
    wording: Wording

    @property
    def text(self) -> str:
        """Return the words without fillers and repeats."""
        return self.wording.text

    @property
    def asks(self) -> bool:
        """Tell whether it is a question."""
        return self.clause.asks


def extract_by_rules(text: str, now: datetime) -> Extraction:
    """Return what the text says; `now` is when it was said, with the speaker's time zone."""
    said = [Heard(clause, fluent(clause.text)) for clause in clauses(text)]
    return Extraction(
        priorities=tuple(_first(_priorities(said))),
        decisions=tuple(_first(_decisions(said))),
        actions=tuple(_first(_actions(said, now))),
        shifts=tuple(_first(_shifts(said))),
    )


def _first(found: Iterator[Any]) -> list[Any]:
    """Return at most `MOST` items, each wording once."""
    kept: dict[str, Any] = {}
    for item in found:
        words = getattr(item, "theme", None) or item.text
        kept.setdefault(words.casefold(), item)
        if len(kept) == MOST:
            break
    return list(kept.values())


def title(words: str) -> str:
    """Return words as a heading: no fillers, no loose ends, a capital first, at most 200 characters."""
    shown = fluent(words[: 4 * LONGEST_TEXT]).text.strip(_EDGES)
    lead = _LEADING.match(shown)
    shown = shown[lead.end() :] if lead and lead.end() < len(shown) else shown
    while (trail := _TRAILING.search(shown)) and trail.start() > 0:
        shown = shown[: trail.start()].rstrip(_EDGES)
    if len(shown) > LONGEST_TEXT:
        shown = shown[: LONGEST_TEXT - 1].rsplit(" ", 1)[0].rstrip(_EDGES) + "…"
    return (shown[:1].upper() + shown[1:])[:LONGEST_TEXT]


def _quote(clause: Clause) -> dict[str, Any]:
    end = min(clause.end, clause.start + LONGEST_QUOTE)
    return {"quote": clause.text[: end - clause.start], "start": clause.start, "end": end}


def _actions(said: list[Heard], now: datetime) -> Iterator[ActionItem]:
    for heard, following in zip(said, [*said[1:], None], strict=False):
        task = find_task(heard.text, asks=heard.asks)
        due = find_due(heard.text, now)
        if not _counts(heard.text, task, due, asks=heard.asks):
            continue
        start, end = (task.start, task.end) if task else (0, len(heard.text))
        name = title(_without(heard.text, start, end, due))
        remark = following.clause.text if following else ""
        remark = remark if len(remark.split()) <= ANNOUNCING else ""
        phrase = slice(*heard.wording.span(due.start, due.end)) if due else slice(0)
        if name:
            yield ActionItem(
                text=name,
                owner=task.owner if task else "",
                due=due.day if due else None,
                due_at=due.at if due else None,
                due_phrase=heard.clause.text[phrase][:LONGEST_TEXT],
                urgency=urgency(f"{heard.text} {remark}", due, now),
                **_quote(heard.clause),
            )


def _counts(text: str, task: Task | None, due: Due | None, *, asks: bool) -> bool:
    """Tell whether there is a task: said outright, weakly but likely, or by the classifier alone with a date."""
    if task is not None:
        return task.sure or due is not None or intent().chance(text) >= LIKELY
    return not asks and due is not None and intent().chance(text) >= CERTAIN


def _without(text: str, start: int, end: int, due: Due | None) -> str:
    """Return the words of the task without those of the date, which has a field of its own."""
    if due is None or due.end <= start or due.said_from >= end:
        return text[start:end]
    before, after = text[start : due.said_from].rstrip(), text[due.end : end].strip()
    before = _IS.sub("", before)
    if before.endswith(" to"):  # "move the meeting to Thursday"
        return text[start:end]
    return f"{before} {after}" if after[:1].isalnum() else f"{before}{after}"


def _priorities(said: list[Heard]) -> Iterator[Priority]:
    listing = False
    for heard in said:
        found = [] if heard.asks else list(_priority(heard, listing=listing))
        listing = bool(cues.ANNOUNCED.search(heard.clause.text)) or (listing and bool(found))
        yield from found


def _priority(heard: Heard, *, listing: bool) -> Iterator[Priority]:
    for pattern in (*cues.PRIORITY, *([cues.LISTED] if listing else [])):
        match = pattern.search(heard.text)
        if match is None:
            continue
        parts, words = match.groupdict(), match[0].replace(match["theme"], "").strip(_EDGES)
        if _negated(heard.text[: match.start()] + words):
            continue
        several = bool(parts.get("list"))
        first = 1 if several else _rank(parts.get("rank") or "")
        themes = (_ITEMS if several else _AFTER).split(match["theme"])
        named = [name for name in (title(_ORDINAL.sub("", theme)) for theme in themes) if name]
        for place, theme in enumerate(named):
            rank = first + place if first else None
            yield Priority(theme=theme, rank=rank, cue=words[:LONGEST_TEXT], **_quote(heard.clause))
        return


_NEGATION = linear(r"(?i)\b(?:not|never|no longer)\b|n['’]t\b")


def _negated(words: str) -> bool:
    return bool(_NEGATION.search(words))


def _rank(word: str) -> int | None:
    last = word.lower().removeprefix("number ").strip("#.) ")
    return int(last) if last.isdigit() else RANKS.get(last)


def _decisions(said: list[Heard]) -> Iterator[Decision]:
    for heard in said:
        if not heard.asks and cues.DECISION.search(heard.text) and not cues.SUPPOSED.search(heard.text):
            name = title(heard.text)
            if name:
                yield Decision(text=name, **_quote(heard.clause))


def _shifts(said: list[Heard]) -> Iterator[ContextShift]:
    for heard in said:
        if heard.asks or not cues.SHIFT_GATE.search(heard.text) or cues.MOVED_TASK.search(heard.text):
            continue
        parts = {"from": "", "to": ""}
        for pattern in cues.SHIFT:
            match = pattern.search(heard.text)
            if match is None or _negated(heard.text[: match.start()]):
                continue
            for name, words in match.groupdict().items():
                parts[name] = parts[name] or title(_PART.split(words or "")[0])
        name = title(heard.text)
        if name and any(parts.values()):
            yield ContextShift(
                text=name, away_from=parts["from"], towards=parts["to"], **_quote(heard.clause)
            )
