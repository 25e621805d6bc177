"""Fit what tells a fact that takes another's place, on the development half alone.

    install.py run -- python bench/fit_relation.py

First the direction in the embedder's space along which a change lies (a ridge model of the vectors' difference), then
the logistic model over `relation.features`; the direction's part is learned on other folds than it is used on.
Texts of different pairs that lie near each other are told as nothing to each other, too: a memory is full of
them. Figures are of pairs that were left out of the fit; they flatter all the same, since the cue words were
written with the development half in view and no fold leaves those out: `contradiction.py --half final` is what counts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import Floats
from context_retention import relation
from context_retention.relation import NAMES, features, reading
from contradictions import Pair, load
from fit_ranker import context_of
from locomo import load as conversations
from locomo import turn_text
from report import progress

Numbers = NDArray[np.float64]
FOLDS, REPEATS = 8, 1
DIRECTION_RIDGE, RIDGE = 300.0, 10.0
STRANGERS, STRANGER_WEIGHT = 3, 0.25
"""Nearest texts of other pairs that each newer text is compared with, and how much such a pair counts."""
NEAR, DRAWN, TALK_WEIGHT = 10, 1_500, 0.3
THRESHOLD = 0.35
"""F1 is flat around it; in its lower part, for a change that is missed costs more. Links ask for more."""
OWN_KIND = "own"
OWN, TOLD = (Path(__file__).with_name(name) for name in ("relations.txt", "relations_told.txt"))
SHIFT = NAMES.index("shift")


@dataclass(frozen=True, slots=True)
class Sample:
    """What is learned from: features without the shift, the vectors' difference, answer, weight and pair."""

    values: Numbers
    differences: Numbers
    answers: Numbers
    weights: Numbers
    pair: NDArray[np.int64]


def logistic(values: Numbers, answers: Numbers, weights: Numbers, ridge: float) -> Numbers:
    """Return coefficients and, last, the bias, by Newton's method."""
    table = np.column_stack([values, np.ones(len(values))])
    penalty = np.diag([ridge] * values.shape[1] + [1e-6])
    beta = np.zeros(table.shape[1])
    for _ in range(7):
        chances = 1 / (1 + np.exp(-np.clip(table @ beta, -30, 30)))
        slope = table.T @ (weights * (chances - answers)) + penalty @ beta
        curve = (table.T * (weights * chances * (1 - chances))) @ table + penalty
        beta = beta - np.linalg.solve(curve, slope)
    return beta


def direction(sample: Sample, rows: NDArray[np.int64]) -> Numbers:
    """Return the direction along which the vectors of change lie."""
    rows = rows[sample.weights[rows] == 1.0]  # strangers' vectors differ in every direction
    scale = np.sqrt(sample.differences.shape[1])  # a unit vector's component is small
    found = logistic(
        sample.differences[rows] * scale, sample.answers[rows], sample.weights[rows], DIRECTION_RIDGE
    )
    return np.asarray(found[:-1] * scale)


def fitted(sample: Sample, rows: NDArray[np.int64]) -> tuple[Numbers, float, Numbers, float]:
    """Return coefficients, bias, direction and usual shift of these rows."""
    table = sample.values[rows].copy()
    fold = np.random.default_rng(9).permutation(int(sample.pair.max()) + 1)[sample.pair[rows]] % 4
    for held in range(4):
        table[fold == held, SHIFT] = sample.differences[rows[fold == held]] @ direction(
            sample, rows[fold != held]
        )
    own = sample.weights[rows] == 1.0
    usual, spread = table[own].mean(axis=0), table[own].std(axis=0)
    used = spread > 1e-6
    scaled = (table - usual)[:, used] / spread[used]
    beta = logistic(scaled, sample.answers[rows], sample.weights[rows], RIDGE)
    coefficients = np.zeros(len(NAMES))
    coefficients[used] = beta[:-1] / spread[used]
    return coefficients, float(beta[-1] - coefficients @ usual), direction(sample, rows), float(usual[SHIFT])


def chances(sample: Sample, rows: NDArray[np.int64], fit: tuple[Numbers, float, Numbers, float]) -> Numbers:
    """Return the probabilities of these rows."""
    coefficients, bias, pointing, _ = fit
    shift = sample.differences[rows] @ pointing
    found = sample.values[rows] @ coefficients + shift * coefficients[SHIFT] + bias
    return np.asarray(1 / (1 + np.exp(-found)))


def sampled(pairs: Sequence[Pair], older: Floats, newer: Floats) -> Sample:
    """Return every pair, and each newer text with the nearest older ones of other pairs."""
    taken = [(i, i, 1.0) for i in range(len(pairs))]
    cosines = newer @ older.T
    for i, row in enumerate(cosines):
        kin = [
            j
            for j, one in enumerate(pairs)
            if (one.speaker, one.kind == OWN_KIND) == (pairs[i].speaker, False)
        ]
        nearest = [int(j) for j in np.argsort(-row) if j != i and int(j) in kin and pairs[i].kind != OWN_KIND]
        taken += [(i, j, STRANGER_WEIGHT) for j in nearest[:STRANGERS]]
    groups = {name: n for n, name in enumerate(dict.fromkeys(pair.id for pair in pairs))}
    return Sample(
        values=np.array([
            features(reading(pairs[i].newer), reading(pairs[j].older), float(cosines[i, j]), 0.0) for i, j, _ in taken
        ]),
        differences=np.array([newer[i] - older[j] for i, j, _ in taken], np.float64),
        answers=np.array([float(i == j and pairs[i].supersedes) for i, j, _ in taken]),
        weights=np.array([weight for _, _, weight in taken]),
        pair=np.array([groups[pairs[i].id] for i, _, _ in taken]),
    )  # fmt: skip


