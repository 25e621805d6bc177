"""One pass against three: the same drafts, as they are and refined, scored by programs and never by an opinion.

    install.py run -- python bench/refine.py --endpoint http://127.0.0.1:11434/v1 --model NAME [--tasks FILE ...]
    install.py run -- python bench/refine.py                     no model at hand: scripted ones on loopback

A task is one line of JSON: `prompt`, `context`, `checks` (which refine is given), `score` (which it is not; without it
the checks again), and `good` and `bad`, what the scripted models say. `single_pass` and `three_pass` are the shares of
tasks whose draft, and whose answer, pass everything. `worse_than_draft` counts answers that a check rejects whose
draft passed it.
An API key is read from $OPENAI_API_KEY.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "skills" / "recursive-prompting"))

from clawcortex.client import LINES, Connection
from clawcortex.errors import ClawcortexError, HostError
from clawcortex.openclaw.host import Completion
from clawcortex.testing import FakeHost
from recursive_prompting.checks.checking import run_checks
from recursive_prompting.passes import Work
from recursive_prompting.shapes import RefineInput
from recursive_prompting.spending import Model
from report import emit, progress
from resident import Resident
from scripted import BEHAVIOURS, Draft, Scripted

TASKS = sorted((Path(__file__).parent / "tasks").glob("*.jsonl"))
CHECK_S = 20.0
STARTS = 20


class Endpoint(FakeHost):
    """An OpenAI-compatible endpoint as a host; what is confined runs here."""

    def __init__(self, url: str, model: str) -> None:
        super().__init__()
        self._url, self._model = f"{url.rstrip('/')}/chat/completions", model

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Ask it once."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        body = {"model": self._model, "messages": messages, "max_tokens": max_tokens, "temperature": 0}
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '-')}",
        }
        try:
            asked = Request(self._url, json.dumps(body).encode(), headers)  # noqa: S310 - the endpoint of the caller
            with urlopen(asked, timeout=timeout_s) as response:  # noqa: S310 - as above
                found = json.load(response)
            text = str(found["choices"][0]["message"]["content"] or "")
        except (HTTPError, URLError, TimeoutError, ValueError, LookupError) as error:
            raise HostError(
                f"{self._url}: {error}", hint=f"Look at the endpoint ({purpose} of {agent})."
            ) from error
        usage = found.get("usage") or {}
        tokens = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
        return Completion(text, str(found.get("model", "")), "endpoint", *tokens)


@dataclass(frozen=True)
class Result:
    """How one task came out."""

    draft: bool
    answer: bool
    worse: int
    calls: int
    tokens: int
    partial: bool


def attempt(task: dict[str, Any], host: FakeHost, passes: int, *, patient: bool) -> Result:
    """Refine one task and score its draft and its answer."""
    given = {name: task[name] for name in ("prompt", "context", "checks") if name in task}
    request = RefineInput.model_validate({**given, "passes": passes})
    pause = None if patient else lambda _: None
    model = Model(host, budget=request.budget, cost=None, deadline_s=request.deadline, pause=pause)
    work = Work(request, "main", host, model, lambda _: None)
    try:
        work.run()
    except ClawcortexError as error:
        progress(f"{task['id']}: {error}")
        return Result(
            draft=False,
            answer=False,
            worse=0,
            calls=model.spent.calls,
            tokens=model.spent.tokens,
            partial=True,
        )
    after = work.after if work.verdict.better else work.before
    worse = sum(
        then.passed is True and now.passed is not True for then, now in zip(work.before, after, strict=True)
    )
    draft, answer = (passes_all(json.dumps(task), text) for text in (work.draft, work.answer))
    spent = model.spent
    return Result(draft, answer, worse, spent.calls, spent.tokens, bool(work.failure))


@cache
def passes_all(task: str, text: str) -> bool:
    """Return whether a text passes what its task is scored by."""
    found = json.loads(task)
    given = {name: found[name] for name in ("prompt", "context") if name in found}
    request = RefineInput.model_validate({**given, "checks": found["score"]})
    checked = run_checks(request.checks or (), text, request, FakeHost(), seconds=CHECK_S)
    return all(one.passed for one in checked)


def figures(results: Sequence[Result]) -> dict[str, float]:
    """Return the figures of one way over all tasks."""
    return {
        "single_pass": statistics.mean(one.draft for one in results),
        "three_pass": statistics.mean(one.answer for one in results),
        "worse_than_draft": sum(one.worse for one in results),
        "lost": sum(one.draft and not one.answer for one in results),
        "calls_mean": statistics.mean(one.calls for one in results),
        "tokens_mean": statistics.mean(one.tokens for one in results),
        "partial": sum(one.partial for one in results),
    }


def first_progress() -> dict[str, float]:
    """Return how long a caller of the resident server waits for its first line, in ms; no model takes part."""
    waits = []
    with Resident() as resident:
        resident.until_ready()
        for _ in range(STARTS):
            began = time.perf_counter()
            with Connection() as connection:
                _, parts = connection.stream(
                    "/v1/recursive-prompting/refine", {"prompt": "Say it."}, accept=LINES
                )
                assert b'"began"' in next(parts)
                waits.append((time.perf_counter() - began) * 1000)
                assert b'"error"' in b"".join(parts)  # there is no gateway
    return {"first_progress_p50_ms": statistics.median(waits), "first_progress_max_ms": max(waits)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tasks", type=Path, action="append", help="a file of tasks; may be given more than once"
    )
    parser.add_argument("--endpoint", default="", help="base URL of an OpenAI-compatible API, with its /v1")
    parser.add_argument("--model", default="default")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    files = chosen.tasks or TASKS
    tasks = [
        json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()
    ]
    tasks = [{"id": str(number), "checks": []} | one for number, one in enumerate(tasks, 1)]
    tasks = [{"score": one["checks"]} | one for one in tasks]

    def run(host: FakeHost, *, patient: bool) -> list[Result]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda one: attempt(one, host, chosen.passes, patient=patient), tasks))

    if chosen.endpoint:
        results = run(Endpoint(chosen.endpoint, chosen.model), patient=True)
        emit("refine", figures(results) | {"tasks": len(tasks)}, chosen.json)
        return
    rows: list[tuple[str, dict[str, float]]] = []
    every: list[Result] = []
    drafts: tuple[Draft, ...] = ("good", "bad")
    for behaviour in BEHAVIOURS:
        for draft in drafts:
            with Scripted(tasks, behaviour, draft) as scripted:
                results = run(Endpoint(scripted.url, behaviour), patient=False)
            rows.append((f"{behaviour}, {draft} draft", figures(results)))
            every += results
            progress(f"{behaviour}, {draft} draft: {rows[-1][1]}")
    failing = {"calls_mean_failing": statistics.mean(one["calls_mean"] for _, one in rows[-2:])}
    if not chosen.json:
        emit("refine", figures(every), as_json=False, rows=rows)
    emit("refine", figures(every) | failing | first_progress(), chosen.json)


if __name__ == "__main__":
    main()
