"""Memories as records, chosen by position, by selection, or the newest of some scopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clawcortex.store.records import ChatType, Memory, Provenance, Scope, Selection
from clawcortex.store.sql import times
from clawcortex.store.sql.connection import Connection

_MEMORY = """SELECT m.n, m.id, m.turn, m.part, m.text, m.created_at, m.recorded_at, m.scope,
coalesce(sessions.name, ''), coalesce(speakers.name, ''), m.provenance, m.source_ref, m.importance, m.pinned,
m.superseded_by, m.duplicate_of, m.valid_to, scopes.agent, scopes.channel, scopes.account, scopes.chat, scopes.sender,
scopes.chat_type FROM memories m JOIN scopes ON scopes.id = m.scope
LEFT JOIN sessions ON sessions.id = m.session LEFT JOIN speakers ON speakers.id = m.speaker"""


def _memories(rows: Iterable[tuple[Any, ...]]) -> list[Memory]:
    scopes: dict[int, Scope] = {}
    found = []
    for row in rows:
        scope = scopes.get(row[7])
        if scope is None:
            agent, channel, account, chat, sender, chat_type = row[17:]
            scope = scopes[row[7]] = Scope(agent, channel, account, chat, sender, ChatType(chat_type))
        found.append(
            Memory(
                n=row[0],
                id=row[1],
                turn=row[2],
                part=row[3],
                text=row[4],
                created_at=times.moment(row[5]),
                recorded_at=times.moment(row[6]),
                scope=scope,
                session=row[8],
                speaker=row[9],
                provenance=Provenance(row[10]),
                source_ref=row[11],
                importance=row[12],
                pinned=bool(row[13]),
                superseded_by=row[14],
                duplicate_of=row[15],
                valid_to=None if row[16] is None else times.moment(row[16]),
            )
        )
    return found


def rows(connection: Connection, positions: Sequence[int]) -> list[Memory]:
    """Return the memories at these `n`, in the order asked."""
    wanted = [int(n) for n in positions]
    cursor = connection.execute(
        f"{_MEMORY} WHERE m.n = ANY(?)",
        (wanted,),
    )
    by_n = {memory.n: memory for memory in _memories(cursor)}
    return [by_n[n] for n in wanted if n in by_n]


def condition(selection: Selection) -> tuple[str, list[object]]:
    """Return the WHERE clause of a selection over `memories m`, and its values."""
    clauses: list[str] = ["m.n > ?"]
    values: list[object] = [selection.after]
    asked: list[tuple[object, str, list[object]]] = [
        (
            selection.ids,
            "m.n IN (SELECT n FROM memories WHERE id = ANY(?) UNION SELECT n FROM memories WHERE turn = ANY(?))",
            [list(selection.ids)] * 2,
        ),
        (
            selection.positions,
            "m.n = ANY(?)",
            [[*map(int, selection.positions)]],
        ),
        (
            selection.superseded_by,
            "m.superseded_by <> '' AND m.superseded_by = ANY(?)",
            [list(selection.superseded_by)],
        ),
        (selection.session, "m.session IN (SELECT id FROM sessions WHERE name = ?)", [selection.session]),
        (selection.agent, "m.scope IN (SELECT id FROM scopes WHERE agent = ?)", [selection.agent]),
        (selection.chat, "m.scope IN (SELECT id FROM scopes WHERE chat = ?)", [selection.chat]),
    ]
    for given, clause, bound in asked:
        if given:
            clauses.append(clause)
            values += bound
    if selection.since is not None:
        clauses.append("m.created_at >= ?")
        values.append(times.stamp(selection.since))
    if selection.until is not None:
        clauses.append("m.created_at < ?")
        values.append(times.stamp(selection.until))
    return " AND ".join(clauses), values


def select(connection: Connection, selection: Selection, limit: int) -> list[Memory]:
    """Return what the selection matches, in the order of storing."""
    where, values = condition(selection)
    sql = f"{_MEMORY} WHERE {where} ORDER BY m.n LIMIT ?"
    return _memories(connection.execute(sql, (*values, limit)))


def newest(connection: Connection, scopes: Sequence[int], session: str, limit: int) -> list[Memory]:
    """Return the newest memories of these scopes, oldest of them first."""
    # One walk down the index a scope: a single ORDER BY over many scopes would sort all their rows.
    within = " AND session IN (SELECT id FROM sessions WHERE name = ?)" if session else ""
    sql = f"SELECT n FROM memories WHERE scope = ?{within} ORDER BY n DESC LIMIT ?"  # noqa: S608 - constants
    values = (session, limit) if session else (limit,)
    found = [n for scope in set(scopes) for (n,) in connection.execute(sql, (int(scope), *values))]
    return rows(connection, sorted(found)[-limit:] if limit > 0 else [])


def count(connection: Connection) -> int:
    """Return the number of memories."""
    return int(connection.execute("SELECT count(*) FROM memories").fetchone()[0])
