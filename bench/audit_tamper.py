"""Tamper with the audit trail at random, many times, each time on a fresh copy; count how much of it is found.

Each round does one thing to the table behind the store's back: edits a column of a line, takes lines out anywhere or at
the end, puts one in, or swaps two. In half of the rounds the table's own counter is put right afterwards, so that
only the seals and the head noted beside the database can tell.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.sql.store import SqlStore
from clawcortex.upkeep import audit
from report import emit, progress

COLUMNS = ("schema", "at", "actor", "operation", "subject", "details", "digest")
Tampering = Callable[[sqlite3.Connection, int, random.Random], None]


def edit(raw: sqlite3.Connection, lines: int, chance: random.Random) -> None:
    """Change one column of one line, mostly a little."""
    seq, column = chance.randint(1, lines), chance.choice(COLUMNS)
    (found,) = raw.execute(f"SELECT {column} FROM audit WHERE seq = ?", (seq,)).fetchone()  # noqa: S608 - a constant
    if isinstance(found, int):
        new: object = found + chance.choice([-1, 1, 1_000_000])
    else:
        at = chance.randrange(len(found) + 1)
        new = chance.choice([found[:at] + chance.choice("0aX ") + found[at:], found[:-1], ""])
    new = f"{found}x" if new == found else new
    raw.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (new, seq))  # noqa: S608 - a constant


def take_out(raw: sqlite3.Connection, lines: int, chance: random.Random) -> None:
    """Delete a run of lines from somewhere."""
    first = chance.randint(1, lines)
    raw.execute("DELETE FROM audit WHERE seq BETWEEN ? AND ?", (first, first + chance.choice([0, 0, 1, 5])))


def cut(raw: sqlite3.Connection, lines: int, chance: random.Random) -> None:
    """Delete the newest lines, up to all."""
    raw.execute("DELETE FROM audit WHERE seq > ?", (chance.randrange(lines),))


def put_in(raw: sqlite3.Connection, lines: int, chance: random.Random) -> None:
    """Add a line that nobody wrote: at the end, before the first, or in a gap made for it."""
    seq = chance.choice([lines + 1, lines + 7, 0, -3, chance.randint(1, lines)])
    raw.execute("UPDATE audit SET seq = -seq - 100 WHERE seq >= ?", (seq,))
    raw.execute("UPDATE audit SET seq = -seq - 99 WHERE seq <= -100")
    digest = chance.choice(["", "0" * 64])
    raw.execute("INSERT INTO audit VALUES (?, 1, 0, 'owner', 'forget', 'x', '{}', ?)", (seq, digest))


def swap(raw: sqlite3.Connection, lines: int, chance: random.Random) -> None:
    """Exchange the places of two lines."""
    one, other = chance.sample(range(1, lines + 1), 2)
    raw.execute("UPDATE audit SET seq = -1000000 WHERE seq = ?", (one,))
    raw.execute("UPDATE audit SET seq = ? WHERE seq = ?", (one, other))
    raw.execute("UPDATE audit SET seq = ? WHERE seq = -1000000", (other,))


def written(folder: Path, lines: int) -> Path:
    """Return a database with so many lines, and the head noted."""
    path = folder / "whole.db"
    with closing(open_store(Settings(store_url=f"sqlite:{path}"))) as store:
        for number in range(lines):
            store.audit("owner", "forget", f"id-{number}", {"count": number, "origin": "tool"})
    return path


def found(path: Path, head: audit.Head) -> bool:
    """Return whether verifying says that something is wrong."""
    with closing(open_store(Settings(store_url=f"sqlite:{path}"))) as store:
        return bool(audit.verify(store, head).faults)


def head_of(store: SqlStore) -> audit.Head:
    """Return the newest line of a sound trail; refuse a trail that is not sound."""
    verified = audit.verify(store)
    if verified.faults:
        raise SystemExit(f"an untouched trail was said to be changed: {verified.faults}")
    return audit.parse_head(verified.head)


def measure(rounds: int, lines: int, seed: int) -> dict[str, float]:
    """Return the share of tamperings that were found, in all and of each sort."""
    chance = random.Random(seed)
    sorts: dict[str, Tampering] = {
        "edit": edit,
        "take_out": take_out,
        "cut": cut,
        "put_in": put_in,
        "swap": swap,
    }
    done: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        whole = written(Path(name), lines)
        with closing(open_store(Settings(store_url=f"sqlite:{whole}"))) as store:
            head = head_of(store)
        for number in range(rounds):
            copy = Path(name) / "copy.db"
            for stale in Path(name).glob("copy.db*"):
                stale.unlink()
            shutil.copyfile(whole, copy)
            sort = chance.choice([*sorts])
            with closing(sqlite3.connect(copy)) as raw, raw:
                sorts[sort](raw, lines, chance)
                if chance.random() < 0.5:
                    raw.execute(
                        "UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM audit) WHERE name = 'audit'"
                    )
            done[sort] += 1
            seen[sort] += found(copy, head)
            if number % 100 == 99:
                progress(f"{number + 1} of {rounds}")
    return {
        "found_share": seen.total() / max(1, done.total()),
        **{f"{sort}_found": seen[sort] / done[sort] for sort in sorts if done[sort]},
        "rounds": float(done.total()),
        "lines": float(lines),
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    emit("audit_tamper", measure(chosen.rounds, chosen.lines, chosen.seed), chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
