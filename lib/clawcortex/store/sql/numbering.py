"""Numbers for what repeats: scopes, sessions and speakers."""

from __future__ import annotations

from dataclasses import dataclass, field

from clawcortex.store.records import ChatType, NewMemory, Scope
from clawcortex.store.sql.connection import Connection

_SCOPE = "agent, channel, account, chat, sender, chat_type"


@dataclass(slots=True)
class Numbers:
    """Find or give numbers inside one transaction; nothing is remembered beyond it."""

    connection: Connection
    _known: dict[tuple[str, ...], int] = field(default_factory=dict)

    def scope(self, scope: Scope) -> int:
        """Return the scope's number."""
        values = (scope.agent, scope.channel, scope.account, scope.chat, scope.sender, scope.chat_type.value)
        return self._number("scopes", _SCOPE, values)

    def session(self, memory: NewMemory) -> int | None:
        """Return the number of the memory's session inside its chat; None without one."""
        if not memory.session:
            return None
        scope = memory.scope
        values = (memory.session, scope.agent, scope.channel, scope.account, scope.chat)
        return self._number("sessions", "name, agent, channel, account, chat", values)

    def speaker(self, name: str) -> int | None:
        """Return the number of the speaker's name; None without one."""
        return self._number("speakers", "name", (name,)) if name else None

    def _number(self, table: str, columns: str, values: tuple[str, ...]) -> int:
        known = self._known.get((table, *values))
        if known is None:
            marks = ", ".join("?" * len(values))
            row = self.connection.execute(
                f"SELECT id FROM {table} WHERE ({columns}) = ({marks})",  # noqa: S608 - names are constants
                values,
            ).fetchone()
            row = (
                row
                or self.connection.execute(
                    f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id",  # noqa: S608 - names are constants
                    values,
                ).fetchone()
            )
            known = self._known[table, *values] = int(row[0])
        return known


def scopes(connection: Connection, after: int) -> dict[int, Scope]:
    """Return every scope by its number."""
    rows = connection.execute(f"SELECT id, {_SCOPE} FROM scopes WHERE id > ? ORDER BY id", (after,))  # noqa: S608 - a constant
    return {
        number: Scope(agent, channel, account, chat, sender, ChatType(chat_type))
        for number, agent, channel, account, chat, sender, chat_type in rows
    }


def sessions(connection: Connection, after: int) -> dict[int, str]:
    """Return every session's name by its number."""
    return dict(
        connection.execute("SELECT id, name FROM sessions WHERE id > ? ORDER BY id", (after,)).fetchall()
    )


def speakers(connection: Connection, after: int) -> dict[int, str]:
    """Return every speaker's name by its number."""
    return dict(
        connection.execute("SELECT id, name FROM speakers WHERE id > ? ORDER BY id", (after,)).fetchall()
    )


def forget_unused(connection: Connection) -> None:
    """Remove the names that no memory bears any more."""
    for table, column in (("scopes", "scope"), ("sessions", "session"), ("speakers", "speaker")):
        connection.execute(
            f"DELETE FROM {table} WHERE id NOT IN"  # noqa: S608 - names are constants
            f" (SELECT {column} FROM memories WHERE {column} IS NOT NULL)"
        )
