"""The audit trail: no line changes, goes, comes or moves unseen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex import cli, paths
from clawcortex.errors import CorruptedError, InputError
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.sql import auditing
from clawcortex.store.sql.store import SqlStore
from clawcortex.upkeep import audit
from clawcortex.upkeep.doctor import examine

LINES = 6


@pytest.fixture
def store() -> Iterator[SqlStore]:
    paths.private_folder(paths.state_dir())
    with closing(open_store(Settings())) as opened:
        for number in range(LINES):
            opened.audit("owner", "forget", f"id-{number}", {"count": number})
        yield opened


def change(sql: str) -> None:
    with closing(sqlite3.connect(paths.database_path())) as raw, raw:
        raw.execute(sql)


def test_a_trail_as_it_was_written_is_sound_and_its_head_is_known_again(store: SqlStore) -> None:
    found = audit.verify(store)
    assert (found.lines, found.faults) == (LINES, [])
    head = audit.parse_head(found.head)
    store.audit("owner", "retire", "x", {})
    assert audit.verify(store, head).faults == []
    assert audit.verify(store, head).head != found.head


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 3", "line 3 is not as it was written"),
        ("UPDATE audit SET details = '{}' WHERE seq = 6", "line 6 is not"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", "line 1 is not"),
        ("UPDATE audit SET digest = '' WHERE seq = 4", "line 4 is not"),
        ("UPDATE audit SET digest = '' WHERE seq = 1", "1 audit lines before line 2 have no seal"),
        ("DELETE FROM audit WHERE seq = 1", "line 2 is not"),
        ("DELETE FROM audit WHERE seq = 4", "line 5 is not"),
        ("DELETE FROM audit WHERE seq > 4", "ends at line 4, and 6 were written"),
        ("DELETE FROM audit", "ends at line 0, and 6 were written"),
        (
            "INSERT INTO audit (seq, at, actor, operation, subject, details) VALUES (-1, 0, 'a', 'b', 'c', '{}')",
            "line 1 is not",
        ),
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)", "line 4 is not"),
    ],
)
def test_what_is_done_to_it_shows(store: SqlStore, sql: str, says: str) -> None:
    change(sql)
    found = audit.verify(store)
    assert says in "; ".join(found.faults)
    assert any("audit" in fault for fault in store.check()), "the doctor's look at the store sees it, too"


def test_a_cut_end_shows_by_what_was_witnessed_even_with_the_counter_put_back(store: SqlStore) -> None:
    audit.note_head(store)
    change("DELETE FROM audit WHERE seq > 4")
    change("UPDATE sqlite_sequence SET seq = 4 WHERE name = 'audit'")
    assert audit.verify(store).faults == []
    noted = audit.noted_head()
    assert noted is not None
    assert audit.verify(store, noted).faults == ["the audit line 6, seen before with its seal, is gone"]
    [check] = [check for check in examine() if check.name == "audit"]
    assert (check.passed, check.found) == (False, "line 6 is gone or another")
    store.audit("owner", "forget", "new", {})
    store.audit("owner", "forget", "new", {})
    assert audit.verify(store, noted).faults == [
        "the audit line 6, seen before with its seal, is another than it was"
    ]


def test_the_head_is_noted_once_and_never_moves_back(store: SqlStore) -> None:
    audit.note_head(store)
    noted = audit.noted_head()
    assert noted is not None
    assert noted.seq == LINES
    change("DELETE FROM audit WHERE seq > 2")
    audit.note_head(store)
    assert audit.noted_head() == noted
    (paths.state_dir() / "audit.head").write_text("7:abc")
    with pytest.raises(CorruptedError, match="no head of an audit"):
        audit.noted_head()


def test_lines_from_before_there_were_seals_are_covered_by_the_first_sealed_one(store: SqlStore) -> None:
    change("UPDATE audit SET digest = ''")
    assert audit.verify(store).faults == [], "none is sealed yet"
    store.audit("owner", "retire", "x", {})
    assert audit.verify(store).faults == []
    change("UPDATE audit SET subject = 'other' WHERE seq = 2")
    assert "line 7 is not" in audit.verify(store).faults[0]


def test_the_command_verifies_and_exports(store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "verify", "--json"]) == 0
    head = json.loads(capsys.readouterr().out)["head"]
    assert cli.main(["audit", "export"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["details"]["count"] for line in lines] == list(range(LINES))
    assert f"{lines[-1]['seq']}:{lines[-1]['digest']}" == head
    change("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    assert cli.main(["audit", "verify", "--head", head]) == CorruptedError.exit_code
    assert "FAIL the audit line 3 is not as it was written" in capsys.readouterr().out
    assert cli.main(["audit", "verify", "--head", "x"]) == InputError.exit_code


LINE = st.tuples(
    *(st.integers(1, 9) for _ in range(3)), *(st.sampled_from(["a", "b", 'a","b', ""]) for _ in range(4))
)


@given(LINE, LINE)
def test_two_lines_have_one_seal_only_when_they_are_the_same(
    one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    assert (auditing.seal("", one) == auditing.seal("", other)) == (one == other)
