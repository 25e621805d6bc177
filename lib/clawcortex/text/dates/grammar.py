"""The parts that dates are made of, each a linear pattern over the wording: days, weekdays, times, spans, lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from clawcortex.text.dates import arithmetic, days, spans
from clawcortex.text.dates.arithmetic import DAY as ONE
from clawcortex.text.dates.arithmetic import HOLIDAYS
from clawcortex.text.dates.places import Place, Value
from clawcortex.text.dates.times import TIMES
from clawcortex.text.dates.wording import Wording
from clawcortex.text.dates.words import (
    DAY,
    LENGTH,
    MONTH,
    ORDINAL,
    PARTS,
    PREPOSITIONS,
    VERSIONED,
    WEEKDAY,
    YEAR,
    either,
)  # fmt: skip
from clawcortex.text.linear import linear

Kind = Literal[
    "day", "weekday", "monthday", "now", "time", "part", "dated part", "span", "bare", "length", "edge", "nth"
]


@dataclass(frozen=True, slots=True)
class Atom:
    """One part of a date and where it stands in the wording."""

    kind: Kind
    start: int
    end: int
    value: Value
    weak: bool = False
    """Counts only beside another part."""


Reader = Callable[[Place], Value | None]
_SHORT_YEAR = rf"(?P<y>{YEAR}|'[0-9]{{2}}|[0-9]{{2}})"
_AFTER_YEAR = rf"(?:(?: ?, ?| of | |-|/)(?P<y>{YEAR})|,? ?'(?P<yy>[0-9]{{2}}))?\b"
_SPAN_LEADS = "(?P<lead>this|current|next|coming|upcoming|following|last|previous|past)"
_RULES: list[tuple[Kind, str, Reader]] = [
    ("day", rf"(?:\b|_)(?P<y>{YEAR})[-/.](?P<m>[0-9]{{1,2}})[-/.](?P<d>[0-9]{{1,2}})\b", days.iso),
    ("day", rf"\b(?P<y>{YEAR}) (?P<m>[01][0-9]) (?P<d>[0-3][0-9])\b", days.iso),
    ("day", rf"\b(?P<y>{YEAR})[- /](?P<month>{MONTH})[- /](?P<d>{DAY})\b", days.named),
    ("day", rf"\b(?P<a>[0-9]{{1,2}})(?P<sep>[/-])(?P<b>[0-9]{{1,2}})[/-]{_SHORT_YEAR}\b", days.numeric),
    ("day", rf"\b(?P<a>[0-9]{{1,2}})(?P<sep>\.)(?P<b>[0-9]{{1,2}})\.(?P<y>{YEAR})\b", days.numeric),
    ("day", r"\b(?P<a>[0-9]{1,2})(?P<sep>[/-])(?P<b>[0-9]{1,2})\b", days.numeric),
    (
        "day",
        rf"\b(?P<month>{MONTH})(?:(?: ?[,/-] ?| )(?:the )?)?(?P<d>{DAY})(?P<ord>{ORDINAL})?\b{_AFTER_YEAR}",
        days.named,
    ),
    (
        "day",
        rf"\b(?:the )?(?P<d>{DAY})(?P<ord>{ORDINAL})?[ ./-]?(?:day )?(?:of )?(?P<month>{MONTH}){_AFTER_YEAR}",
        days.named,
    ),
    (
        "day",
        (
            rf"\b(?:(?P<lead>last) )?(?P<name>(?:{'|'.join(HOLIDAYS)}))"
            rf"(?:,? (?:of |in )?(?:(?P<y>{YEAR})|(?P<relative>this|next|last) year))?\b"
        ),
        days.holiday,
    ),
    ("day", rf"\b(?P<name>(?:the )?{either(days.RELATIVE)})\b", days.relative),
    ("day", r"\b(?:the )?(?P<name>next|following|previous) day\b", days.neighbour),
    ("day", r"\bthe day (?P<name>before|after)\b", days.neighbour),
    (
        "weekday",
        (
            r"\b(?:(?P<modifier>this past|this|current|next|(?:this )?(?:coming|upcoming)|following|last|previous"
            rf"|past) )?(?P<name>{WEEKDAY})(?P<plural>s)?\b"
        ),
        days.weekday,
    ),
    ("monthday", rf"\b{WEEKDAY},? (?P<core>(?P<d>1[3-9]|2[0-9]|3[01]))\b", days.monthday),
    ("day", rf"\b(?P<n>[1-9]) (?P<name>{WEEKDAY})s? (?:from (?:now|today)|later|hence)\b", days.nth_ahead),
    ("monthday", rf"\b(?:on|by|before|until|till|after|since) (?P<core>the (?P<d>{DAY}))\b", days.monthday),
    ("monthday", rf"\b(?:the )(?P<d>{DAY})(?:{ORDINAL})(?: day)?\b", days.monthday),
    ("monthday", rf"\b(?P<d>{DAY})(?:{ORDINAL})\b", days.monthday),
    (
        "now",
        (
            r"\b(?:right now|now|at present|at (?:this|the present) (?:time|moment)|at the moment|asap"
            r"|as soon as possible)\b"
        ),
        spans.now,
    ),
    ("dated part", rf"\b(?P<name>tonight|this (?:early |late )?{either(PARTS)})\b", days.today_part),
    (
        "part",
        rf"\b(?:(?:early|late|the|in the|early in the) )*(?P<name>{either(PARTS)})\b",
        lambda at: at["name"],
    ),
    ("span", rf"\b(?:the )?{_SPAN_LEADS} (?P<unit>week|weekend|month|quarter|year)\b", spans.unit_span),
    ("span", r"\b(?P<lead>the )(?P<unit>weekend)\b", spans.unit_span),
    ("span", r"\b(?:the )?week after next\b", lambda at: arithmetic.week(at.today + 14 * ONE)),
    ("day", rf"\b(?P<modifier>)(?P<plural>)(?P<name>{WEEKDAY}) week\b", days.weekday_week),
    ("nth", rf"\b(?:the )?(?P<n>[1-5]{ORDINAL}|last) (?P<name>{WEEKDAY}) (?:of|in)\b", days.nth),
    ("span", rf"\b(?:the )?year (?P<y>{YEAR})\b", spans.year),
    ("bare", r"\b(?:the )?(?P<lead>)(?P<unit>week|month|quarter|year)\b", spans.unit_span),
    ("span", rf"\bq ?(?P<n>[1-4])\b(?:[ ,']*(?:of )?(?P<y>{YEAR}|[0-9]{{2}}))?\b", spans.quarter),
    ("span", rf"\b(?:the )?(?P<n>[1-4])(?:{ORDINAL}) quarter\b(?: (?:of )?(?P<y>{YEAR}))?\b", spans.quarter),
    (
        "span",
        rf"\b(?:the )?(?P<n>[12]){ORDINAL} half of (?:(?:the |this )?year|(?P<y>{YEAR}))\b",
        spans.half_year,
    ),
    ("span", rf"\bh(?P<n>[12])(?:[ ,']*(?:of )?(?P<y>{YEAR}))?\b", spans.half_year),
    ("span", rf"\bweek (?P<n>[1-5]?[0-9])\b(?:,? (?:of )?(?P<y>{YEAR}))?\b", spans.iso_week),
    ("span", rf"\b(?P<month>{MONTH})(?:,? | of |,? ')(?P<y>{YEAR})\b", spans.month_span),
    (
        "span",
        (
            r"\b(?P<lead>in|by|until|till|before|since|during|from|of|this|next|coming|last|previous|late|early|mid|"
            rf"through|after|middle|end|start|beginning)[ -](?:of )?(?P<core>(?P<month>{MONTH}))\b(?P<y>)"
        ),
        spans.month_span,
    ),
    (
        "span",
        (
            r"\b(?:in|by|during|of|until|till|before|since|end|mid|early|late|year|the year)[ -]"
            rf"(?P<core>(?P<y>{YEAR}))\b"
        ),
        spans.year,
    ),
    (
        "length",
        (
            r"\b(?:(?P<lead>in|within|(?:over |in |for )?the (?:next|coming|last|past)|next|last) )?(?:the )?"
            rf"(?P<parts>{LENGTH})(?:'s?)?(?: (?:time|(?P<tail>ago|later|hence|from now|earlier)))?\b"
        ),
        spans.length,
    ),
    (
        "edge",
        (
            r"\b(?:the )?(?:very )?(?:(?P<name>end|start|beginning|middle|last (?:working |business )?day|1th day)"
            r"[ -]of|(?P<third>mid|early|late)(?: in|-)?)\b"
        ),
        spans.edge,
    ),
    ("edge", r"\b(?:the )?(?P<unit>month|quarter|year)(?: |-|'s )end\b", spans.abbreviated_end),
    ("edge", r"\b(?:the )?eo(?P<unit>[dwmqy])\b", spans.abbreviated_end),
    ("edge", r"\b(?:the )?(?:cob|eob|close of business|end of (?:business|play))\b", lambda _: "d"),
    ("edge", r"\b(?:the )?end of (?:the |my |our )?(?:work)?day\b", lambda _: "d"),
]
_COMPILED = [(kind, linear(pattern), read) for kind, pattern, read in _RULES]


_WEAK: dict[Reader, Callable[[Place], bool]] = {
    days.weekday: days.weak_weekday, days.numeric: days.weak_numeric, days.monthday: days.weak_monthday,
}  # fmt: skip


def atoms(wording: Wording, now: datetime) -> list[Atom]:
    """Return the parts of dates in the wording; of two that overlap the earlier, then the longer."""
    found = sorted(_all(wording, now), key=lambda atom: (atom.start, -atom.end))
    kept: list[Atom] = []
    for atom in found:
        if not kept or atom.start >= kept[-1].end:
            kept.append(atom)
    return kept


def _all(wording: Wording, now: datetime) -> Iterator[Atom]:
    for kind, pattern, read in _COMPILED:
        for match in pattern.finditer(wording.text):
            at = Place(match, wording, now)
            if at.before() in VERSIONED or at.before().endswith(("$", "€", "£", "#")):
                continue
            try:
                value = read(at)
            except (ValueError, OverflowError):  # 30 February: no such day
                continue
            if value is None:
                continue
            core = pattern.groupindex.get("core", 0)
            exact: Kind = "day" if kind == "weekday" and isinstance(value, date) else kind
            weak = read in _WEAK and _WEAK[read](at)
            yield Atom(exact, match.start(core), match.end(core), value, weak)
    for pattern, read_time in TIMES:
        core = pattern.groupindex["core"]
        for match in pattern.finditer(wording.text):
            at = Place(match, wording, now)
            clock = read_time(match)
            if clock is None or (not clock.marked and at.follows_number_or_word()):
                continue
            said = clock.halved or ":" not in match[0] or at.before() in PREPOSITIONS | {"@"}
            alone = clock.marked and said
            yield Atom("time", match.start(core), match.end(core), clock, weak=not alone)
