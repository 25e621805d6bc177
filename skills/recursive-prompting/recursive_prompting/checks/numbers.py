"""Numbers as people write them."""

from __future__ import annotations

import re
from fractions import Fraction

MOST_DIGITS = 30
NUMBER = r"[0-9]+(?:[.,'\x{2019}\x{202f}\x{a0}][0-9]+)*"
"""As RE2 writes it."""
_THOUSANDS = re.compile(r"\d{1,3}(?:[,'’\u202f\xa0]\d{3})+(?:\.\d+)?")
_EUROPEAN = re.compile(r"\d{1,3}(?:[.'’\u202f\xa0]\d{3})+(?:,\d{1,2}|,\d{4,})|\d{1,3}(?:\.\d{3}){2,}")
_DECIMAL_COMMA = re.compile(r"\d+,(?:\d{1,2}|\d{4,})")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")


def value_of(text: str) -> Fraction | None:
    """Return what a number says: 1,240.50 and 1.240,50 and 12,5; None for 1.2.3 and what is absurdly long."""
    if len(text) > MOST_DIGITS:
        return None
    if _THOUSANDS.fullmatch(text):
        return Fraction(re.sub(r"[^\d.]", "", text))
    if _EUROPEAN.fullmatch(text) or _DECIMAL_COMMA.fullmatch(text):
        return Fraction(re.sub(r"[^\d,]", "", text).replace(",", "."))
    return Fraction(text) if _PLAIN.fullmatch(text) else None


def decimals_of(text: str) -> int:
    """Return how many digits stand after the decimal point: what a number was rounded to."""
    value = value_of(text)
    if value is None or (value.denominator == 1 and not re.search(r"[.,]0+$", text)):
        return 0
    return len(re.split(r"[.,]", text)[-1])
