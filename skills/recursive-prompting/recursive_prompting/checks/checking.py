"""Run the checks on an answer, and find those that apply when nobody named any."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clawcortex.openclaw.host import Host
from recursive_prompting.checks import arithmetic, code, grounding, schema, wording
from recursive_prompting.checks.blocks import code_of
from recursive_prompting.shapes import Check, Checked, RefineInput

LONGEST_DETAIL = 600
JSON = re.compile(r"\bjson\b", re.IGNORECASE)


def applying(request: RefineInput, draft: str) -> tuple[Check, ...]:
    """Return the checks of the request; when it names none, those that apply to its draft."""
    if request.checks is not None:
        return request.checks
    found = [Check(kind="arithmetic")]
    if request.context:
        found.append(Check(kind="grounded"))
    if code_of(draft, required=True):
        found.append(Check(kind="python"))
    if JSON.search(request.prompt) and draft.lstrip().startswith(("{", "[", "```json")):
        found.append(Check(kind="json"))
    return tuple(found)


def run_checks(
    checks: Sequence[Check], answer: str, request: RefineInput, host: Host, *, seconds: float
) -> tuple[Checked, ...]:
    """Return how each check came out; one that cannot be run has neither passed nor failed.

    `seconds` is for each check that runs something.
    """
    sources = f"{request.prompt}\n{request.context}"
    return tuple(_one(check, answer, sources, host, seconds) for check in checks)


def _one(check: Check, answer: str, sources: str, host: Host, seconds: float) -> Checked:
    if check.kind == "python":
        passed, detail = code.check(answer, check.tests, host, seconds)
    elif check.kind == "json":
        passed, detail = schema.check(answer, check.schema_, host, seconds)
    elif check.kind == "arithmetic":
        passed, detail = arithmetic.check(answer)
    elif check.kind == "grounded":
        passed, detail = grounding.check(answer, sources)
    else:
        passed, detail = wording.check(answer, check)
    return Checked(kind=check.kind, passed=passed, detail=detail[:LONGEST_DETAIL])
