"""manifest.json of a backup: what is in it, and by what each byte of it is checked."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clawcortex.errors import CorruptedError, SchemaTooNewError, storage_error

NAME = "manifest.json"
VERSION = 1
Digest = str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stored(_Part):
    """One file of the backup as it lies on the disk."""

    name: str
    bytes: int
    sha256: Digest
    plain_bytes: int
    plain_sha256: Digest


class Entry(_Part):
    """One file that is kept in the backup."""

    name: str
    """state/…, or workspace/<agent>/…"""
    bytes: int
    sha256: Digest


class Manifest(_Part):
    """All that is known of one backup without its key."""

    version: int = VERSION
    id: str
    taken_at: datetime
    """When the copy of the database stood; every write acknowledged before it is in it."""
    clawcortex: str
    kind: Literal["sqlite", "postgresql"]
    schema_number: int
    """Of the database."""
    counts: dict[str, int]
    """Rows of each table."""
    generation: int
    audit_head: str
    encrypted: bool
    database: Stored
    files: Stored
    entries: list[Entry]
    workspaces: dict[str, str]
    """Where each agent's workspace was."""
    warnings: list[str] = Field(default_factory=list)


def as_bytes(manifest: Manifest) -> bytes:
    """Return the manifest with its seal; these bytes and no others are read again."""
    body = manifest.model_dump_json(indent=1)
    seal = hashlib.sha256(body.encode()).hexdigest()
    return (body + "\n" + json.dumps({"sha256": seal}) + "\n").encode()


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup; CorruptedError when it is not as it was written."""
    path = folder / NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from error
    body, _, _ = raw.decode("utf-8", "replace").removesuffix("\n").rpartition("\n")
    try:
        if json.loads(body).get("version", VERSION) > VERSION:
            raise SchemaTooNewError(f"{path} was written by a newer clawcortex")
        found = Manifest.model_validate_json(body)
    except (ValueError, AttributeError, ValidationError) as error:
        raise CorruptedError(
            f"{path} is damaged", hint="Use another backup: `clawcortex backup list`."
        ) from error
    if as_bytes(found) != raw:
        raise CorruptedError(
            f"{path} is not as it was written", hint="Use another backup: `clawcortex backup list`."
        )
    return found
