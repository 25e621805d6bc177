"""Measure which dates are found in sentences, on cases of microsoft/Recognizers-Text (MIT; not part of the project).

    install.py run -- python bench/dates.py --data FILE [--json] [--half a|b] [--misses]

`accuracy`: of the annotated dates and date-times that resolve, the share that is found at its place with a value that
the file lists (it lists past and future where a sentence leaves that open). `false_rate`: of the sentences without
any annotation, the share in which anything is found. `extra_rate`: of the sentences with annotations, the share in
which a date or date-time is found where the file has nothing at all. The grammar was written with half a in view,
half b was counted four times, then its misses were read as well: neither half is unseen now.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clawcortex.text.dates.finding import Found, find_dates
from report import emit, progress

Case = Mapping[str, Any]
USUAL = "2016-11-07T00:00:00"
"""When cases were said that do not say it."""


def half_of(case: Case) -> str:
    """Return a or b, by the sentence's hash."""
    return "ab"[hashlib.sha256(case["Input"].encode()).digest()[0] % 2]


def shown(found: Found) -> str:
    """Return the value as the file writes it."""
    return f"{found.last:%Y-%m-%d %H:%M:%S}" if found.grain == "minute" else f"{found.last:%Y-%m-%d}"


def wanted(case: Case) -> list[tuple[int, int, set[str]]]:
    """Return where dates and date-times stand that resolve, and what each may be."""
    found = []
    for result in case["Results"]:
        values = (result.get("Resolution") or {}).get("values", [])
        answers = {one["value"] for one in values if one.get("value", "not resolved") != "not resolved"}
        if result["TypeName"].split(".")[-1] in {"date", "datetime"} and answers:
            found.append((result["Start"], result["End"] + 1, answers))
    return found


def measure(cases: Sequence[Case], *, misses: bool) -> dict[str, float]:
    """Return the figures of these cases."""
    asked = right = negatives = false = positives = extra = 0
    for case in cases:
        said = case.get("Context", {}).get("ReferenceDateTime", USUAL)
        now = datetime.fromisoformat(said).replace(tzinfo=UTC)
        found = find_dates(case["Input"], now)
        if not case["Results"]:
            negatives += 1
            false += bool(found)
            if found and misses:
                progress(f"FALSE {case['Input']!r}: {[one.phrase for one in found]}")
            continue
        positives += 1
        places = [(result["Start"], result["End"] + 1) for result in case["Results"]]
        beside = [
            one
            for one in found
            if one.grain in {"minute", "day"} and not any(a < one.end and one.start < b for a, b in places)
        ]
        extra += bool(beside)
        for start, end, answers in wanted(case):
            asked += 1
            here = [one for one in found if one.start < end and start < one.end]
            hit = any(one.grain in {"minute", "day"} and shown(one) in answers for one in here)
            right += hit
            if misses and not hit:
                given = [(one.phrase, shown(one), one.grain) for one in here]
                progress(f"{said[:16]} {case['Input']!r} wants {sorted(answers)} got {given}")
        if beside and misses:
            progress(f"EXTRA {case['Input']!r}: {[one.phrase for one in beside]}")
    return {
        "accuracy": right / max(1, asked),
        "false_rate": false / max(1, negatives),
        "extra_rate": extra / max(1, positives),
        "dates": float(asked),
        "negatives": float(negatives),
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="dates-dev.json or its like")
    parser.add_argument("--half", choices=("a", "b"), help="only the sentences of one half")
    parser.add_argument("--misses", action="store_true", help="say on stderr what was not right")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    cases: list[Case] = json.loads(chosen.data.read_text(encoding="utf-8-sig"))
    cases = [case for case in cases if chosen.half in (None, half_of(case))]
    emit("dates", measure(cases, misses=chosen.misses), chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
