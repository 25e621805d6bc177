"""What two texts about one thing may differ in: amounts, times, dates and names, written in one way.

"3pm" is "15:00", "two" is 2, "1,200" is 1200, "June 5th" is "5 June" and "2.5 million" is 2500000. A clock
time that may be of the morning or the afternoon ("half past three") stands for both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clawcortex.text.numbers import ORDINALS, SMALL, TENS
from clawcortex.text.terms import STOPWORDS, fold, stem
from context_retention.dates import MONTHS, WEEKDAYS

LONGEST = 2_000
"""Characters of a text that are read; a memory is a chunk and seldom longer."""

_GERMAN = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"
NUMBERS = {name: float(value) for name, value in (SMALL | TENS).items()}
NUMBERS |= {name: float(i) for i, name in enumerate(fold(_GERMAN).split())} | {"dozen": 12.0}
NUMBERS |= {
    f"{ten}{join}{unit}": float(value + SMALL[unit])
    for ten, value in TENS.items() for unit in SMALL if 1 <= SMALL[unit] <= 9
    for join in "- "
}  # fmt: skip
FIRST_TEN = {word: value for word, value in ORDINALS.items() if value <= 10}
SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "tausend": 1e3,
    "m": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "bn": 1e9,
    "billion": 1e9,
}
UNITS = {
    "money": "$ € £ euro euros eur dollar dollars usd pound pounds quid gbp bucks",
    "%": "% percent per cent prozent",
    "kg": "kg kilo kilos kilograms",
    "km": "km kilometers kilometres",
    "h": "h hour hours hr hrs stunden stunde",
    "min": "min mins minute minutes minuten",
    "mb": "mb megabytes",
    "gb": "gb gigabytes",
    "child": "children kids child kid",
    "people": "people person employees heads guests personen leute",
}
_UNIT_LETTERS = 5
_UNIT = {name: unit for unit, names in UNITS.items() for name in names.split()}
_MONTH = {name: number for name, number in MONTHS.items() if name != "sun"} | {
    fold(name): number
    for number, name in enumerate(
        "januar februar märz april mai juni juli august september oktober november dezember".split(), 1
    )
}
_DAY = WEEKDAYS | {f"{name}s": number for name, number in WEEKDAYS.items()}
_DAY |= {n: i for i, n in enumerate("montag dienstag mittwoch donnerstag freitag samstag sonntag".split())}
_AMBIGUOUS = frozenset({"may", "march", "mar", "jan", "second"})

_WORDED = "|".join(sorted(NUMBERS, key=len, reverse=True))
_MONTHS = "|".join(sorted(_MONTH, key=len, reverse=True))
_CLOCK = re.compile(
    r"\b(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?\s?(?P<half>[ap])\.?m\b\.?|\b(?P<h2>\d{1,2}):(?P<m2>\d{2})\b|"
    r"\b(?P<h3>\d{1,2})(?:\.(?P<m3>\d{2}))?\s?(?:uhr|o'clock)\b|\b(?P<noon>noon|midday|midnight|mittags?)\b|"
    rf"\b(?P<part>half|quarter)\s(?P<way>past|to)\s(?P<h4>{_WORDED}|\d{{1,2}})\b|\bat\s(?P<h5>{_WORDED}|\d{{1,2}})\b(?![%€$.,:/\d])"
)
_DATE = re.compile(
    rf"\b(?P<y>\d{{4}})-(?P<mo>\d{{1,2}})-(?P<d>\d{{1,2}})\b|"
    rf"\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\.?\s(?:of\s)?(?P<mo2>{_MONTHS})\b|"
    rf"\b(?P<mo3>{_MONTHS})\s(?:the\s)?(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:\d])|"
    r"\b(?P<d4>\d{1,2})\.(?P<mo4>\d{1,2})\.(?P<y4>\d{4})?|\b(?P<d5>\d{1,2})(?:st|nd|rd|th)\b|"
    rf"\b(?P<mo6>{_MONTHS})\b|\b(?P<wd>{'|'.join(_DAY)})\b|\b(?P<y7>(?:19|20)\d\d)\b"
)
_NUMBER = re.compile(
    rf"(?P<cur>[$€£])?\s?(?:\b(?P<n>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,3}}(?:\.\d{{3}})+(?=\s?(?:€|euro|eur))|\d+(?:[.,:/-]\d+)*)"
    rf"|\b(?P<w>{_WORDED}|{'|'.join(FIRST_TEN)})\b)(?:\s?(?P<k>k|m|mio|bn|thousand|tausend|millions?|billion)\b)?(?:\s?(?P<u>[%€$£]|[a-z]+))?"
)
_NAME = re.compile(r"[^\W\d_][\w'’-]*|\d+[A-Z][\w-]*")
_VERBISH = frozenset(
    "is are was were has have had will can does did lives works leads owns runs moved left joined took "
    "wants needs starts "
    "goes comes likes loves said says got lost won beat and or on in at from to with".split()
)
_NOT_NAMES = STOPWORDS | frozenset(
    "i i'm i've i'd i'll im it's that's there's let's we're we've we'll they're he's she's mr mrs ms dr "
    "big new news yes no "
    "today yesterday tomorrow since change status finally got had turned traded finished deadline ich "
    "wir der die das ein eine "
    "mein meine unser unsere er sie es".split()
)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a text; `times` are minutes of the day, `dates` say their kind first, as "md:03-01"."""

    amounts: frozenset[tuple[float | str, str]]
    times: frozenset[int]
    dates: frozenset[str]
    names: frozenset[str]
    stems: frozenset[str]
    """The stems that these values are written with."""


