"""PostgreSQL's refusals as our errors, each with the next step. No text of ours names a user or a password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from clawcortex.errors import (
    ClawcortexError,
    ConflictError,
    CorruptedError,
    DiskFullError,
    InputError,
    LockedError,
    ReadOnlyError,
    SettingsError,
    StorageError,
    UnavailableError,
)

_CREATE = "As an administrator of the server: psql -d DATABASE -c 'CREATE EXTENSION vector'"
_KINDS: dict[str, tuple[type[ClawcortexError], str]] = {
    # by class (two signs) or whole code, see "PostgreSQL Error Codes" in its manual
    "08": (UnavailableError, "Start PostgreSQL, or wait until it is back; nothing acknowledged was lost."),
    "22": (InputError, ""),
    "23": (ConflictError, "What is to be stored contradicts what is stored already."),
    "28": (SettingsError, "Correct the user or password in store_url, or pg_hba.conf on the server."),
    "40": (LockedError, ""),
    "53": (UnavailableError, "The server is out of connections or memory: raise its limits, or call again."),
    "54": (InputError, "A key or name is longer than PostgreSQL can index (2,700 bytes)."),
    "55": (LockedError, ""),
    "57": (UnavailableError, "Start PostgreSQL, or wait until it is back; nothing acknowledged was lost."),
    "XX": (CorruptedError, "Restore the newest backup of the database; the server's log says more."),
    "25006": (
        ReadOnlyError,
        "store_url names a read-only server: give the primary, or end its read-only mode.",
    ),
    "3D000": (SettingsError, "Create it: createdb --encoding=UTF8 --template=template0 DATABASE"),
    "42501": (StorageError, "Give the user of store_url the right: it should own the database."),
    "53100": (DiskFullError, "Free some space on the server's disk; nothing acknowledged was lost."),
    "58P01": (StorageError, f"Install pgvector 0.7 or newer on the server. {_CREATE}"),
}
_AT_CONNECTING = {
    # libpq gives no code for a refusal to connect, only the server's words
    "authentication failed": "28",
    "no pg_hba.conf entry": "28",
    "no password supplied": "28",
    "does not exist": "3D000",
    "too many": "53",
    "remaining connection slots": "53",
}


def translated(error: psycopg.Error, name: str) -> ClawcortexError:
    """Return our error for the driver's."""
    code = error.sqlstate or ""
    words = str(error).strip().partition("\n")[0]
    if not code:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            code = next((code for part, code in _AT_CONNECTING.items() if part in str(error)), "08")
        elif isinstance(error, psycopg.DataError):
            code = "22"
    kind, hint = _KINDS.get(code) or _KINDS.get(code[:2]) or (StorageError, "")
    if code.startswith("28") or code == "3D000":  # the server's words name the user
        words = "the server refused the user or password" if code != "3D000" else "there is no such database"
    return kind(f"{name}: {words}", hint=hint or None)


@contextlib.contextmanager
def faults(name: str) -> Iterator[None]:
    """Raise our errors for whatever PostgreSQL refuses inside the block."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, name) from (None if error.sqlstate is None else error)
    except UnicodeEncodeError as error:
        raise InputError(f"text that is not valid Unicode cannot be stored: {error.reason}") from error
