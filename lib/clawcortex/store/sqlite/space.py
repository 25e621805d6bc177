"""Writes are refused while there is still a little room: a database, its log and its backup need some to go on."""

from __future__ import annotations

import os
import time
from pathlib import Path

from clawcortex.errors import DiskFullError, storage_error

LOOK_S = 0.25
"""So old may be what is known of the disk."""


class Room:
    """The disk under a file, with how much of it stays free."""

    def __init__(self, path: Path, least_mb: int) -> None:
        self._folder = path.parent
        self._least = least_mb * 1_000_000
        self._looked = float("-inf")
        self._free = 0

    def check(self) -> None:
        """Raise DiskFullError when less is free than shall stay; nothing is remembered beyond a moment."""
        if not self._least:
            return
        now = time.monotonic()
        if now - self._looked > LOOK_S or self._free < self._least:
            try:
                found = os.statvfs(self._folder)
            except OSError as error:
                raise storage_error(error, self._folder) from error
            self._free, self._looked = found.f_bavail * found.f_frsize, now
        if self._free < self._least:
            raise DiskFullError(
                f"{self._free // 1_000_000} MB are free at {self._folder}, and {self._least // 1_000_000} MB stay free",
                hint="Free some space; writing goes on by itself. The limit is `least_free_mb` in settings.toml.",
            )
