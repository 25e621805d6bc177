"""The log: JSON lines in one rotated file that only its owner can read."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

from clawcortex import paths

BYTES = 5_000_000
KEPT = 3
FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"


class _PrivateFile(RotatingFileHandler):
    def _open(self) -> TextIO:  # type: ignore[override]  # the base names a wider type
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def configure(level: str) -> None:
    """Send every logger of this process to the file, or to stderr when the file cannot be opened."""
    formatter = JsonFormatter(
        FIELDS,
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        static_fields={"pid": os.getpid()},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )
    try:
        paths.private_folder(paths.log_path().parent)
        target: logging.Handler = _PrivateFile(paths.log_path(), maxBytes=BYTES, backupCount=KEPT)
    except OSError as error:
        target = logging.StreamHandler(sys.stderr)
        target.setFormatter(formatter)
        logging.basicConfig(level=level, handlers=[target], force=True)
        logging.getLogger(__name__).warning("log file %s cannot be opened: %s", paths.log_path(), error)
        return
    target.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[target], force=True)
    for talkative in ("uvicorn", "faiss"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


class CallLog(logging.LoggerAdapter[logging.Logger]):
    """Add the call's fields to each line's own; the standard adapter would drop the line's."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Merge the fields of the call and of the line."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


def call_log(request_id: str, **fields: str) -> CallLog:
    """Return the logger of one call: every line carries the request id, skill and operation."""
    return CallLog(logging.getLogger("clawcortex.call"), {"request_id": request_id, **fields})
