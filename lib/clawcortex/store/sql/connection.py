"""What the shared SQL asks of a connection, and of the parts that each database builds its own way.

SQL is written once: values are `?`, a list of values is `= ANY(?)`, and each connection says it as its
database does. Nothing else differs: no function here may look at which database it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from clawcortex.store.base import Floats, Ints

Row = tuple[Any, ...]


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """Return how many rows a statement touched."""

    def fetchone(self) -> Any:
        """Return the next row or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


class Connection(Protocol):
    """A connection, lent for one piece of work."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> object:
        """Run one statement for each row of values."""

    def take(self, table: str, count: int) -> int:
        """Reserve so many numbers of a table and return the last one before them.

        They are visible in their order: a transaction with larger ones ends after this one, and who is rolled
        back leaves no gap.
        """

    def last(self, table: str, key: str) -> int:
        """Return the largest number of the table that was ever given."""

    def follow(self, table: str, key: str, last: int) -> None:
        """Let the table's next number be greater than this one, whatever rows were copied into it."""

    def now(self) -> int:
        """Return the present as a stamp, by the one clock that every process of this store shares."""


class Words(Protocol):
    """The full-text part of a database."""

    def insert(self, connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
        """Index (`n`, stems joined by spaces) and count each stem once a memory."""

    def remove(self, connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
        """Take (`n`, stems) out again; the stems must be those that were put in."""

    def matching(self, connection: Connection, terms: Sequence[str], limit: int) -> Ints:
        """Return the `n` of rows with any of the stems, newest first."""

    def frequencies(self, connection: Connection, terms: Sequence[str]) -> dict[str, int]:
        """Return in how many memories each stem stands, 0 included."""


class Vectors(Protocol):
    """The vectors of a database."""

    def put(self, connection: Connection, model: str, positions: Sequence[int], vectors: Floats) -> None:
        """Store vectors of memories that still exist."""

    def remove(self, connection: Connection, positions: Sequence[int]) -> None:
        """Remove the vectors of all models."""

    def drop(self, connection: Connection, model: str) -> int:
        """Remove a model with its vectors, or some of them; return how many, 0 when none was left."""

    def after(
        self, connection: Connection, model: str, start: int, until: int, batch: int
    ) -> tuple[Ints, Floats]:
        """Return the next `n` and vectors, `start` left out, `until` included."""

    def at(self, connection: Connection, model: str, positions: Sequence[int]) -> dict[int, Floats]:
        """Return the vectors of these memories, by `n`."""

    def dump(self, connection: Connection, after: Sequence[Any], limit: int) -> list[tuple[int, int, bytes]]:
        """Return the next (model, n, 16-bit values) in order, greater than `after`."""

    def load(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Store what `dump` gave."""

    def unembedded(self, connection: Connection, model: str, limit: int) -> list[tuple[int, str]]:
        """Return (`n`, text) of memories without a vector of this model, oldest first."""