def _hour(written: str) -> int:
    return int(written) if written.isdigit() else int(NUMBERS[written])


def _minutes(found: re.Match[str]) -> set[int]:
    group = found.groupdict()
    if group["noon"]:
        return {0 if group["noon"] == "midnight" else 720}
    if group["half"]:
        hour, minute = int(group["h"]) % 12, int(group["m"] or 0)
        return {(hour + 12 * (group["half"] == "p")) * 60 + minute}
    if group["part"]:
        shift = (30 if group["part"] == "half" else 15) * (1 if group["way"] == "past" else -1)
        return _either(_hour(group["h4"]) * 60 + shift)
    if group["h5"]:
        hour = _hour(group["h5"])
        return (_either(hour * 60) if 0 < hour <= 12 else {hour * 60}) if hour < 25 else set()
    hour, minute = (
        (int(group["h2"]), int(group["m2"])) if group["h2"] else (int(group["h3"]), int(group["m3"] or 0))
    )
    if hour > 24 or minute > 59:
        return set()
    early = 0 < hour < 12 and not (group["h2"] or "").startswith("0")
    return _either(hour * 60 + minute) if early else {hour * 60 + minute}


def _either(minutes: int) -> set[int]:
    return {minutes % 720, minutes % 720 + 720}


def _date(found: re.Match[str]) -> str:
    group = found.groupdict()
    for month, day in (("mo", "d"), ("mo2", "d2"), ("mo3", "d3"), ("mo4", "d4")):
        if group[day]:
            number = _MONTH.get(group[month]) or int(group[month])
            return f"md:{number:02}-{int(group[day]):02}"
    if group["d5"]:
        return f"d:{int(group['d5'])}"
    if group["mo6"]:
        return "" if group["mo6"] in _AMBIGUOUS else f"m:{_MONTH[group['mo6']]:02}"
    return f"wd:{_DAY[group['wd']]}" if group["wd"] else f"y:{group['y7']}"


def _amount(found: re.Match[str]) -> tuple[float | str, str]:
    group = found.groupdict()
    scale = SCALES.get(group["k"] or "", 1.0)
    after = group["u"] or ""
    unit = (
        "money"
        if group["cur"]
        else _UNIT.get(after, "" if after in STOPWORDS else stem(after)[:_UNIT_LETTERS])
    )
    if group["w"]:
        return float(NUMBERS.get(group["w"]) or FIRST_TEN.get(group["w"], 0)) * scale, unit
    written = group["n"]
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", written):
        written = written.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+", written) and unit == "money":
        written = written.replace(".", "")
    elif re.fullmatch(r"\d+,\d{1,2}", written):
        written = written.replace(",", ".")
    try:
        return float(written) * scale, unit
    except ValueError:
        return written, ""