Talk = list[tuple[str, str]]
Near = tuple[str, str, Floats, Floats]


def load_talk(file: str) -> list[Talk]:
    """Return (speaker, text) of every turn of the first half of the talks; the others are for checking."""
    every = conversations(file)
    return [[(turn.speaker, turn_text(turn)) for turn in one.turns] for one in every[: len(every) // 2]]


def near_pairs(talk: Talk, vectors: Floats) -> list[Near]:
    """Return (older, newer, their vectors) of turns of one speaker that lie near each other."""
    found: list[Near] = []
    for i in range(1, len(talk)):
        mine = [j for j in range(i) if talk[j][0] == talk[i][0]]
        if mine:
            best = np.argsort(-(vectors[mine] @ vectors[i]))[:NEAR].tolist()
            found += [(talk[mine[j]][1], talk[i][1], vectors[mine[j]], vectors[i]) for j in best]
    return found


def with_talk(sample: Sample, near: Sequence[Near]) -> Sample:
    """Return the sample with a draw of everyday talk, in which nothing supersedes."""
    if not near:
        return sample
    drawn = [near[int(i)] for i in np.random.default_rng(5).permutation(len(near))[:DRAWN]]
    values = [features(reading(new), reading(old), float(a @ b), 0.0) for old, new, a, b in drawn]
    first = int(sample.pair.max()) + 1
    return Sample(
        values=np.concatenate([sample.values, np.array(values)]),
        differences=np.concatenate(
            [sample.differences, np.array([b - a for _, _, a, b in drawn], np.float64)]
        ),
        answers=np.concatenate([sample.answers, np.zeros(len(drawn))]),
        weights=np.concatenate([sample.weights, np.full(len(drawn), TALK_WEIGHT)]),
        pair=np.concatenate([sample.pair, np.arange(first, first + len(drawn))]),
    )


def left_out(sample: Sample) -> Numbers:
    """Return every row's probability by fits that did not see its pair."""
    found = np.zeros(len(sample.answers))
    for repeat in range(REPEATS):
        fold = np.random.default_rng(repeat).permutation(int(sample.pair.max()) + 1)[sample.pair] % FOLDS
        for held in range(FOLDS):
            rows = np.flatnonzero(fold == held)
            found[rows] += chances(sample, rows, fitted(sample, np.flatnonzero(fold != held))) / REPEATS
    return found


def own_pairs(file: Path) -> list[Pair]:
    """Return the pairs that were written for the fit alone; figures leave them out."""
    found: list[Pair] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line[:1] in {"+", "-"}:
            old, new = line[2:].split(" | ")
            found.append(Pair(f"own{len(found)}", OWN_KIND, "dev", "Ann", old, new, 30, line[0] == "+"))
    return found


def told_pairs(file: Path) -> list[Pair]:
    """Return the pairs of blocks: "= older", then "+ newer" (takes its place) and "- newer" (does not)."""
    found: list[Pair] = []
    older, block = "", 0
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            older, block = line[2:], block + 1
        elif line[:2] in {"+ ", "- "}:
            found.append(Pair(f"told{block}", OWN_KIND, "dev", "Ann", older, line[2:], 30, line[0] == "+"))
    return found


def f1(said: NDArray[np.bool_], answers: Numbers) -> float:
    """Return the harmonic mean of precision and recall."""
    return float(2 * (said & (answers > 0)).sum() / max(1.0, said.sum() + answers.sum()))


def main() -> int:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).with_name("contradictions.jsonl"))
    parser.add_argument("--talk", help="a LoCoMo file: everyday talk, in which next to nothing supersedes")
    parser.add_argument("--out", type=Path, default=relation.WEIGHTS, help="where the weights are written")
    chosen = parser.parse_args()
    pairs = [*load(chosen.data, "dev"), *own_pairs(OWN), *told_pairs(TOLD)]
    talks = load_talk(chosen.talk) if chosen.talk else []
    counted = sum(pair.kind != OWN_KIND for pair in pairs)
    with tempfile.TemporaryDirectory(prefix="clawcortex-fit-") as state:
        context = context_of(state)
        older = context.embedder.encode([pair.older for pair in pairs])
        newer = context.embedder.encode([pair.newer for pair in pairs])
        model = context.embedder.model
        talk = [near_pairs(talk, context.embedder.encode([text for _, text in talk])) for talk in talks]
        context.store.close()
    sample = with_talk(sampled(pairs, older, newer), [pair for pairs_ in talk for pair in pairs_])
    progress(f"{len(pairs)} pairs, {len(sample.answers)} with strangers")
    by_others = left_out(sample)
    own = (sample.weights == 1.0) & (sample.pair < counted)
    told = (sample.weights == 1.0) & (sample.pair >= counted)
    others = sample.weights < 1.0
    print("threshold  f1 dev  f1 told  of strangers")
    for threshold in np.arange(0.15, 0.75, 0.05):
        said = by_others >= threshold
        figures = (
            f1(said[own], sample.answers[own]),
            f1(said[told], sample.answers[told]),
            said[others].mean(),
        )
        print(f"{threshold:.2f}       {figures[0]:.4f}  {figures[1]:.4f}   {figures[2]:.4f}")
    coefficients, bias, pointing, usual = fitted(sample, np.arange(len(sample.answers)))
    chosen.out.write_text(
        json.dumps({
            "version": 1, "model": model, "bias": round(bias, 4), "threshold": THRESHOLD,
            "usual_shift": round(usual, 4),
            "coefficients": {n: round(float(c), 4) for n, c in zip(NAMES, coefficients, strict=True) if c},
            "direction": [round(float(one), 3) for one in pointing],
        }) + "\n",
        encoding="utf-8",
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
