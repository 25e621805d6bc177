"""Every committed write to the backups' disk within half a second, as long as the server lives.

The store's writer tells when it committed, and asks before it lets SQLite begin the log anew: then all of it must be
shipped. Whatever else happens to the log (another program wrote it into the database) breaks the stream, and
whoever watches `broken` takes a new backup to begin another.
"""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from clawcortex.errors import ClawcortexError, storage_error
from clawcortex.store.sqlite import wal
from clawcortex.upkeep.backup import shelf
from clawcortex.upkeep.backup.keys import Key
from clawcortex.upkeep.backup.tracks import Track, identity, resumed

log = logging.getLogger(__name__)

LOOK_S = 0.4
"""What nobody tells of is seen after this."""
PAUSE_S = 0.1
"""Writes that come closer together share one wait for the disk."""
_WRAP = 1 << 32


class Shipping:
    """Ship a database's log into the streams of one backup, and of two while the next is being taken."""

    def __init__(self, database: Path, folder: Path, key: Key | None) -> None:
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._folder = folder
        self._key = key
        self._changed = threading.Condition()
        self._shipping = threading.Lock()
        self._tracks: list[Track] = []
        self._salts: tuple[int, int] | None = None
        self._sealed = False
        self._frame = 0
        self._asked = self._answered = 0
        self._committed = self._stopping = False
        self.broken = "there is no backup yet that changes could be added to"
        self._thread = threading.Thread(target=self._serve, name="shipping", daemon=True)

    def start(self) -> None:
        """Go on with the newest backup's stream if nothing happened since, and begin to ship."""
        newest = next(
            (one for one in reversed(shelf.ids(self._folder)) if shelf.is_followed(self._folder, one)), ""
        )
        track = resumed(shelf.stream_of(self._folder, newest), self._key, self._database) if newest else None
        if track is not None:
            self._tracks, self._salts, self.broken = [track], track.place.salts, ""
            log.info("changes are added to backup %s again", newest)
        self._thread.start()

    def begin(self, backup: str) -> None:
        """Follow the log for a backup that is about to be taken, beside the one before."""
        with self._shipping:
            if not self._tracks:
                self._salts, self._sealed = None, False
            track = Track(shelf.stream_of(self._folder, backup), self._key)
            self._tracks.append(track)
            if not self._log.exists() or not self._log.stat().st_size:
                track.seal(0, identity(self._database))
        self._ship()

    def confirm(self, backup: str) -> None:
        """Follow for this backup only: it was taken. `broken` stays when the log could not be followed meanwhile."""
        self._ship()
        with self._shipping:
            mine = [track for track in self._tracks if track.stream.name == backup]
            try:
                for track in mine:
                    track.found()
            except OSError as error:
                self._break(storage_error(error, self._folder).message)
                return
            for track in self._tracks:
                if track not in mine:
                    track.close()
            self._tracks = mine
            if mine:
                self.broken = ""

    def abandon(self, backup: str) -> None:
        """Follow for this backup no more: it was not taken."""
        with self._shipping:
            for track in [one for one in self._tracks if one.stream.name == backup]:
                track.close()
                self._tracks.remove(track)
        shutil.rmtree(shelf.stream_of(self._folder, backup), ignore_errors=True)

    # what the store's writer calls

    def committed(self) -> None:
        """Hear that there is something to ship."""
        with self._changed:
            self._committed = True
            self._changed.notify_all()

    def shipped(self, seconds: float) -> bool:
        """Return whether all that was committed is on the backups' disk, waiting so long for it."""
        with self._changed:
            self._asked += 1
            mine = self._asked
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._answered >= mine, seconds)

    def sealed(self, frames: int) -> None:
        """Hear that the log, of so many frames, is in the database, and that the next write begins another."""
        with self._shipping:
            if self._salts is None or not frames:
                return
            try:
                seen = identity(self._database)
                length = frames * self._frame + wal.HEADER_BYTES
                if all(track.seal(length, seen) for track in self._tracks):
                    self._sealed = True
                else:
                    self._break("another program wrote to the database")
            except (OSError, ClawcortexError) as error:
                self._break(str(error))

    def stop(self) -> None:
        """Ship the rest and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        with self._shipping:
            for track in self._tracks:
                track.close()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._committed or self._stopping or self._asked > self._answered, LOOK_S
                )
                self._committed, asked, last = False, self._asked, self._stopping
            self._ship()
            with self._changed:
                self._answered = asked
                self._changed.notify_all()
                if last:
                    return
                self._changed.wait_for(lambda: self._stopping or self._asked > self._answered, PAUSE_S)

    def _ship(self) -> None:
        with self._shipping:
            if not self._tracks:
                return
            try:
                with self._log.open("rb") as file:
                    header = wal.read_header(file.read(wal.HEADER_BYTES))
                    if header is None:
                        return
                    self._frame = header.frame
                    if header.salts != self._salts and not self._turned(header):
                        return
                    for track in self._tracks:
                        track.follow(file, header)
            except FileNotFoundError:
                return  # no log yet
            except (OSError, ClawcortexError) as error:
                typed = storage_error(error, self._folder) if isinstance(error, OSError) else error
                self._break(f"{typed}")

    def _turned(self, header: wal.Header) -> bool:
        """Begin another log, when it is the very next after one that is whole in the database."""
        before = self._salts
        if before is not None:
            whole = self._sealed and all(track.sealed for track in self._tracks)
            if not whole or header.salts[0] != (before[0] + 1) % _WRAP:
                self._break("another program wrote the log into the database")
                return False
            for track in self._tracks:
                track.begin_log()
        self._salts, self._sealed = header.salts, False
        return True

    def _break(self, reason: str) -> None:
        log.warning("changes are added to no backup any more: %s", reason)
        for track in self._tracks:
            track.close()
        self._tracks, self.broken = [], reason