def _names(text: str) -> set[str]:
    """Return the capitalised words that stand inside a sentence, and those that begin one and act in it."""
    found = set()
    words = [(match[0], match.start()) for match in _NAME.finditer(text)]
    for i, (word, start) in enumerate(words):
        if not (word[0].isupper() or word[0].isdigit()):
            continue
        folded = fold(word).removesuffix("'s")
        if folded in _NOT_NAMES or folded in _MONTH or folded in _DAY or len(folded) < 2:
            continue
        before = text[:start].rstrip()[-1:]
        inside = bool(before) and before not in ".!?:\n"
        following = fold(words[i + 1][0]) if i + 1 < len(words) else ""
        owns = fold(word).endswith("'s")
        if inside or owns or following in _VERBISH or (words[i + 1 : i + 2] and words[i + 1][0][0].isupper()):
            found.add(folded)
    return found


def read(text: str) -> Values:
    """Return the values that a text names."""
    text = text[:LONGEST]
    low = fold(text).replace("’", "'")
    spans: list[tuple[int, int]] = []
    times: set[int] = set()
    dates: set[str] = set()
    amounts: set[tuple[float | str, str]] = set()
    for match in _CLOCK.finditer(low):
        found = _minutes(match)
        if found:
            times |= found
            spans.append(match.span())
    for match in _DATE.finditer(low):
        date = "" if _covered(match.span(), spans) else _date(match)
        if date:
            dates.add(date)
            spans.append(match.span())
    for match in _NUMBER.finditer(low):
        if (match["n"] or (match["w"] and match["w"] != "one")) and not _covered(match.span(), spans):
            amounts.add(_amount(match))
            last = "u" if match["u"] in _UNIT else "n" if match["n"] else "w"
            spans.append((match.start(), match.end(last)))
    names = _names(text)
    stems = {stem(word) for a, b in spans for word in re.findall(r"[^\W_]+", low[a:b])}
    stems |= {stem(part) for name in names for part in re.findall(r"[^\W_]+", name)}
    return Values(frozenset(amounts), frozenset(times), frozenset(dates), frozenset(names), frozenset(stems))


def _covered(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(span[0] < b and a < span[1] for a, b in spans)


def lost(new: Values, old: Values) -> bool:
    """Return whether the newer text leaves out a value of the older one."""
    times = bool(old.times and not old.times & new.times)
    amounts = {number for number, _ in old.amounts} - {number for number, _ in new.amounts}
    return bool(times or amounts or old.dates - new.dates or old.names - new.names)


def given(new: Values, old: Values) -> bool:
    """Return whether the newer text keeps the values of the older one and adds its own."""
    return not lost(new, old) and lost(old, new)


def conflicts(new: Values, old: Values) -> dict[str, bool]:
    """Return, by kind, whether both name a value and neither names the other's."""
    return {
        "amount": _amounts_differ(new.amounts, old.amounts),
        "time": bool(new.times and old.times and not new.times & old.times),
        "date": _dates_differ(new.dates, old.dates),
        "name": bool(new.names - old.names and old.names - new.names),
    }


def _amounts_differ(new: frozenset[tuple[float | str, str]], old: frozenset[tuple[float | str, str]]) -> bool:
    if not new or not old or {n for n, _ in new} & {n for n, _ in old}:
        return False
    units_new, units_old = {u for _, u in new}, {u for _, u in old}
    return bool(units_new & units_old) or "" in units_new or "" in units_old


def _dates_differ(new: frozenset[str], old: frozenset[str]) -> bool:
    kinds = {date.split(":")[0] for date in new} & {date.split(":")[0] for date in old}
    return any(
        {d for d in new if d.startswith(f"{kind}:")}.isdisjoint(d for d in old if d.startswith(f"{kind}:"))
        for kind in kinds
    )
