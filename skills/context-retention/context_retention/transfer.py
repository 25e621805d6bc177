"""Memories as JSON lines: a dated file out, any such file in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clawcortex import paths
from clawcortex.errors import ConflictError, InputError, NotFoundError
from clawcortex.files import write_atomic
from clawcortex.skills.context import Context
from clawcortex.store.records import ChatType, Memory, Provenance, Scope, Selection
from context_retention.shapes import Exported, ExportInput, Imported, ImportInput, Moment
from context_retention.writing import Saying, prepare, write

VERSION = 1
PAGE = 1_000
REPORTED = 100


class Line(BaseModel):
    """One memory in an export file."""

    model_config = ConfigDict(extra="forbid")

    version: int = VERSION
    id: str
    text: str
    created_at: Moment
    agent: str
    channel: str
    account: str
    chat: str
    sender: str
    chat_type: ChatType
    session: str
    speaker: str
    provenance: Provenance
    source_ref: str
    importance: float = Field(ge=0, le=1)
    pinned: bool

    @classmethod
    def of(cls, memory: Memory) -> Line:
        """Return a memory as a line."""
        return cls(
            **{name: getattr(memory, name) for name in cls.model_fields if hasattr(memory, name)},
            **asdict(memory.scope),
        )

    def saying(self) -> Saying:
        """Return the line as a saying; its id makes reading it twice store it once."""
        return Saying(
            text=self.text,
            scope=Scope(self.agent, self.channel, self.account, self.chat, self.sender, self.chat_type),
            said_at=self.created_at,
            session=self.session,
            speaker=self.speaker,
            provenance=self.provenance,
            source_ref=self.source_ref,
            importance=self.importance,
            pinned=self.pinned,
            key=f"import:{self.id}",
        )


def _place(given: str, fallback: Path) -> Path:
    return paths.confine(Path(given), paths.state_dir(), Path.home()) if given else fallback


def export_memories(context: Context, request: ExportInput) -> Exported:
    """Write every chosen memory to one file, atomically."""
    stamp = f"{context.now():%Y%m%dT%H%M%SZ}"
    file = _place(request.path, paths.state_dir() / "exports" / f"memories-{stamp}.jsonl")
    if file.exists():
        raise ConflictError(f"{file} exists already", hint="Name a file that does not exist yet.")
    lines: list[str] = []
    after = 0
    while memories := context.store.select(Selection(agent=request.agent, after=after), limit=PAGE):
        lines += [Line.of(memory).model_dump_json() for memory in memories]
        after = memories[-1].n
    content = "".join(line + "\n" for line in lines).encode()
    paths.private_folder(file.parent) if not file.parent.exists() else None
    write_atomic(file, content)
    context.store.audit(context.caller.actor, "export", str(file), {"count": len(lines)})
    return Exported(path=str(file), count=len(lines), sha256=hashlib.sha256(content).hexdigest())


def import_memories(context: Context, request: ImportInput) -> Imported:
    """Store every readable line; a refused one is named with its number and reason."""
    file = _place(request.path, paths.state_dir())
    if not file.is_file():
        raise NotFoundError(f"{file} is not a file", hint="Give the path of a file that `export` wrote.")
    stored = known = 0
    refused: list[str] = []
    batch: list[Saying] = []

    def flush() -> None:
        nonlocal stored, known
        results = write(context, batch, "import") if batch else []
        stored += sum(one.fresh for one in results)
        known += sum(not one.fresh for one in results)
        batch.clear()

    with file.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                batch.append(_read(raw))
            except InputError as error:
                refused.append(f"line {number}: {error.message}")
            if len(batch) >= PAGE:
                flush()
    flush()
    return Imported(stored=stored, known=known, refused=refused[:REPORTED])


def _read(raw: bytes) -> Saying:
    try:
        line = Line.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise InputError(f"not JSON: {error}") from error
    if line.version > VERSION:
        raise InputError(f"version {line.version} is newer than {VERSION}", hint="Update clawcortex.")
    saying = line.saying()
    prepare(saying)  # refuses here, with the line's number, what could not be stored
    return saying
