"""Measure how well sentences that give somebody something to do are told from others.

    install.py run -- python bench/action_items.py --data FILE [--test FILE] [--json]

Files as `fit_intent.py` reads them. Without --test: `f1` over five folds, each read by weights and a threshold that
were fitted on the others (the mean of three ways to draw the folds). With --test: `f1` of the other file by weights
fitted on --data, and `shipped_f1` by the weights that voice-pipeline ships. The cues of `intent.features` were written
with the development file in view: no fold leaves those out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fit_intent import FOLDS, Labelled, Numbers, f1, fit, fold_of, left_out, load, threshold
from report import emit, progress
from voice_pipeline.extracting.intent import Intent, features, intent

SEEDS = 3


def figures(said: NDArray[np.bool_], answers: NDArray[np.bool_]) -> dict[str, float]:
    """Return F1, precision and recall."""
    right = float((said & answers).sum())
    return {
        "f1": f1(said, answers),
        "precision": right / max(1, said.sum()),
        "recall": right / max(1, answers.sum()),
    }


def crossed(sentences: Sequence[Labelled], answers: NDArray[np.bool_]) -> dict[str, float]:
    """Return the figures of sentences that neither weights nor threshold were fitted on."""
    found = []
    for seed in range(SEEDS):
        chances, folds = left_out(sentences, seed), fold_of(sentences, seed)
        said = np.zeros(len(sentences), dtype=np.bool_)
        for fold in range(FOLDS):
            rows = folds == fold
            said[rows] = chances[rows] >= threshold(chances[~rows], answers[~rows])
        found.append(figures(said, answers))
        progress(f"drawn {seed + 1} of {SEEDS}: F1 {found[-1]['f1']:.4f}")
    return {key: float(np.mean([one[key] for one in found])) for key in found[0]}


def tested(sentences: Sequence[Labelled], answers: NDArray[np.bool_], test: Path) -> dict[str, float]:
    """Return the figures of another file."""
    made = fit([features(one.text) for one in sentences], answers)
    least = threshold(left_out(sentences), answers)
    others = load(test)
    truth = np.array([one.wants for one in others])

    def chances(read: Intent) -> Numbers:
        return np.array([read.chance(one.text) for one in others])

    shipped = intent()
    return {
        **figures(chances(made) >= least, truth),
        "shipped_f1": f1(chances(shipped) >= shipped.threshold, truth),
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="sentences that are learned from")
    parser.add_argument("--test", type=Path, help="sentences that are only judged")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    sentences = load(chosen.data)
    answers = np.array([one.wants for one in sentences])
    measured = tested(sentences, answers, chosen.test) if chosen.test else crossed(sentences, answers)
    emit("action_items", {**measured, "sentences": float(len(sentences))}, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
