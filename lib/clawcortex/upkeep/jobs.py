"""The queue as people see it: what waits, what runs, what was given up and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clawcortex.store.sql.store import SqlStore

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Queued:
    """One job; its payload may hold what somebody said, and is not shown."""

    id: str
    kind: str
    state: str
    due: str
    attempts: int
    error: str
    created_at: str
    ended_at: str


def queued(store: SqlStore, *, ended: bool = False) -> Iterator[Queued]:
    """Yield the jobs in the order they came: what waits, runs or was given up; with `ended` also what is done."""
    from clawcortex.store.sql import times
    from clawcortex.store.sql.copying import TABLES

    names = TABLES["jobs"].columns
    after = ""
    while rows := store.dump("jobs", (after,), PAGE):
        for row in rows:
            job = dict(zip(names, row, strict=True))
            if ended or job["state"] != "done":
                due, begun, end = (
                    times.moment(at).isoformat(timespec="seconds") if at else ""
                    for at in (job["due"], job["created_at"], job["ended_at"])
                )
                yield Queued(
                    job["id"], job["kind"], job["state"], due, job["attempts"], job["error"], begun, end
                )
        after = rows[-1][0]
