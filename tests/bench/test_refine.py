"""The tasks of bench/refine.py hold what they promise: the good sample passes everything, the bad one nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clawcortex.errors import HostError
from clawcortex.openclaw.confined import Limits, run
from clawcortex.testing import FakeHost
from recursive_prompting.checks.checking import run_checks
from recursive_prompting.shapes import RefineInput

FILES = sorted((Path(__file__).parents[2] / "bench" / "tasks").glob("*.jsonl"))
TASKS = [json.loads(line) for file in FILES for line in file.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module", autouse=True)
def confinement() -> None:
    try:
        run(["x.py"], files={"x.py": ""}, limits=Limits())
    except HostError as error:
        pytest.skip(error.message)


def test_there_are_three_sets() -> None:
    assert [file.stem for file in FILES] == ["code", "constrained", "extraction"]
    assert len({one["id"] for one in TASKS}) == len(TASKS)


@pytest.mark.parametrize(
    "task", [one for one in TASKS if one["id"].endswith(("-1", "-5"))], ids=lambda one: one["id"]
)
def test_the_good_sample_passes_and_the_bad_one_does_not(task: dict[str, Any]) -> None:
    checks = [*task["checks"], *task.get("score", [])]
    given = {"prompt": task["prompt"], "context": task.get("context", ""), "checks": checks}
    request = RefineInput.model_validate(given)
    good, bad = (
        run_checks(request.checks or (), task[name], request, FakeHost(), seconds=30)
        for name in ("good", "bad")
    )
    assert [one for one in good if not one.passed] == []
    assert any(one.passed is False for one in bad)
