"""Records that change only as they were seen, with their events: for exactly one of many, whole or not at all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from clawcortex.errors import InputError
from clawcortex.store.base import Store
from clawcortex.store.records import NewEvent, Write

from .conftest import OpenStore, Python
from .test_store_processes import OPEN

OPENED = {"state": "open", "title": "é😀", "options": [1, 2.5, None, True], "deep": {"x": "y"}}


def told(store: Store) -> list[tuple[str, dict[str, object]]]:
    """Return every event."""
    return [(event.kind, event.payload) for event in store.read_events("test", limit=100_000)]


def test_a_record_is_made_changed_and_moved_with_its_events(store: Store) -> None:
    assert store.amend([Write("asks", "a", None, OPENED)], events=[NewEvent("asked", {"id": "a"})])
    turned = dict(reversed(OPENED.items())) | {"options": (1, 2.5, None, True)}
    assert store.amend([Write("asks", "a", turned, OPENED | {"seen": True})]), "values count, not their text"
    moved = [Write("asks", "a", OPENED | {"seen": True}, None), Write("done", "a", None, {"by": "ann"})]
    assert store.amend(moved, events=[NewEvent("answered", {"id": "a"}), NewEvent("counted")])
    assert store.list_records("asks") == {}
    assert store.list_records("done") == {"a": {"by": "ann"}}
    assert told(store) == [("asked", {"id": "a"}), ("answered", {"id": "a"}), ("counted", {})]


@pytest.mark.parametrize(
    "other",
    [
        Write("asks", "b", None, {"new": 1}),
        Write("asks", "b", None, None),
        Write("asks", "b", {"state": "gone"}, {"new": 1}),
        Write("asks", "b", {"state": "gone"}, None),
        Write("asks", "b", {}, {}),
        Write("asks", "missing", {}, {"new": 1}),
        Write("asks", "missing", {}, None),
    ],
)
def test_one_record_that_is_not_as_seen_undoes_all(store: Store, other: Write) -> None:
    store.put_record("asks", "a", OPENED)
    store.put_record("asks", "b", {"state": "open"})
    before = store.list_records("asks")
    fine = [Write("asks", "a", OPENED, None), Write("zzz", "new", None, {}), Write("aaa", "new", None, {})]
    assert not store.amend([fine[0], other, *fine[1:]], events=[NewEvent("answered")])
    assert store.list_records("asks") == before
    assert store.list_records("aaa") == store.list_records("zzz") == {}
    assert told(store) == []
    assert store.append_event("next", {}) == 1, "no number was used up"


def test_what_shall_only_stay_as_it_is_can_be_made_sure_of(store: Store) -> None:
    store.put_record("asks", "a", OPENED)
    sure = [Write("asks", "a", OPENED, OPENED), Write("asks", "none", None, None)]
    assert store.amend(sure, events=[NewEvent("seen")])
    assert store.list_records("asks") == {"a": OPENED}
    assert store.amend([], events=[NewEvent("one"), NewEvent("two")])
    assert [kind for kind, _ in told(store)] == ["seen", "one", "two"]
    assert store.amend([])


def test_what_cannot_be_written_is_refused_and_nothing_changes(store: Store) -> None:
    good = Write("asks", "a", None, {})
    refused: list[tuple[list[Write], list[NewEvent]]] = [
        ([good, Write("asks", "a", {}, None)], []),
        ([good, Write("asks", "b", None, {"x": float("nan")})], []),
        ([good, Write("asks", "b", None, {"x": "\ud800"})], []),
        ([good], [NewEvent("kind", {"x": object()})]),
        ([good], [NewEvent("kind", {"x": "\ud800"})]),
    ]
    for writes, events in refused:
        with pytest.raises(InputError):
            store.amend(writes, events=events)
    assert store.list_records("asks") == {}
    assert told(store) == []


def test_a_collection_is_counted_and_read_in_ranges(store: Store) -> None:
    keys = ["", "a", "b/1", "b/2", "b/é", "c", "😀"]
    for place, key in enumerate(keys):
        store.put_record("many", key, {"place": place})
    store.put_record("other", "b/1", {})
    assert (store.count_records("many"), store.count_records("none")) == (7, 0)
    assert list(store.list_records("many")) == keys
    assert list(store.list_records("many", after="a", until="c")) == ["b/1", "b/2", "b/é"]
    assert list(store.list_records("many", after="b/", limit=2)) == ["b/1", "b/2"]
    assert list(store.list_records("many", until="a")) == [""]
    assert store.list_records("many", limit=0) == {}
    paged: list[str] = []
    while page := store.list_records("many", after=paged[-1] if paged else "", limit=2):
        paged += page
    assert paged == keys


def test_of_many_threads_each_change_is_one_threads(store: Store) -> None:
    """Pairs are named in both orders, which must not lock each other out."""
    store.put_record("sums", "a", {"n": 0})
    store.put_record("sums", "b", {"n": 0})

    def add(worker: int) -> None:
        for i in range(10):
            while True:
                a, b = store.get_record("sums", "a"), store.get_record("sums", "b")
                assert a is not None
                assert b is not None
                after = {"n": int(str(a["n"])) + 1}
                pair = [Write("sums", "a", a, after), Write("sums", "b", b, after)]
                if store.amend(pair[:: 1 if worker % 2 else -1], events=[NewEvent("added", after)]):
                    break
            store.append_event("beside", {"i": i})

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add, range(6)))
    assert store.list_records("sums") == {"a": {"n": 60}, "b": {"n": 60}}
    assert [payload["n"] for kind, payload in told(store) if kind == "added"] == list(range(1, 61))


RACE = (
    OPEN
    + """
