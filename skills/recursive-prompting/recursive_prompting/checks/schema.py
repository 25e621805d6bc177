"""An answer is JSON, and fits its schema; a schema is anybody's, and so is read by a confined process."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.confined import Limits, Ran
from clawcortex.openclaw.host import Host
from recursive_prompting.checks.blocks import json_of

VALIDATOR = Path(__file__).with_name("validator.py")
BAD_SCHEMA = 3
"""Exit code of the validator."""


@cache
def _validator() -> tuple[str, Path]:
    """Return its code, and the folder of the packages that it imports."""
    found = find_spec("jsonschema")
    assert found is not None  # noqa: S101 - it is one of our dependencies
    assert found.origin is not None  # noqa: S101 - as above
    return VALIDATOR.read_text(encoding="utf-8"), Path(found.origin).parents[1]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def check(answer: str, schema: dict[str, Any], host: Host, seconds: float) -> tuple[bool | None, str]:
    """Return whether it fits, and why not; None where that cannot be found out safely."""
    text = json_of(answer).strip()
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return False, f"it is not JSON: {error}"
    if not schema:
        return True, ""
    try:
        ran, said = _compare(text, schema, host, seconds)
    except HostError as error:
        return None, f"not run: {error.message}"
    if _is_bad(ran):  # only what an answer holds shows that its part of a schema leads nowhere
        return None, f"not run: {said}"
    if ran.ended == "late":
        return None, f"not run to its end within {seconds:g} s"
    return ran.ended == "well", "" if ran.ended == "well" else said


def require(schema: dict[str, Any], host: Host, seconds: float) -> None:
    """Refuse what is no schema."""
    try:
        ran, said = _compare("null", schema, host, seconds)
    except HostError:
        return  # the check says so itself
    if _is_bad(ran):
        raise InputError(
            f"checks: schema: {said[:300]}", hint="Give a JSON Schema of 2020-12, without remote $ref."
        )


def _is_bad(ran: Ran) -> bool:
    return ran.ended == "badly" and ran.code == BAD_SCHEMA


def _compare(text: str, schema: dict[str, Any], host: Host, seconds: float) -> tuple[Ran, str]:
    """Return how the validator ended, and the last line that it said."""
    code, packages = _validator()
    files = {"validator.py": code, "schema.json": json.dumps(schema), "answer.json": text}
    ran = host.exec(
        ["validator.py", str(packages)], files=files, limits=Limits(seconds=seconds), reads=[packages]
    )
    return ran, (ran.output.strip().splitlines()[-1:] or [""])[0]
