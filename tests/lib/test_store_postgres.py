"""What only the PostgreSQL store has: a server that stops and comes back, passwords, other tables, many writers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import quote

import psycopg
import pytest

from clawcortex.errors import (
    ClawcortexError,
    InputError,
    LockedError,
    ReadOnlyError,
    SchemaTooNewError,
    SettingsError,
    StorageError,
    UnavailableError,
)
from clawcortex.paths import repo_root
from clawcortex.settings import Settings
from clawcortex.store.base import Store
from clawcortex.store.opening import open_store
from clawcortex.store.postgres import connection as connections
from clawcortex.store.postgres import migrations
from clawcortex.store.postgres.connections import Connections
from clawcortex.store.postgres.store import PostgresStore
from clawcortex.store.records import NewEvent, Selection, Write
from clawcortex.store.sql import times
from tests.postgres import Server, started

from .conftest import MODEL, NewMemories, OpenStore, Python, Vectors
from .test_store_processes import OPEN

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)

SECRET = "pa55:w@rd/%"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of this test alone, as durable as PostgreSQL is."""
    yield from started()


LOAD = (
    OPEN
    + """
from clawcortex.errors import UnavailableError
for i in range(1_000_000):
    key = f"{sys.argv[2]}-{i}"
    while True:
        try:
            store.add([new(key)])
            store.append_event("load", {"key": key})
        except UnavailableError:
            continue  # as the spool does: the same turn again
        break
    os.write(1, f"{key}\\n".encode())
"""
)


def test_a_server_stopped_mid_write_loses_nothing_acknowledged_and_doubles_nothing(
    own_server: Server, store_url: str, python: Python
) -> None:
    with own_server.memory() as url:
        store = open_store(Settings(store_url=url))
        writers = [python(LOAD, url, i) for i in range(3)]
        acknowledged: set[str] = set()
        for mode in ("immediate", "fast"):
            for writer in writers:
                assert writer.stdout is not None
                acknowledged.update(writer.stdout.readline().strip() for _ in range(10))
            own_server.stop(mode)
            with pytest.raises(UnavailableError) as caught:
                store.count()
            assert "Start PostgreSQL" in caught.value.hint
            own_server.start()
        for writer in writers:
            assert writer.stdout is not None
            acknowledged.update(writer.stdout.readline().strip() for _ in range(10))
            writer.kill()
            acknowledged.update(line.strip() for line in writer.stdout if line.endswith("\n"))
        texts = [memory.text for memory in store.select(Selection(), limit=1_000_000)]
        assert len(texts) == len(set(texts))
        assert {f"text of {key}" for key in acknowledged} <= set(texts)
        events = [str(event.payload["key"]) for event in store.read_events("one", limit=1_000_000)]
        assert acknowledged <= set(events)
        assert store.check() == []
        store.close()