from clawcortex.store.records import NewEvent, Write
print("ready", flush=True)
sys.stdin.readline()
me = sys.argv[2]
for i in range(int(sys.argv[3])):
    writes = [Write("asks", str(i), {"state": "open"}, None), Write("done", str(i), None, {"by": me})]
    if store.amend(writes, events=[NewEvent("answered", {"i": i, "by": me})]):
        print(i, flush=True)
    if store.amend([Write("first", str(i), None, {"by": me})], events=[NewEvent("first", {"i": i, "by": me})]):
        print(-1 - i, flush=True)
store.close()
"""
)


def test_of_many_processes_exactly_one_changes_a_record(store: Store, store_url: str, python: Python) -> None:
    count, each = 4, 60
    for i in range(each):
        assert store.amend([Write("asks", str(i), None, {"state": "open"})])
    racers = [python(RACE, store_url, name, each) for name in range(count)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:  # all at once
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = {
        int(line): str(name)
        for name, racer in enumerate(racers)
        for line in racer.communicate()[0].splitlines()
    }
    assert [racer.returncode for racer in racers] == [0] * count
    assert sorted(won) == list(range(-each, each)), "each change is somebody's"
    assert store.list_records("asks") == {}
    assert store.list_records("done") == {str(i): {"by": won[i]} for i in sorted(range(each), key=str)}
    assert store.list_records("first") == {str(i): {"by": won[-1 - i]} for i in sorted(range(each), key=str)}
    seen = sorted((kind, int(str(payload["i"])), payload["by"]) for kind, payload in told(store))
    assert seen == sorted(
        (kind, i, won[i if kind == "answered" else -1 - i])
        for kind in ("answered", "first")
        for i in range(each)
    )


MOVE = (
    OPEN
    + """
from clawcortex.store.records import NewEvent, Write
for i in range(1_000_000):
    key = f"{sys.argv[2]}-{i:07}"
    opened = {"key": key, "text": "x" * 2_000}
    store.amend([Write("asks", key, None, opened)], events=[NewEvent("asked", {"key": key})])
    moved = [Write("asks", key, opened, None), Write("done", key, None, opened)]
    assert store.amend(moved, events=[NewEvent("answered", {"key": key}), NewEvent("counted", {"key": key})])
    os.write(1, f"{key}\\n".encode())
"""
)


def test_a_kill_leaves_all_of_a_change_or_nothing(
    open_again: OpenStore, store_url: str, python: Python
) -> None:
    acknowledged: set[str] = set()
    for round_ in range(4 if store_url.startswith("sqlite") else 2):
        mover = python(MOVE, store_url, round_)
        assert mover.stdout is not None
        acknowledged.update(mover.stdout.readline().strip() for _ in range(10 + round_))
        mover.kill()
        acknowledged.update(line.strip() for line in mover.stdout if line.endswith("\n"))
        mover.wait()
        store = open_again()
        log = [(kind, str(payload["key"])) for kind, payload in told(store)]
        assert len(log) == len(set(log)), "an event stands twice"
        asks, done = set(store.list_records("asks")), set(store.list_records("done"))
        assert not asks & done
        assert {key for kind, key in log if kind == "asked"} == asks | done
        assert {key for kind, key in log if kind == "answered"} == done
        assert {key for kind, key in log if kind == "counted"} == done
        assert acknowledged <= done
        assert store.check() == []
        store.close()


def test_documents_are_compared_as_json_has_them(store: Store) -> None:
    value = json.loads('{"n": 1, "f": 1.5, "big": 123456789012345678901234567890, "e": 1e-7, "s": "\\u0000"}')
    assert store.amend([Write("any", "k", None, value)])
    assert store.amend([Write("any", "k", store.get_record("any", "k"), {"n": 2})])
    assert not store.amend([Write("any", "k", value, {"n": 3})])
