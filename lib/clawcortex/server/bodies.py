"""Bytes from the socket to a JSON object, and every way in which that can go wrong."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from clawcortex.errors import InputError

LIMIT_BYTES = 12_000_000


class TooLargeError(InputError):
    """Refuse a request body over the limit."""

    code, status = "too_large", 413
    default_hint = f"Send at most {LIMIT_BYTES // 1_000_000} MB; split the text."


def _no_constant(name: str) -> NoReturn:
    raise InputError(f"the body holds {name}, which JSON does not know")


def parse(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; raise InputError that says what is wrong with it."""
    if not raw.strip():
        return {}
    try:
        text = raw.decode("utf-8")
        found = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InputError(
            f"the body is not UTF-8: byte {error.start}", hint="Send the JSON as UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is not JSON: {error}", hint="Send one JSON object.") from error
    if not isinstance(found, dict):
        raise InputError(f"the body is a {type(found).__name__}, not an object", hint="Send one JSON object.")
    # JavaScript strings may hold half of a surrogate pair; it arrives as an escape and no store takes it.
    whole: dict[str, Any] = _mended(found) if "\\ud" in text or "\\uD" in text else found
    return whole


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(part) for part in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(part) for name, part in value.items()}
    return value
