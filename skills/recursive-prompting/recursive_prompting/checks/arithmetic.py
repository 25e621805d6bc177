"""Sums that an answer does are done again: `3 x 12.50 = 37.50`, `19 % of 200 is 38`.

Patterns are RE2's and numbers are bounded: an answer may be anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import re2

from recursive_prompting.checks.blocks import prose_of
from recursive_prompting.checks.numbers import NUMBER, decimals_of, value_of

_MONEY = r"(?:[$€£]\s?)?"
_UNIT = r"(?:\s?(?:[$€£%]|EUR|USD|GBP))?"
_OPERATOR = r"[-+*/\x{d7}\x{b7}\x{f7}\x{2212}\x{2013}xX]"
_SUM = re2.compile(
    rf"({_MONEY}{NUMBER}{_UNIT}(?:\s*{_OPERATOR}\s*{_MONEY}{NUMBER}{_UNIT})+)\s*=\s*({_MONEY})(-?)({NUMBER})"
)
_SHARE = re2.compile(
    rf"({NUMBER})\s?%\s+(?:of|von)\s+{_MONEY}({NUMBER}){_UNIT}\s+(?:=|is|are|sind|ist)\s+{_MONEY}({NUMBER})"
)
_TAKEN = re2.compile(r"[-\x{2212}\x{2013}]\s?[0-9]")
_PART = re2.compile(rf"({NUMBER})|({_OPERATOR})|(%)")
_MINUS, _TIMES, _BY = "-−–", "*×·xX", "/÷"
_LONGER = "+*/×·÷=^%("
"""Beside a sum these say that it is part of a longer one."""
BESIDE = 24
MOST_TERMS, MOST_TOLD = 50, 5


def check(answer: str) -> tuple[bool, str]:
    """Return whether every sum is right, and which are not."""
    wrong = [f"{one.said} is wrong: it is {_shown(one.value)}" for one in sums(answer) if not one.right]
    return not wrong, "; ".join(wrong[:MOST_TOLD])


def results(answer: str) -> set[Fraction]:
    """Return the results of the sums that are right, as they are stated."""
    return {one.stated for one in sums(answer) if one.right}


class Sum(NamedTuple):
    """One sum of an answer."""

    said: str
    value: Fraction
    stated: Fraction
    right: bool


def sums(answer: str) -> Iterator[Sum]:
    """Yield each sum that can be read."""
    text = prose_of(answer)
    for match in _SUM.finditer(text):
        value, stated = _value(match[1]), value_of(match[4])
        if value is None or stated is None or not _whole(text, match.start(), match.end()):
            continue
        stated = -stated if match[3] else stated
        yield Sum(match[0], value, stated, _is(value, stated, match[4]))
    for match in _SHARE.finditer(text):
        share, whole, stated = (value_of(match[place]) for place in (1, 2, 3))
        if share is not None and whole is not None and stated is not None:
            value = share * whole / 100
            yield Sum(match[0], value, stated, _is(value, stated, match[3]))


def _whole(text: str, start: int, end: int) -> bool:
    """Return whether a sum stands by itself, and is no part of a longer one, of a date or of a name."""
    before, after = text[max(0, start - BESIDE) : start], text[end : end + BESIDE]
    if before[-1:].isalnum() or before[-1:] in tuple(".,-_") or after[:1].isalnum():
        return False
    last, following = before.rstrip(" ")[-1:], after.lstrip()
    bullet = last in _MINUS and not before.rstrip(" ")[:-1].rpartition("\n")[2].strip()
    if last and (last in _LONGER or (last in _MINUS and not bullet)):
        return False
    return not (following[:1] and following[0] in _LONGER) and not _TAKEN.match(following)


def _is(value: Fraction, stated: Fraction, written: str) -> bool:
    """Return whether a number says this value, rounded to as many places as it has."""
    return abs(value - stated) <= Fraction(1, 2 * 10 ** decimals_of(written)) or value == stated


def _value(said: str) -> Fraction | None:
    """Return what a sum comes to, products first; None for what cannot be read."""
    parts = [match[0] for match in _PART.finditer(said)]
    total, product, sign, operator = Fraction(0), Fraction(0), 1, "+"
    if len(parts) > 2 * MOST_TERMS or "%" in parts:
        return None
    for part in parts:
        if not part[0].isdigit():
            operator = part
            continue
        number = value_of(part)
        if number is None or (operator in _BY and number == 0):
            return None
        if operator in _TIMES:
            product *= number
        elif operator in _BY:
            product /= number
        else:
            total += sign * product
            sign = -1 if operator in _MINUS else 1
            product = number
    return total + sign * product


def _shown(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
