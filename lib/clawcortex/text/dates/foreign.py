"""Dates in the words of other languages, of one short phrase that was already found to be one.

dateparser alone reads 45 % of English cases and sees dates in half the sentences without any: it is never
let loose on a text, and its expressions are not linear, so a phrase is short.
"""

from __future__ import annotations

from datetime import datetime, time

from clawcortex.text.dates.finding import Found
from clawcortex.text.dates.settling import END_OF_DAY

LONGEST = 60
"""Characters of a phrase that is read."""
_LEADS = frozenset(
    "bis zum zur am um vor ab jusqu'au avant le hasta antes del el entro il voor op tegen para até".split()
)
"""Words before a date that dateparser does not know."""


def read_phrase(phrase: str, now: datetime, language: str) -> Found | None:
    """Return the date that a phrase names in a language, ahead of `now`; None when it names none."""
    import dateparser

    words = phrase.strip().split()
    while words and words[0].casefold() in _LEADS:
        words.pop(0)
    bare = " ".join(words)
    if not bare or len(bare) > LONGEST:
        return None
    naive = now.replace(tzinfo=None)
    settings = {"RELATIVE_BASE": datetime.combine(naive, time()), "PREFER_DATES_FROM": "future"}
    try:
        read = dateparser.parse(bare, languages=[language], settings=settings)
    except (ValueError, OverflowError):  # a language that it does not have, a year that nobody has
        return None
    if read is None:
        return None
    day = datetime.combine(read.date(), END_OF_DAY, now.tzinfo)
    if read.time() == time():
        return Found(0, len(phrase), phrase, datetime.combine(read.date(), time(), now.tzinfo), day, "day")
    at = read.replace(tzinfo=now.tzinfo)
    return Found(0, len(phrase), phrase, at, at, "minute")
