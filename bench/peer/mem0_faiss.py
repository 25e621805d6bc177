"""mem0 with its FAISS store and no language model (`infer=False`). Runs in an environment of its own.

python mem0_faiss.py JOB -> one JSON object on stdout; see bench/peers.py for what goes in and out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


def configuration(folder: str, model: str) -> dict[str, Any]:
    """Return mem0's documented configuration for FAISS and a sentence-transformers model."""
    return {
        "vector_store": {
            "provider": "faiss",
            "config": {"collection_name": "talks", "path": f"{folder}/faiss", "embedding_model_dims": 384},
        },
        "embedder": {"provider": "huggingface", "config": {"model": model}},
        "history_db_path": f"{folder}/history.db",
    }


def main() -> None:
    """Do the job whose file is named."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    adding: list[float] = []
    searching: list[float] = []
    rankings: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        # Both before the import: it reads them then. The model provider is made but never called.
        os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=folder, OPENAI_API_KEY="unused")
        from mem0 import Memory  # type: ignore[import-not-found] # in this script's own environment only

        memory = Memory.from_config(configuration(folder, job["model"]))
        for talk in job["talks"]:
            for turn in talk["turns"]:
                begun = time.perf_counter()
                memory.add(turn["text"], user_id=talk["name"], metadata={"ref": turn["ref"]}, infer=False)
                adding.append(time.perf_counter() - begun)
        for talk in job["talks"]:
            for question in talk["questions"]:
                begun = time.perf_counter()
                found = memory.search(question, filters={"user_id": talk["name"]}, top_k=job["top"])
                searching.append(time.perf_counter() - begun)
                rankings.append([one["metadata"]["ref"] for one in found["results"]])
    answer = {"version": version("mem0ai"), "rankings": rankings, "search_s": searching, "add_s": adding}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
