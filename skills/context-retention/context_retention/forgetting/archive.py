"""The archive: what was evicted, in sealed files that `import` reads, until the person forgets it.

A file is written, made durable and read back before the first of its rows is deleted. Whoever writes or
rewrites here holds one lock, so that a `forget` never passes between a copy and the deletion it precedes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import CorruptedError, StorageError
from clawcortex.files import locked, write_atomic
from clawcortex.store.records import Memory
from context_retention.forgetting.sealed import read_lines, sealed, verify
from context_retention.transfer import Line

WAIT_S = 60.0


def folder() -> Path:
    """Return the archive's folder; it may not exist."""
    return paths.state_dir() / "archive"


def files() -> list[Path]:
    """Return the archive's files, oldest first."""
    return sorted(folder().glob("memories-*.jsonl.gz"))


@contextmanager
def alone() -> Iterator[None]:
    """Be the only one, over all processes, who changes the archive."""
    with locked(paths.private_folder(folder()) / "archive", seconds=WAIT_S):
        yield


def keep(memories: Sequence[Memory], at: datetime) -> Path:
    """Write the memories to a new file and return it once it was read back whole; to be called `alone`."""
    path = next(path for path in _names(at) if not path.exists())
    write_atomic(path, sealed([Line.of(memory).model_dump_json() for memory in memories]))
    if verify(path) != len(memories):
        raise CorruptedError(
            f"{path}: not every memory reached it", hint="Check the disk; nothing was deleted."
        )
    return path


def _names(at: datetime) -> Iterator[Path]:
    for number in count(1):
        yield folder() / f"memories-{at:%Y-%m-%dT%H%M%SZ}-{number}.jsonl.gz"


def erase(unwanted: Callable[[Line], bool], *, dry_run: bool = False) -> tuple[int, list[Path]]:
    """Rewrite the archive without what is unwanted; return how many lines went, and which files are unreadable."""
    if not folder().is_dir():  # the folder, not its files: an eviction may be about to write the first one
        return 0, []
    erased, unreadable = 0, []
    with alone():
        for path in files():
            try:
                lines = [raw.decode().rstrip("\n") for raw in read_lines(path)]
                kept = [line for line in lines if not unwanted(Line.model_validate(json.loads(line)))]
            except (StorageError, ValueError):  # its text is unknown: the caller names the file
                unreadable.append(path)
                continue
            erased += len(lines) - len(kept)
            if dry_run or len(kept) == len(lines):
                continue
            if kept:
                write_atomic(path, sealed(kept))
            else:
                path.unlink()
    return erased, unreadable
