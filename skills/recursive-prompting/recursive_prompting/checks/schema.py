"""An answer is JSON, and fits its schema; a schema is anybody's, and so is read by a confined process."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.confined import Limits
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
    """Return whether it fits, and why not; None where that cannot be found out safely.

    InputError for what is no schema.
    """
    text = json_of(answer).strip()
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return False, f"it is not JSON: {error}"
    if not schema:
        return True, ""
    code, packages = _validator()
    files = {"validator.py": code, "schema.json": json.dumps(schema), "answer.json": text}
    try:
        ran = host.exec(
            ["validator.py", str(packages)], files=files, limits=Limits(seconds=seconds), reads=[packages]
        )
    except HostError as error:
        return None, f"not run: {error.message}"
    said = ran.output.strip().splitlines()[-1:] or [""]
    if ran.ended == "badly" and ran.code == BAD_SCHEMA:
        raise InputError(
            f"checks: schema: {said[0][:300]}", hint="Give a JSON Schema of 2020-12, without remote $ref."
        )
    if ran.ended == "late":
        return None, f"not run to its end within {seconds:g} s"
    return ran.ended == "well", "" if ran.ended == "well" else said[0]
