"""What only the SQLite store has: its file, its migrations, its writer, the bytes it leaves."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clawcortex import paths
from clawcortex.errors import (
    ClawcortexError,
    CorruptedError,
    InputError,
    LockedError,
    SchemaTooNewError,
    SettingsError,
    StorageError,
)
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.records import Scope, Selection
from clawcortex.store.sqlite import connection as connections
from clawcortex.store.sqlite import migrations
from clawcortex.store.sqlite.store import SqliteStore
from clawcortex.store.sqlite.writer import Writer

from .conftest import MODEL, NewMemories, Vectors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "memory.db"


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_files_are_private(path: Path, memories: NewMemories) -> None:
    store = SqliteStore(path)
    store.add(memories(1))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("memory.db", "memory.db-wal", "memory.db-shm", "memory.db.lock"), 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    store.close()


def test_a_folder_that_was_there_keeps_its_mode_and_a_loose_file_does_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "memory.db").touch(mode=0o644)
    SqliteStore(tmp_path / "memory.db").close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "memory.db").stat().st_mode & 0o777 == 0o600


def test_every_connection_is_careful(path: Path) -> None:
    SqliteStore(path).close()
    connection = connections.connect(path, writes=True)
    asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema")
    assert [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked] == ["wal", 2, 1, 1, 0]
    connection.close()
    reading = connections.connect(path, writes=False)
    with pytest.raises(sqlite3.OperationalError):
        reading.execute("DELETE FROM memories")
    reading.close()


def test_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(tmp_path / "state"))
    open_store(Settings()).close()
    assert paths.database_path().exists()
    assert paths.state_dir().stat().st_mode & 0o777 == 0o700
    for url in (f"sqlite:{tmp_path}/a.db", f"sqlite:///{tmp_path}/a.db"):
        open_store(Settings(store_url=url)).close()
        assert (tmp_path / "a.db").exists()
        (tmp_path / "a.db").unlink()
    for url in ("mysql://x", "sqlite:", "memory.db"):
        with pytest.raises(SettingsError):
            open_store(Settings(store_url=url))


def test_a_newer_schema_is_refused_and_left_alone(path: Path, memories: NewMemories) -> None:
    store = SqliteStore(path)
    store.add(memories(1))
    store.close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNewError, match="99"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, broken = path.with_name("0001_a.sql"), path.with_name("0002_b.sql")
    path.parent.mkdir()
    first.write_text("CREATE TABLE a (x); -- with; a comment\nCREATE TABLE b (y TEXT DEFAULT ';');")
    broken.write_text("CREATE TABLE c (z);\nCREATE TABLE a (x);")
    monkeypatch.setattr(migrations, "_steps", lambda: {1: first, 2: broken})
    connection = sqlite3.connect(path, isolation_level=None)
    assert migrations.migrate(connection, path, newest=1) == 1
    with pytest.raises(sqlite3.OperationalError):
        migrations.migrate(connection, path, newest=2)
    assert migrations.version(connection) == 1
    tables = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    assert tables == [("a",), ("b",)]
    assert migrations.migrate(connection, path, newest=1) == 0
    connection.close()
    with pytest.raises(StorageError, match="inside a statement"):
        list(migrations.statements("CREATE TABLE a ("))


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b"this is not a database" * 500),
        lambda file: file.write_bytes(file.read_bytes()[:100] + b"\xff" * 9_000),
        lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    ],
    ids=["another file", "overwritten", "cut in half"],
)
def test_a_damaged_file_is_named(path: Path, memories: NewMemories, damage: Callable[[Path], object]) -> None:
    store = SqliteStore(path)
    store.add(memories(200))
    store.close()
    damage(path)

    def use() -> None:
        store = SqliteStore(path)
        try:
            store.select(Selection())
            store.add(memories(10, start=500))
            store.scrub()
        finally:
            store.close()

    with pytest.raises(CorruptedError) as caught:
        use()
    assert str(path) in caught.value.message
    assert "backup" in caught.value.hint


def test_check_names_what_is_wrong(path: Path, memories: NewMemories, vectors: Vectors) -> None:
    store = SqliteStore(path)
    added = store.add(memories(5))
    store.put_vectors(MODEL, [1, 2], vectors(2))
    store.link(3, superseded_by=added[3].id, duplicate_of=added[4].id)
    assert store.check() == []
    raw = sqlite3.connect(path)
    raw.execute("UPDATE memories SET text = 'changed' WHERE n = 1")
    raw.execute("UPDATE memories SET stems = 'other' WHERE n = 2")
    raw.execute("UPDATE memories SET superseded_by = 'gone', duplicate_of = 'gone' WHERE n = 3")
    raw.execute("INSERT INTO vectors VALUES (1 << 40 | 99, x'00')")
    raw.execute("UPDATE memories SET scope = 77 WHERE n = 4")
    raw.commit()
    raw.close()
    told = "\n".join(store.check())
    for part in ("n = 1", "full-text", "superseded", "duplicates", "vectors without", "row 4 of memories"):
        assert part in told, part
    store.close()


def test_check_of_a_file_it_cannot_read_says_so(path: Path, memories: NewMemories) -> None:
    store = SqliteStore(path)
    store.add(memories(500))
    store.close()
    store = SqliteStore(path)
    content = path.read_bytes()
    path.write_bytes(
        content[: len(content) // 4] + b"\xff" * (len(content) // 2) + content[3 * len(content) // 4 :]
    )
    assert store.check() != []
    store.close()


def test_another_process_that_holds_the_database_is_named(
    path: Path, memories: NewMemories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.01)
    store = SqliteStore(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(LockedError):
        store.add(memories(1))
    assert store.count() == 0
    holder.execute("COMMIT")
    store.add(memories(1))
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM memories").fetchall()
    store.delete(Selection(positions=(1,)))
    with pytest.raises(LockedError, match="log"):
        store.scrub()
    holder.close()
    store.scrub()
    store.close()


def test_no_byte_of_what_was_deleted_is_left(path: Path, memories: NewMemories, vectors: Vectors) -> None:
    store = SqliteStore(path)
    store.add(memories(300, session="stays"))
    secret = "Xylophonquartett"
    planted = memories(
        40,
        start=300,
        text=f"the {secret} rehearses at nine " * 30,
        terms=("xylophonquartett", "rehears"),
        session=f"session-{secret}",
        speaker=f"speaker-{secret}",
        scope=Scope(chat=f"chat-{secret}"),
        source_ref=f"ref-{secret}",
    )
    for one in planted:  # one by one: many full-text segments and log frames
        store.add([one])
    given = vectors(340, dimensions=64)
    store.put_vectors(MODEL, range(1, 341), given)
    needles = [secret.encode(), secret.lower().encode(), given[320].astype("<f2").tobytes()]
    assert all(needle in bytes_of(path) for needle in needles)
    store.delete(Selection(session=f"session-{secret}"))
    store.add(memories(50, start=400))
    store.scrub()
    left = bytes_of(path)
    assert [needle for needle in needles if needle in left] == []
    assert store.check() == []
    assert store.matching(["xylophonquartett"]).tolist() == []
    assert len(store.matching(["number"], limit=1_000)) == 350
    assert len(store.scopes()) == len(store.sessions()) == 1
    store.close()
    assert not any(needle in bytes_of(path) for needle in needles)


def test_scrub_while_others_read_and_write(path: Path, memories: NewMemories) -> None:
    store = SqliteStore(path)
    store.add(memories(200))
    stop = threading.Event()

    def read() -> int:
        rounds = 0
        while not stop.is_set():
            assert store.count() >= 200
            rounds += 1
        return rounds

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        writer = threads.submit(lambda: [store.add(memories(1, start=1_000 + i)) for i in range(20)])
        for _ in range(3):
            store.scrub()
        writer.result()
        stop.set()
        assert all(reader.result() for reader in readers)
    assert store.count() == 220
    store.close()


class TestWriter:
    """Group commit."""

    @pytest.fixture
    def writer(self, path: Path) -> Writer:
        SqliteStore(path).close()
        return Writer(connections.connect(path, writes=True), path)

    def _held(self, writer: Writer, works: list[Callable[[sqlite3.Connection], object]]) -> list[object]:
        """Run the works as one group: they wait together behind one that is held."""
        release, started = threading.Event(), threading.Event()

        def hold(_: sqlite3.Connection) -> None:
            started.set()
            release.wait()

        def outcome(work: Callable[[sqlite3.Connection], object]) -> object:
            try:
                return writer.run(work)
            except (ClawcortexError, ZeroDivisionError) as error:
                return type(error)

        with ThreadPoolExecutor(len(works) + 1) as threads:
            first = threads.submit(writer.run, hold)
            started.wait()
            waiting = []
            for i, work in enumerate(works, start=1):
                waiting.append(threads.submit(outcome, work))
                while writer._waiting.qsize() < i:
                    pass
            release.set()
            first.result()
            return [one.result() for one in waiting]

    def test_one_failure_in_a_group_is_its_own(self, writer: Writer) -> None:
        def put(name: str) -> Callable[[sqlite3.Connection], object]:
            return lambda c: c.execute("INSERT INTO speakers (name) VALUES (?)", (name,)).rowcount

        def fails(connection: sqlite3.Connection) -> object:
            put("half")(connection)
            return 1 // 0

        commits: list[str] = []
        writer._connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        outcomes = self._held(writer, [put("a"), fails, put("\ud800"), put("b")])
        assert outcomes == [1, ZeroDivisionError, InputError, 1]
        assert len(commits) == 2  # the held one, then the whole group
        names = writer.run(lambda c: c.execute("SELECT name FROM speakers ORDER BY name").fetchall())
        assert names == [("a",), ("b",)]
        writer.close()

    def test_when_the_transaction_is_lost_nobody_is_told_it_was_kept(self, writer: Writer) -> None:
        def lose(connection: sqlite3.Connection) -> None:
            connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
            raise sqlite3.OperationalError("database or disk is full")

        def kept(connection: sqlite3.Connection) -> object:
            return connection.execute("INSERT INTO speakers (name) VALUES ('a')").rowcount

        assert self._held(writer, [kept, lose, kept]) == [StorageError] * 3
        assert writer.run(lambda c: c.execute("SELECT count(*) FROM speakers").fetchone()) == (0,)
        assert writer.run(kept) == 1
        writer.close()

    def test_what_waits_is_written_before_it_closes(self, writer: Writer, path: Path) -> None:
        started, release = threading.Event(), threading.Event()

        def hold(_: sqlite3.Connection) -> None:
            started.set()
            release.wait()

        with ThreadPoolExecutor(4) as threads:
            threads.submit(writer.run, hold)
            started.wait()
            late = threads.submit(
                writer.run, lambda c: c.execute("INSERT INTO speakers (name) VALUES ('x')").rowcount
            )
            alone = threads.submit(writer.run, lambda c: c.in_transaction, alone=True)
            while writer._waiting.qsize() < 2:
                pass
            closing = threads.submit(writer.close)
            release.set()
            closing.result()
            assert late.result() == 1
            assert alone.result() is False
        with pytest.raises(StorageError, match="closed"):
            writer.run(lambda c: None)


def test_a_database_of_before_gets_its_present_name_and_loses_nothing() -> None:
    before = paths.private_folder(paths.state_dir()) / "memory.db"
    store = SqliteStore(before)
    store.put_record("kept", "one", {"is": "there"})
    for end in ("", "-wal"):  # as a killed process leaves them: the record stands in the log only
        shutil.copy(f"{before}{end}", f"{before}.copy{end}")
    store.close()
    for end in ("", "-wal"):
        Path(f"{before}.copy{end}").rename(f"{before}{end}")
    again = open_store(Settings())
    assert again.get_record("kept", "one") == {"is": "there"}
    again.close()
    assert not before.exists()
    assert paths.database_path().exists()


def test_a_second_store_in_this_process_takes_no_lock_from_the_first(path: Path) -> None:
    """The system drops all locks of a process on a file when it closes any: another process would end the log."""
    first = SqliteStore(path)
    SqliteStore(path).close()  # as the doctor does inside the server
    first.put_record("kept", "one", {"is": "there"})
    script = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('SELECT count(*) FROM records'); c.close()"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert path.with_name(f"{path.name}-wal").exists()
    first.put_record("kept", "two", {"is": "there"})
    count = f"import sqlite3; print(*sqlite3.connect({str(path)!r}).execute('SELECT count(*) FROM records').fetchone())"
    assert subprocess.check_output([sys.executable, "-c", count]).strip() == b"2"
    first.close()
