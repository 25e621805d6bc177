"""Plain sentence-transformers and FAISS: encode, IndexFlatIP, best first. Runs in an environment of its own.

python sentences.py JOB -> one JSON object on stdout; see bench/peers.py for what goes in and out.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import faiss
import sentence_transformers


def main() -> None:
    """Do the job whose file is named."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = sentence_transformers.SentenceTransformer(job["model"], device="cpu")
    adding: list[float] = []
    searching: list[float] = []
    rankings: list[list[str]] = []
    for talk in job["talks"]:
        refs = [turn["ref"] for turn in talk["turns"]]
        begun = time.perf_counter()
        vectors = model.encode(
            [turn["text"] for turn in talk["turns"]], normalize_embeddings=True, show_progress_bar=False
        )
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        adding += [(time.perf_counter() - begun) / len(refs)] * len(refs)
        for question in talk["questions"]:
            begun = time.perf_counter()
            asked = model.encode([question], normalize_embeddings=True, show_progress_bar=False)
            _, found = index.search(asked, job["top"])
            searching.append(time.perf_counter() - begun)
            rankings.append([refs[place] for place in found[0] if place >= 0])
    json.dump({
        "version": f"{sentence_transformers.__version__}, faiss {faiss.__version__}",
        "rankings": rankings, "search_s": searching, "add_s": adding,
    }, sys.stdout)  # fmt: skip


if __name__ == "__main__":
    main()
