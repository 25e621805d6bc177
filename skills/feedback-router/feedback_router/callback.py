"""What a button carries: `clawcortex:<id of the ask>:<key of the option>`, and the ids that nobody can guess."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from clawcortex.errors import InputError
from clawcortex.openclaw.host import NAMESPACE, VALUE_BYTES

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: no letter looks like another, and the order of characters is the order of numbers."""
TIME_LENGTH, RANDOM_LENGTH = 9, 12
"""Milliseconds since 1970 up to the year 3084, then 60 random bits."""
_ID = rf"[{ALPHABET}]{{{TIME_LENGTH + RANDOM_LENGTH}}}"
ID = re.compile(_ID)
_VALUE = re.compile(rf"{NAMESPACE}(?P<ask>{_ID}):(?P<option>[a-z0-9]{{1,12}})")


def new_id(now: datetime) -> str:
    """Return an id that nobody can guess; ids sort by the millisecond they were made in."""
    return _milliseconds(now) + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))


def first_id(moment: datetime) -> str:
    """Return what sorts before every id made at this moment or later, for reading a range of records."""
    return _milliseconds(max(moment, datetime.fromtimestamp(0, UTC)))


def _milliseconds(moment: datetime) -> str:
    left, digits = int(moment.timestamp() * 1000), []
    for _ in range(TIME_LENGTH):
        left, digit = divmod(left, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def encode(ask: str, option: str) -> str:
    """Return a button's value; raise InputError for parts that would not come back as they are."""
    value = f"{NAMESPACE}{ask}:{option}"
    if not _VALUE.fullmatch(value) or len(value.encode()) > VALUE_BYTES:
        raise InputError(
            f"a button cannot carry {value[:80]!r}",
            hint=f"Use an id of this skill and an option's key, {VALUE_BYTES} bytes in all.",
        )
    return value


def decode(value: str | bytes) -> tuple[str, str]:
    """Return (id of the ask, key of the option); raise InputError for anything this skill never made."""
    size = len(value) if isinstance(value, bytes) else len(value.encode("utf-8", "surrogatepass"))
    if size > VALUE_BYTES:
        raise InputError(f"a button's value of {size:,} bytes: more than {VALUE_BYTES} were never sent")
    try:
        text = value.decode("ascii") if isinstance(value, bytes) else value
    except UnicodeDecodeError as error:
        raise InputError("a button's value that is no text") from error
    found = _VALUE.fullmatch(text)
    if found is None:
        raise InputError(f"a button's value that was never sent: {text!r}")
    return found["ask"], found["option"]
