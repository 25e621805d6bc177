"""Measure what is found of structured personal data: cards, IBANs, phones, e-mail, IP addresses, SSNs.

Texts go through the redaction as it runs at capture, with every kind masked. A span is found when one mask of its
kind covers all of it; a mask that covers no such span is wrong. Names, streets and dates are not asked for.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from clawcortex.text.privacy import DEFAULTS, policy
from clawcortex.text.redaction import MARK, redact
from report import emit, progress

KINDS = {
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "PHONE_NUMBER": "phone",
    "US_SSN": "ssn",
}
"""The corpus' sorts that are asked for, by our names."""
EVERYTHING = policy(f"{name}=mask" for name in DEFAULTS)
Span = tuple[str, int, int]


def masked(text: str) -> list[Span]:
    """Return the spans that stand masked in what is stored of this text."""
    parts = re.split(rf"{re.escape(MARK)}(\w+)\]", redact(text, EVERYTHING).text)
    kinds = parts[1::2]
    whole = re.fullmatch("(.+?)".join(map(re.escape, parts[::2])), text, re.DOTALL)
    if whole is None:
        raise SystemExit(f"redaction changed more than it masked: {text!r}")
    return [(kind, *whole.span(number)) for number, kind in enumerate(kinds, 1)]


def measure(cases: list[dict[str, Any]], *, misses: bool) -> dict[str, float]:
    """Return precision and recall over all kinds, and the recall of each."""
    wanted: Counter[str] = Counter()
    right: Counter[str] = Counter()
    given = 0
    for case in cases:
        text = case["full_text"]
        gold = [
            (KINDS[one["entity_type"]], one["start_position"], one["end_position"])
            for one in case["spans"]
            if one["entity_type"] in KINDS
        ]
        found = [one for one in masked(text) if one[0] in KINDS.values()]
        given += len(found)
        for kind, start, end in gold:
            wanted[kind] += 1
            hit = any(k == kind and a <= start and end <= b for k, a, b in found)
            right[kind] += hit
            if not hit and misses:
                progress(f"MISS {kind} {text[start:end]!r} in {text[:160]!r}")
        for kind, a, b in found:
            if misses and not any(k == kind and a <= s and e <= b for k, s, e in gold):
                progress(f"FALSE {kind} {text[a:b]!r} in {text[max(0, a - 60) : b + 40]!r}")
    return {
        "recall": right.total() / max(1, wanted.total()),
        "precision": right.total() / max(1, given),
        **{f"{kind}_recall": right[kind] / wanted[kind] for kind in sorted(wanted)},
        "spans": float(wanted.total()),
        "texts": float(len(cases)),
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="pii-dev.json or its like")
    parser.add_argument("--misses", action="store_true", help="say on stderr what was not right")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    cases = json.loads(chosen.data.read_text(encoding="utf-8"))
    emit("pii", measure(cases, misses=chosen.misses), chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
