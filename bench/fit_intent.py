"""Fit what tells a request or a promise from other sentences; write the weights that voice-pipeline ships.

    install.py run -- python bench/fit_intent.py --data FILE

FILE holds lines "Yes<TAB>sentence" and "No<TAB>sentence" (ParakweetLabs/EmailIntentDataSet, Apache-2.0; not part of
the project). Only sequences that several sentences share get a weight, so no sentence can be read back. The threshold
is where F1 of the folds that were left out is best.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from report import progress
from voice_pipeline.extracting import intent
from voice_pipeline.extracting.intent import Intent, features

FOLDS = 5
SHARED = 3
"""In how many sentences a sequence must stand to get a weight."""
STRENGTH = 40.0
"""Inverse of the ridge; F1 of the left-out folds is flat from 20 to 60."""
SMALLEST = 0.15
"""A weight below it is not written: it moves no chance by a hundredth."""
NOTICE = (
    "Weights of word sequences, fitted by bench/fit_intent.py on ParakweetLabs/EmailIntentDataSet "
    "(Apache-2.0, https://github.com/ParakweetLabs/EmailIntentDataSet); no sentence of it is in here."
)
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence and whether it gives somebody something to do."""

    text: str
    wants: bool


def load(path: Path) -> list[Labelled]:
    """Return the sentences of a file."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = [line.split("\t", 1) for line in lines if line.startswith(("Yes\t", "No\t"))]
    return [Labelled(text.strip(), label == "Yes") for label, text in pairs]


def fold_of(sentences: Sequence[Labelled], seed: int = 0) -> NDArray[np.int64]:
    """Return the fold of each sentence; the same words are always in one."""
    keys = [
        " ".join("".join(c if c.isalnum() else " " for c in one.text.lower()).split()) for one in sentences
    ]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    folds = np.random.default_rng(seed).permutation(len(number)) % FOLDS
    return np.array([folds[number[key]] for key in keys])


def fit(found: Sequence[set[str]], answers: NDArray[np.bool_]) -> Intent:
    """Return a classifier of these features, with a threshold of one half."""
    counts = Counter(name for one in found for name in one)
    names = sorted(name for name, count in counts.items() if count >= SHARED)
    column = {name: i for i, name in enumerate(names)}
    columns = [[column[name] for name in sorted(one) if name in column] for one in found]
    values = [1 / np.sqrt(max(1, len(one))) for one in found]
    table = csr_matrix(
        (
            np.repeat(values, [len(one) for one in columns]),
            np.concatenate([np.array(one, dtype=np.int64) for one in columns]),
            np.cumsum([0, *(len(one) for one in columns)]),
        ),
        shape=(len(found), len(names)),
    )
    model = LogisticRegression(C=STRENGTH, solver="liblinear").fit(table, answers)
    weights = {
        n: round(float(w), 2) for n, w in zip(names, model.coef_[0], strict=True) if abs(w) >= SMALLEST
    }
    return Intent(weights, round(float(model.intercept_[0]), 3), 0.5)


def left_out(sentences: Sequence[Labelled], seed: int = 0) -> Numbers:
    """Return every sentence's chance by a fit that did not see it."""
    found = [features(one.text) for one in sentences]
    answers = np.array([one.wants for one in sentences])
    folds = fold_of(sentences, seed)
    chances = np.zeros(len(sentences))
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds != fold)
        made = fit([found[i] for i in rows], answers[rows])
        for i in np.flatnonzero(folds == fold).tolist():
            chances[i] = made.chance(sentences[i].text)
    return chances


def f1(said: NDArray[np.bool_], answers: NDArray[np.bool_]) -> float:
    """Return the harmonic mean of precision and recall."""
    return float(2 * (said & answers).sum() / max(1, said.sum() + answers.sum()))


def threshold(chances: Numbers, answers: NDArray[np.bool_]) -> float:
    """Return the chance from which F1 is best, to 0.02."""
    steps = np.arange(0.3, 0.7, 0.02)
    return float(round(max(steps, key=lambda step: f1(chances >= step, answers)), 2))


def main() -> int:
    """Fit, print the figures and write the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=intent.WEIGHTS)
    chosen = parser.parse_args()
    sentences = load(chosen.data)
    answers = np.array([one.wants for one in sentences])
    chances = left_out(sentences)
    best = threshold(chances, answers)
    progress(f"{len(sentences)} sentences, threshold {best}, F1 left out {f1(chances >= best, answers):.4f}")
    made = fit([features(one.text) for one in sentences], answers)
    progress(f"{len(made.weights)} weights")
    written = {"version": 1, "notice": NOTICE, "bias": made.bias, "threshold": best, "weights": made.weights}
    chosen.out.write_text(
        json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
