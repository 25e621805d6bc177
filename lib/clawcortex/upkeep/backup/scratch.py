"""A restored database opened where it harms nobody: a file in a scratch folder, a scratch database on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager

from clawcortex.errors import DeniedError
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.sql.store import SqlStore
from clawcortex.upkeep.backup import copies
from clawcortex.upkeep.backup.unpacking import DATABASE, Unpacked


@contextmanager
def opened(settings: Settings, unpacked: Unpacked) -> Iterator[SqlStore]:
    """Lend the restored store."""
    if unpacked.database.name == DATABASE:
        with closing(
            open_store(settings.model_copy(update={"store_url": f"sqlite:{unpacked.database}"}))
        ) as store:
            yield store
        return
    with _database(settings) as elsewhere:
        with unpacked.database.open("rb") as plain:
            copies.load_dump(elsewhere, plain)
        with closing(open_store(elsewhere)) as store:
            yield store


@contextmanager
def _database(settings: Settings) -> Iterator[Settings]:
    """Make an empty database on the same server, and remove it."""
    import psycopg
    from psycopg import sql
    from psycopg.conninfo import make_conninfo

    name = f"clawcortex_verify_{secrets.token_hex(4)}"
    with psycopg.connect(settings.store_url, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise DeniedError(
                f"no scratch database can be made to restore into: {error}",
                hint="Let a superuser run: ALTER ROLE <the role of store_url> CREATEDB",
            ) from error
        try:
            yield settings.model_copy(
                update={"store_url": _url(make_conninfo(settings.store_url, dbname=name))}
            )
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _url(conninfo: str) -> str:
    """Return a connection's parameters as a URL, the form that store_url takes."""
    from urllib.parse import quote

    from psycopg.conninfo import conninfo_to_dict

    given = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    database = quote(given.pop("dbname", ""), safe="")
    rest = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in given.items())
    return f"postgresql:///{database}?{rest}"
