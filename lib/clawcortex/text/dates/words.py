"""The words of dates as parts of patterns, and what may stand beside a number that is a date."""

from __future__ import annotations

MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|"
        "october oct|november nov|december dec".split("|"),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        "monday mon|tuesday tues tue|wednesday weds wed|thursday thurs thur thu|friday fri|saturday sat|"
        "sunday sun".split("|")
    )
    for name in names.split()
}
AMBIGUOUS = frozenset("may march mar sat sun wed mon second".split())
"""Words that mean something else, too: they need company."""
PARTS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 22), "night": (20, 24)}
"""Parts of a day, hours."""
UNITS = {
    "min": "minute", "mins": "minute", "minute": "minute", "minutes": "minute", "hr": "hour", "hrs": "hour",
    "hour": "hour", "hours": "hour", "day": "day", "days": "day", "night": "day", "nights": "day",
    "business day": "weekday", "business days": "weekday", "working day": "weekday", "working days": "weekday",
    "week": "week", "weeks": "week", "wk": "week", "wks": "week", "fortnight": "fortnight",
    "fortnights": "fortnight", "month": "month", "months": "month", "quarter": "quarter",
    "quarters": "quarter", "year": "year", "years": "year", "yr": "year", "yrs": "year",
}  # fmt: skip
NEXT = frozenset("next following coming upcoming".split())
LAST = frozenset("last previous past".split())
LEADS = frozenset(
    "on by before until till til from since after around about next this last previous coming due of or and to for "
    "through week between is was".split()
)
"""What stands before a weekday that is written short, or a day that is written as 5/12."""
PREPOSITIONS = frozenset("on by before until till from due around since after at".split())
"""What ties a time or a day to what happens then."""
FOLLOWERS = frozenset(
    "and or but so at on in by from to for if when then because before after until till the we i you he she they it "
    "is was are will would could can should this that next last of with as please around about am pm a an my our "
    "your his her their let's i'll we'll between or either maybe thanks instead latest sharp today tomorrow early "
    "late morning afternoon evening night noon not no sorry actually since due".split()
) | frozenset(WEEKDAYS)
"""What may follow "the 5th" or "at nine": anything else may be what is counted."""
STOPS = frozenset(".,;:!?)-–—(\"'/")
VERSIONED = frozenset("version v release build ver rev revision ip python node".split())
"""What makes the number after it no date."""


def either(names: object) -> str:
    """Return a pattern for any of these names, the longest first."""
    words = [str(name) for name in names] if isinstance(names, dict | frozenset | list | tuple) else []
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


MONTH = either(MONTHS) + r"\.?"
WEEKDAY = either(WEEKDAYS)
DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
ORDINAL = r"(?:st|nd|rd|th)"
YEAR = r"(?:1[6-9]|20|21)[0-9]{2}"
UNIT = either(UNITS)
COUNT = r"(?:[0-9]{1,4}(?:\.[0-9])?|half an?|an?|(?:a )?couple(?: of)?|(?:a )?few|several|another)"
LENGTH = rf"{COUNT}(?: and a half)? ?{UNIT}\b(?: and a half)?(?:(?:,? and|,)? {COUNT} ?{UNIT}\b)*"
