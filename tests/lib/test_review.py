"""The review's table is complete, and every proof it names is there."""

from __future__ import annotations

import re

from clawcortex import paths

COUNTS = {"CRITICAL": 8, "MAJOR": 12, "MINOR": 15, "MUST": 14, "SHOULD": 15, "NICE": 10}
ROW = re.compile(r"^\| ([A-Z]+) (\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)


def _rows() -> list[tuple[str, ...]]:
    return ROW.findall((paths.repo_root() / "docs" / "review.md").read_text(encoding="utf-8"))


def test_every_finding_has_one_row() -> None:
    expected = [(kind, str(number)) for kind, count in COUNTS.items() for number in range(1, count + 1)]
    assert [row[:2] for row in _rows()] == expected


def test_every_row_has_a_status_and_its_proof() -> None:
    for kind, number, _, status, where, proof in _rows():
        name = f"{kind} {number}"
        assert status.strip() in {"closed", "partly", "open", "decided"}, name
        assert where.strip(), name
        named = [one.strip() for one in proof.split(",") if one.strip()]
        assert named or status.strip() in {"open", "decided"}, f"{name} has no proof"
        assert [one for one in named if not (paths.repo_root() / one).is_file()] == [], name
