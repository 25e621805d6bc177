"""The set that grouping is measured on is what it says it is, and the half to tune on is above its bar."""

from __future__ import annotations

import sys
from collections import Counter

from clawcortex import paths
from memory_compounding.grouping import Groups, learned
from tests.memory_compounding.house import House

BENCH = paths.repo_root() / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

from recurrence import over_pairs, stream  # noqa: E402 - found by the line above
from recurrences import load  # noqa: E402 - as above

SET = BENCH / "recurrences.jsonl"


def test_the_set_is_large_and_its_halves_share_no_mistake() -> None:
    dev, final = load(SET, "dev"), load(SET, "final")
    counts = Counter(one.group for one in (*dev, *final))
    assert len(dev) + len(final) >= 300
    assert sum(count > 1 for count in counts.values()) >= 60
    assert not {one.group for one in dev} & {one.group for one in final}
    assert {one.kind for one in dev} == {"reject", "edit"}


def test_the_half_to_tune_on_is_grouped_above_the_bar(house: House) -> None:
    corrections = load(SET, "dev")
    found = stream(Groups(learned(house.embedder)), house.embedder, corrections)
    assert over_pairs(found, [one.group for one in corrections])["f1"] >= 0.90
