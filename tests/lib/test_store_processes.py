"""Several real processes on one store: nothing lost, nothing twice, whenever one is killed."""

from __future__ import annotations

import sqlite3

import pytest

from clawcortex.store.base import Store
from clawcortex.store.records import Selection

from .conftest import MODEL, NewMemories, OpenStore, Python, Vectors

OPEN = """
import os, sys
from datetime import UTC, datetime
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.records import NewMemory
def new(key):
    return NewMemory(text="text of " + key, key=key, created_at=datetime.now(UTC), terms=("word", key))
store = open_store(Settings(store_url=sys.argv[1]))
"""
ADD = (
    OPEN
    + """
for i in range(int(sys.argv[3])):
    store.add([new(f"own-{sys.argv[2]}-{i}"), new(f"shared-{i}")])
store.close()
"""
)
LOAD = (
    OPEN
    + """
from concurrent.futures import ThreadPoolExecutor
def capture(i):
    key = f"{sys.argv[2]}-{i}"
    store.add([new(key)])
    os.write(1, f"{key}\\n".encode())  # one write: threads do not mix their lines
with ThreadPoolExecutor(4) as threads:
    list(threads.map(capture, range(100_000)))
"""
)
LEASE = (
    OPEN
    + """
while job := store.lease({"work": 600}):
    print(job.payload["i"], flush=True)
    store.finish(job)
store.close()
"""
)
OPENED = OPEN + "print('open', flush=True)\nsys.stdin.read()\nstore.close()"


def test_many_processes_store_each_memory_once(store: Store, store_url: str, python: Python) -> None:
    count, each = (8, 100) if store_url.startswith("sqlite") else (4, 40)
    writers = [python(ADD, store_url, i, each) for i in range(count)]
    assert [writer.wait() for writer in writers] == [0] * count
    keys = [memory.text for memory in store.select(Selection())]
    assert len(keys) == len(set(keys)) == store.count() == (count + 1) * each
    assert store.frequencies(["word"])["word"] == (count + 1) * each
    assert len(store.matching(["word"])) == (count + 1) * each
    assert store.check() == []


def test_what_was_acknowledged_survives_a_kill(open_again: OpenStore, store_url: str, python: Python) -> None:
    acknowledged: set[str] = set()
    rounds = (
        3 if store_url.startswith("sqlite") else 1
    )  # a client's death leaves PostgreSQL nothing to recover
    for round_ in range(rounds):
        writer = python(LOAD, store_url, round_)
        assert writer.stdout is not None
        for _ in range(40):
            acknowledged.add(writer.stdout.readline().strip())
        writer.kill()
        acknowledged.update(line.strip() for line in writer.stdout if line.endswith("\n"))
        store = open_again()
        texts = [memory.text for memory in store.select(Selection(), limit=1_000_000)]
        assert len(texts) == len(set(texts))
        assert {f"text of {key}" for key in acknowledged} <= set(texts)
        assert store.check() == []
        store.close()


def test_two_processes_do_no_job_twice(store: Store, store_url: str, python: Python) -> None:
    for i in range(60):
        store.enqueue("work", {"i": i}, key=str(i))
    workers = [python(LEASE, store_url) for _ in range(2)]
    done = [line for worker in workers for line in worker.communicate()[0].split()]
    assert sorted(map(int, done)) == list(range(60))


def test_a_new_store_opened_by_many_at_once_is_made_once(
    store_url: str, python: Python, open_again: OpenStore
) -> None:
    processes = [python(OPENED, store_url) for _ in range(4)]
    answers = [process.stdout.readline() for process in processes if process.stdout]
    for process in processes:
        process.communicate("")
    assert answers == ["open\n"] * 4
    assert [process.returncode for process in processes] == [0] * 4
    assert open_again().check() == []


def test_changes_of_another_process_are_seen(
    open_again: OpenStore, memories: NewMemories, vectors: Vectors
) -> None:
    one, other = open_again(), open_again()
    one.add(memories(2))
    assert other.generation == one.generation
    other.put_vectors(MODEL, [1, 2], vectors(2))
    assert one.unembedded(MODEL, limit=5) == []
    other.delete(Selection(positions=(1,)))
    assert one.count() == 1
    assert [step.kind for step in one.changes(1) or []] == ["embedded", "deleted"]


def test_a_reader_sees_one_state_while_another_writes(store: Store, memories: NewMemories) -> None:
    store.add(memories(10))
    seen = store.vectors("none")
    store.delete(Selection(positions=(1,)))
    assert list(seen) == []
    assert sqlite3.sqlite_version_info >= (3, 35), "RETURNING and json_each are needed"


@pytest.mark.parametrize("count", [1, 300])
def test_writers_in_threads_are_all_acknowledged(store: Store, memories: NewMemories, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as threads:
        added = list(threads.map(lambda one: store.add([one])[0], memories(count) * 2))
    assert sum(one.fresh for one in added) == store.count() == count
