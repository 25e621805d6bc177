"""Small files written whole or not at all, without the locks that need a package."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from clawcortex.errors import DiskFullError, ReadOnlyError, StorageError

FULL = {28, 122}  # ENOSPC, EDQUOT
REFUSED = {1, 13, 30}  # EPERM, EACCES, EROFS


def write_text(path: Path, text: str, *, mode: int = 0o600) -> bool:
    """Write the file in one step unless it holds this text already; return whether it was written."""
    target = path.resolve()  # a symlink stays one: what it points to is replaced
    try:
        if (
            target.exists()
            and target.read_text(encoding="utf-8") == text
            and target.stat().st_mode & 0o777 == mode
        ):
            return False
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise refusal(error, target) from error
    return True


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file of ours holds; nothing when it is absent or was cut short."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> bool:
    """Write a file of ours; return whether it changed."""
    return write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def refusal(error: OSError, path: Path) -> StorageError:
    """Name what the disk refused."""
    if error.errno in FULL:
        return DiskFullError(f"No space left to write {path}")
    if error.errno in REFUSED:
        return ReadOnlyError(f"{path} cannot be written: {error.strerror}")
    return StorageError(f"{path} cannot be written: {error.strerror}")
