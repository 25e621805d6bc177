"""Python in an answer compiles, and passes its tests, in a process that can compute and nothing else."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from clawcortex.errors import HostError
from clawcortex.openclaw.confined import Limits
from clawcortex.openclaw.host import Host
from recursive_prompting.checks.blocks import code_of

RUNNER = Path(__file__).with_name("runner.py")
NO_CODE = "there is no Python in it"


@cache
def _runner() -> str:
    return RUNNER.read_text(encoding="utf-8")


def check(answer: str, tests: str, host: Host, seconds: float) -> tuple[bool | None, str]:
    """Return whether it works, and why not; None where nothing can be run safely."""
    code = code_of(answer)
    if not code.strip():
        return False, NO_CODE
    proof = secrets.token_hex(8)
    files = {"runner.py": _runner(), "answer.py": code, "tests.py": tests}
    try:
        ran = host.exec(["runner.py", proof], files=files, limits=Limits(seconds=seconds))
    except HostError as error:
        return None, f"not run: {error.message}"
    if ran.ended == "late":
        return False, f"it did not end within {seconds:g} s"
    if ran.ended == "well" and ran.output.endswith(f"{proof}\n"):
        return True, ""
    lines = [line for line in ran.output.splitlines() if line.strip() and not line.lstrip().startswith("^")]
    return False, "\n".join(lines[-4:]) or f"it ended with {ran.code}"