def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_repeated(
    store: Store, store_url: str, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut right after the server committed, and right before it could."""
    execute = connections.PostgresConnection.execute
    cut: list[str] = ["after", "before"]

    def cutting(self: connections.PostgresConnection, sql: str, parameters: object = (), /) -> object:
        if sql != "COMMIT" or not cut:
            return execute(self, sql, parameters)  # type: ignore[arg-type]  # handed on as it came
        if cut.pop(0) == "after":
            execute(self, sql)
        with postgres.connect("seed") as other:
            other.execute("SELECT pg_terminate_backend(%s)", (self.raw.info.backend_pid,))
        return execute(self, "SELECT 1")

    monkeypatch.setattr(connections.PostgresConnection, "execute", cutting)
    assert [store.append_event("kind", {"i": i}) for i in range(3)] == [1, 2, 3]
    assert cut == []
    assert [event.payload["i"] for event in store.read_events("one")] == [0, 1, 2]


def test_who_waited_for_another_to_make_the_tables_sees_them(postgres: Server, store_url: str) -> None:
    """A session that found no tables, and waited for the lock, must not go by what it found."""
    begin = threading.Barrier(4)

    def prepare(url: str) -> int:
        conninfo, name = connections.parsed(url)
        connection = connections.connect(conninfo)
        begin.wait()
        migrations.prepare(connection, name)
        made = migrations.version(connection)
        connection.close()
        return made

    for _ in range(20):  # before it was mended, two rounds in five failed
        with postgres.memory() as url, ThreadPoolExecutor(4) as threads:
            assert list(threads.map(prepare, [url] * 4)) == [migrations.NEWEST] * 4


def test_a_commit_that_a_crash_lost_with_the_log_is_not_taken_for_done(
    store: Store, store_url: str, postgres: Server
) -> None:
    lent = Connections(*connections.parsed(store_url))
    assert not lent._committed(str(1 << 31))  # a number that the server does not know to have given
    lent.close()


def test_a_recall_of_what_is_deleted_at_that_moment_is_no_fault(
    store: Store, store_url: str, memories: NewMemories
) -> None:
    store.add(memories(2))
    with psycopg.connect(store_url) as other, ThreadPoolExecutor(1) as threads:
        other.execute("DELETE FROM words WHERE n = 1")
        other.execute("DELETE FROM memories WHERE n = 1")
        noted = threads.submit(store.note_recalls, [1, 2], datetime.now(UTC))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        while not noted.done() and not other.execute(waits.encode()).fetchall()[0][0]:
            pass
        other.commit()
        noted.result()
    assert store.usage().recalls.tolist() == [1]


@pytest.mark.parametrize("seen", [None, {"x": 1}])
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_change_waits_for_the_one_before_it_and_then_sees_what_became_of_it(
    store: Store, store_url: str, seen: dict[str, object] | None, ends: str
) -> None:
    if seen is not None:
        store.put_record("asks", "a", seen)
    with psycopg.connect(store_url) as other, ThreadPoolExecutor(1) as threads:
        other.execute(
            "INSERT INTO records (collection, key, value, updated_at) VALUES ('asks', 'a', '{}', 0)"
            " ON CONFLICT (collection, key) DO UPDATE SET value = '{}'"
        )
        amended = threads.submit(
            store.amend, [Write("asks", "a", seen, {"mine": 1})], events=[NewEvent("changed")]
        )
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        while not amended.done() and not other.execute(waits.encode()).fetchall()[0][0]:
            pass
        assert not amended.done()
        store.append_event("beside", {})  # whoever waits for a record holds up nobody's event
        getattr(other, ends)()
        assert amended.result() == (ends == "rollback")
    assert store.get_record("asks", "a") == ({"mine": 1} if ends == "rollback" else {})
    assert [event.kind for event in store.read_events("one")] == ["beside", "changed"][: 1 + amended.result()]


def test_a_host_whose_clock_is_ahead_queues_no_job_for_later(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = times.now() + 3_600_000_000
    monkeypatch.setattr(times, "now", lambda: ahead)
    store.enqueue("sum", {}, key="k")
    monkeypatch.undo()
    assert store.lease({"sum": 60}) is not None


WRITE = (
    OPEN
    + """
for i in range(25):
    key = f"{sys.argv[2]}-{i}"
    store.add([new(key)])
    store.append_event("written", {"key": key})
store.close()
"""
)


def test_no_reader_misses_what_many_writers_commit_out_of_order(
    open_again: OpenStore, store_url: str, python: Python
) -> None:
    store = open_again()
    writers = [python(WRITE, store_url, i) for i in range(4)]
    n = generation = 0
    seen: list[int] = []
    events: list[str] = []
    steps: list[int] = []

    def follow() -> None:
        nonlocal n, generation
        steps.extend(change.generation for change in store.changes(generation) or [])
        generation = steps[-1] if steps else 0
        columns = store.columns(n)
        seen.extend(columns.n.tolist())
        n = seen[-1] if seen else 0
        for event in store.read_events("reader", limit=1_000):
            events.append(str(event.payload["key"]))
            store.ack_events("reader", event.seq)

    while any(writer.poll() is None for writer in writers):
        follow()
        store.listen(0.2)
    follow()
    assert seen == list(range(1, 101))
    assert steps == list(range(1, 101))
    assert len(events) == len(set(events)) == 100
    assert [writer.returncode for writer in writers] == [0] * 4


def test_a_lost_listener_is_told_to_look_and_hears_on(
    open_again: OpenStore, store_url: str, postgres: Server
) -> None:
    one, two = open_again(), open_again()
    assert not one.listen(0.01)
    two.append_event("a", {})
    assert one.listen(30)
    with postgres.connect("seed") as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            " AND pid <> pg_backend_pid()"
        )
    with pytest.raises(UnavailableError):
        one.listen(30)
    assert one.listen(30)  # something may have been missed
    two.append_event("a", {})
    assert one.listen(30)
    waiting = threading.Thread(target=lambda: one.listen(600))
    waiting.start()
    one.close()
    waiting.join(60)
    assert not waiting.is_alive()


def test_what_was_deleted_leaves_the_servers_files(
    own_server: Server, store_url: str, memories: NewMemories, vectors: Vectors
) -> None:
    secret = "Xylophonquartett"
    with own_server.memory() as url:
        store = open_store(Settings(store_url=url))
        store.add(memories(50))
        planted = store.add(
            memories(20, start=50, text=f"{secret} rehearses", terms=(secret.lower(),), speaker=secret)
        )
        store.put_vectors(MODEL, [one.n for one in planted], vectors(20))
        own_server.stop()
        own_server.start()
        assert _holds(own_server, secret)
        store.delete(Selection(positions=tuple(one.n for one in planted)))
        store.scrub()
        with own_server.connect("seed") as other:
            other.execute("CHECKPOINT")
        assert not _holds(own_server, secret)
        assert store.check() == []
        store.close()


def _holds(server: Server, secret: str) -> bool:
    files = [path for path in (server.folder / "data" / "base").rglob("*") if path.is_file()]
    return any(secret.lower().encode() in path.read_bytes().lower() for path in files)


def test_the_index_for_sql_of_ones_own_that_the_readme_names(
    store: Store, store_url: str, memories: NewMemories, vectors: Vectors
) -> None:
    given = vectors(300, dimensions=384)
    store.put_vectors(MODEL, [one.n for one in store.add(memories(300))], given)
    readme = (repo_root() / "README.md").read_text(encoding="utf-8")
    [statement] = re.findall(r"CREATE INDEX ON vectors USING hnsw[^`]*", readme)
    with psycopg.connect(store_url, autocommit=True) as other:
        other.execute(statement.encode())
        other.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        nearest = "FROM vectors WHERE model = 1 ORDER BY v::halfvec(384) <#> %s::halfvec(384) LIMIT 1"
        asked = (str(given[7].tolist()),)
        assert other.execute(f"SELECT n {nearest}".encode(), asked).fetchall() == [(8,)]
        plan = str(other.execute(f"EXPLAIN SELECT n {nearest}".encode(), asked).fetchall())
    assert "vectors_v_idx" in plan


class TestRefusals:
    """Each with the next step, none with a password."""

    @pytest.mark.parametrize(
        ("url", "kind", "hint"),
        [
            (
                f"postgresql://ann:{quote(SECRET, safe='')}@localhost:1/x",
                UnavailableError,
                "Start PostgreSQL",
            ),
            (f"postgresql://ann:{SECRET}@localhost/x", ClawcortexError, ""),
            (f"postgresql://ann:{SECRET}", ClawcortexError, ""),
            ("postgresql://ann:pa55@w@rd@localhost:1/x", SettingsError, "%2F"),
            ("postgresql://ann:pa55/w@rd@localhost:1/x", SettingsError, "%2F"),
            ("postgresql://ann:55/w@rd", SettingsError, "%2F"),
            (f"mysql://ann:{SECRET}@localhost/x", SettingsError, "postgresql://"),
        ],
    )
    def test_a_password_is_never_repeated(
        self, store_url: str, url: str, kind: type[ClawcortexError], hint: str
    ) -> None:
        with pytest.raises(kind) as caught:
            open_store(Settings(store_url=url))
        chain = [caught.value, caught.value.__cause__, caught.value.__context__]
        shown = " ".join(f"{error} {getattr(error, 'hint', '')}" for error in chain if error is not None)
        assert hint in shown
        assert not any(part in str(caught.value.message) for part in ("pa55", "w@rd", "ann"))

    def test_a_wrong_password_a_missing_database_and_missing_rights(
        self, own_server: Server, store_url: str
    ) -> None:
        with own_server.connect("seed") as admin:
            admin.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
            admin.execute("CREATE DATABASE plain TEMPLATE template0")
            admin.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
        rules = own_server.folder / "data" / "pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\nlocal all all trust\n")
        own_server.stop()
        own_server.start()
        expected = [
            (own_server.url("seed", "guarded", "wrong"), SettingsError, "Correct the user or password"),
            (own_server.url("nowhere"), SettingsError, "createdb"),
            (own_server.url("plain", "guarded", "right"), StorageError, "CREATE EXTENSION vector"),
            (own_server.url("seed", "guarded", "right"), StorageError, "should own the database"),
            (own_server.url("latin"), SettingsError, "UTF8"),
        ]
        for url, kind, hint in expected:
            with pytest.raises(kind) as caught:
                open_store(Settings(store_url=url))
            assert hint in caught.value.hint
            assert "guarded" not in caught.value.message
            assert "wrong" not in caught.value.message

    def test_a_database_of_something_else_is_left_alone(self, postgres: Server, store_url: str) -> None:
        with psycopg.connect(store_url, autocommit=True) as other:
            other.execute("CREATE TABLE jobs (mine text)")
        with pytest.raises(SettingsError, match="something else"):
            PostgresStore(store_url)
        with psycopg.connect(store_url) as other:
            tables = other.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            ).fetchall()
        assert tables == [("jobs",)]

    def test_a_newer_schema_is_refused(self, store: Store, store_url: str) -> None:
        with psycopg.connect(store_url, autocommit=True) as other:
            other.execute("UPDATE clawcortex SET schema = 99")
        with pytest.raises(SchemaTooNewError, match="99"):
            PostgresStore(store_url)

    def test_a_read_only_server_and_a_held_lock(
        self, store: Store, store_url: str, memories: NewMemories, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.add(memories(1))
        asked = "options=-cdefault_transaction_read_only%3Don%20"
        read_only = open_store(Settings(store_url=store_url.replace("options=", asked)))
        with pytest.raises(ReadOnlyError):
            read_only.add(memories(1, start=1))
        assert read_only.count() == 1
        read_only.close()
        hasty = open_store(Settings(store_url=store_url))
        with psycopg.connect(store_url) as holder:
            holder.execute("SELECT * FROM counters FOR UPDATE")
            with pytest.raises(LockedError):
                hasty._connections.write(  # type: ignore[attr-defined]  # a shorter wait than the ten seconds
                    lambda c: (c.execute("SET LOCAL lock_timeout = 10"), c.take("memories", 1))
                )
        hasty.close()

    def test_what_postgresql_cannot_say_is_input_that_is_wrong(self, store: Store, store_url: str) -> None:
        for call in (
            lambda: store.put_record("a", "\0", {}),
            lambda: store.append_event("\ud800", {}),
            lambda: store.put_record("a", "".join(map(chr, range(1_000, 9_000))), {}),
        ):
            with pytest.raises(InputError):
                call()


def test_waiting_for_a_connection_has_an_end(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clawcortex.store.postgres.connections.WAIT_S", 0.01)
    PostgresStore(store_url).close()
    lent = Connections(*connections.parsed(store_url))
    busy, release = threading.Barrier(17), threading.Event()
    with ThreadPoolExecutor(16) as threads:
        for _ in range(16):
            threads.submit(lent.read, lambda c: (busy.wait(60), release.wait(60)))
        busy.wait(60)
        with pytest.raises(ClawcortexError, match="none came free"):
            lent.read(lambda c: None)
        release.set()
    lent.close()
