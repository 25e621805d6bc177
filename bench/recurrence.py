"""Measure how well corrections are grouped into recurring mistakes, streamed in order of time.

    install.py run -- python bench/recurrence.py --half dev

`f1` is over pairs: two corrections belong together when they are of one mistake. `no_category_f1` is the same
without categories. `unknown_f1`: without what the catalogue knows of these mistakes; every kind that one of these
corrections is placed in is taken out first; what corrections.txt tells of mistakes that are no kinds stays.
The set was written before the code, the catalogue after it and by the same hand: it knows what is often corrected,
as the set does. recurrences_other.jsonl (--data) is by another hand. Neither final half was looked at; numbers were
chosen on the halves "dev".
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from clawcortex.models.base import Embedder
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings
from memory_compounding import catalogue
from memory_compounding.grouping import Groups, learn, learned
from memory_compounding.wording import said_of, wording
from recurrences import Correction, Half, load
from report import emit


def stream(groups: Groups, embedder: Embedder, corrections: Sequence[Correction]) -> list[str]:
    """Return the mistake that each correction was placed in."""
    found = []
    for number, one in enumerate(corrections):
        text = wording(one.reason, one.before, one.after)
        seen = groups.taught.read(embedder, said_of(one.category, text, one.before, one.after))
        key = groups.place(seen) or f"new-{number}"
        groups.put(key, 1, seen.point)
        found.append(key)
    return found


def over_pairs(found: Sequence[str], wanted: Sequence[str]) -> dict[str, float]:
    """Return precision, recall and F1 over all pairs."""
    above = np.triu(np.ones((len(found), len(found)), bool), 1)
    said = (np.array(found)[:, None] == np.array(found)) & above
    true = (np.array(wanted)[:, None] == np.array(wanted)) & above
    right = float((said & true).sum())
    return {
        "f1": 2 * right / max(1.0, float(said.sum() + true.sum())),
        "precision": right / max(1.0, float(said.sum())),
        "recall": right / max(1.0, float(true.sum())),
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).with_name("recurrences.jsonl"))
    parser.add_argument("--half", choices=("dev", "final"), default="final")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    half: Half = chosen.half
    corrections = load(chosen.data, half)
    wanted = [one.group for one in corrections]
    embedder = get_embedder(Settings())
    embedder.load()
    found = stream(Groups(learned(embedder)), embedder, corrections)
    figures = over_pairs(found, wanted)
    bare = [replace(one, category="") for one in corrections]
    figures["no_category_f1"] = over_pairs(stream(Groups(learned(embedder)), embedder, bare), wanted)["f1"]
    unseen = [kind for kind in catalogue.kinds() if kind.key not in set(found)]
    groups = Groups(learn(embedder, unseen))
    figures["unknown_f1"] = over_pairs(stream(groups, embedder, corrections), wanted)["f1"]
    often = [key for key, size in Counter(found).items() if size > 2]
    groups_of = [{name for name, other in zip(wanted, found, strict=True) if other == key} for key in often]
    figures["groups_of_three"], figures["of_one_mistake"] = (
        len(groups_of),
        sum(len(one) == 1 for one in groups_of),
    )
    figures["corrections"], figures["mistakes"] = len(corrections), len(set(found))
    emit("recurrence", figures, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
