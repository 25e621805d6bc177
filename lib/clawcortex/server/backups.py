"""The backups of a running server: one each night, and every write since added to it within half a second."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError

if TYPE_CHECKING:
    from clawcortex.server.resources import Opened, Residence
    from clawcortex.upkeep.backup.shipping import Shipping

log = logging.getLogger(__name__)

LOOK_S = 5.0
AGAIN_S = 900.0
"""After a backup that failed, as on a full disk."""
VERIFYING_NICE, VERIFYING_LOOK_S = 10, 0.2
SOON_S = 1.0
"""The server's start is over before its first backup begins."""


class Backups:
    """Follow the store's log and take the backups that are due, in a thread of its own."""

    def __init__(self, residence: Residence, *, failed: Callable[[], None]) -> None:
        self._residence = residence
        self._failed = failed
        self._stopping = threading.Event()
        self._shipping: Shipping | None = None
        self._thread = threading.Thread(target=self._run, name="backups", daemon=True)

    def start(self) -> None:
        """Begin, unless the settings say that backups are taken by hand."""
        if self._residence.settings.backup_nightly:
            self._thread.start()

    def begin_stopping(self) -> None:
        """Take no further backup."""
        self._stopping.set()

    def stop(self, seconds: float) -> bool:
        """Ship the rest, so that the next server goes on with it; return whether that ended in time."""
        self.begin_stopping()
        if self._thread.ident is None:
            return True
        self._thread.join(seconds)
        opened, shipping = self._residence.peek(), self._shipping
        if opened is None or shipping is None:
            return not self._thread.is_alive()
        from clawcortex.store.sqlite.store import SqliteStore

        store = opened.resources.store
        if isinstance(store, SqliteStore):
            try:
                store.checkpoint()
            except ClawcortexError as error:
                log.warning("the log could not be emptied: %s", error)
            store.follow_log(None)
        shipping.stop()
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait = SOON_S
        while not self._stopping.wait(wait):
            try:
                wait = self._round(self._residence.opened())
            except Exception as error:  # the thread outlives every fault: logged, counted, retried
                wait = AGAIN_S
                self._failed()
                typed = isinstance(error, ClawcortexError)
                log.warning("no backup was taken: %s", error, exc_info=not typed)

    def _round(self, opened: Opened) -> float:
        """Take what is due; return the seconds until the next look: long where even a new backup is not followed."""
        self._follow(opened)
        return LOOK_S if self._take_due(opened) else AGAIN_S

    def _follow(self, opened: Opened) -> None:
        """Ship what is written from now on; go on where the last server ended."""
        from clawcortex.store.sqlite.store import SqliteStore
        from clawcortex.upkeep.backup import shelf
        from clawcortex.upkeep.backup.keys import load_key
        from clawcortex.upkeep.backup.shipping import Shipping

        store, settings = opened.resources.store, self._residence.settings
        if self._shipping is not None or not isinstance(store, SqliteStore):
            return
        shipping = Shipping(store.path, shelf.folder_of(settings), load_key(settings))
        shipping.start()  # where the backups' disk is away, this fails and is tried again
        store.follow_log(shipping)
        self._shipping = shipping

    def _take_due(self, opened: Opened) -> bool:
        """Take the backup that is due, if any; return False when nothing is added to it once it is whole."""
        from clawcortex.upkeep.backup import nightly

        store, settings = opened.resources.store, self._residence.settings
        broken = self._shipping is not None and bool(self._shipping.broken)
        if not broken and not nightly.is_due(settings, store, datetime.now(UTC)):
            return True
        with store.exclusive("backup") as mine:
            if not mine or not (broken or nightly.is_due(settings, store, datetime.now(UTC))):
                return True  # another server of this store is at it, or has just done it
            first = nightly.last_taken(settings, store) is None
            self._take(opened)
            nightly.note(store, datetime.now(UTC))
        followed = self._shipping is None or not self._shipping.broken
        if not broken and not first:
            verify_apart(self._stopping)
        return followed

    def _take(self, opened: Opened) -> None:
        from clawcortex.store.sql.store import SqlStore
        from clawcortex.upkeep.backup import taking

        shipping, begun = self._shipping, [""]
        resources = opened.resources
        assert isinstance(resources.store, SqlStore)  # noqa: S101 - what open_store gives

        def began(backup: str) -> None:
            begun[0] = backup
            if shipping is not None:
                shipping.begin(backup)

        try:
            made = taking.take(
                self._residence.settings, resources.store, opened.registry, resources.host, began=began
            )
        except BaseException:
            if shipping is not None and begun[0]:
                shipping.abandon(begun[0])
            raise
        if shipping is not None:
            shipping.confirm(made.id)
        log.info("backup %s taken", made.id, extra={"bytes": made.database.bytes + made.files.bytes})


def verify_apart(stopping: threading.Event) -> bool:
    """Restore the newest backup for a try, in a process of its own: it opens a second memory and its model.

    Return whether it was well; also False when it was to stop.
    """
    from clawcortex.launch import environment

    command = [sys.executable, "-m", "clawcortex", "backup", "verify", "--json"]
    with (
        tempfile.TemporaryFile() as told,
        subprocess.Popen(
            command,
            env=environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
        ) as child,
    ):
        os.setpriority(os.PRIO_PROCESS, child.pid, VERIFYING_NICE)
        while child.poll() is None:
            if stopping.wait(VERIFYING_LOOK_S):
                child.kill()
                return False
        told.seek(0)
        said = told.read().decode(errors="replace")[-2_000:]
    if child.returncode:
        log.warning("the backup cannot be restored: %s", said)
    else:
        log.info("the backup was restored for a try")
    return child.returncode == 0
