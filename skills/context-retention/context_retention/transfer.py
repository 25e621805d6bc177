"""Memories as JSON lines: a dated file out, any such file in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clawcortex import paths
from clawcortex.errors import ConflictError, InputError, NotFoundError
from clawcortex.files import write_atomic
from clawcortex.skills.context import Context
from clawcortex.store.records import ChatType, Memory, Provenance, Scope, Selection
from context_retention.forgetting.sealed import read_lines, verify
from context_retention.shapes import Exported, ExportInput, Imported, ImportInput, Moment
from context_retention.writing import Prepared, Saying, prepare, write

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
    superseded_by: str = ""
    valid_to: Moment | None = None
    duplicate_of: str = ""

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
    reader = _Reader(context)
    if file.suffix == ".gz":
        verify(file)  # to its end, before the first line is stored
    for number, raw in enumerate(read_lines(file), start=1):
        reader.take(number, raw)
    reader.finish()
    return Imported(stored=reader.stored, known=reader.known, refused=reader.refused[:REPORTED])


class _Reader:
    """Store lines page by page, then the links between them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._batch: list[tuple[Line, Prepared]] = []
        self._linked: list[tuple[str, Line]] = []
        self._ids: dict[str, str] = {}
        self.stored = self.known = 0
        self.refused: list[str] = []

    def take(self, number: int, raw: bytes) -> None:
        """Take one line; store what was taken when it is a page."""
        try:
            self._batch.append(_read(raw))
        except InputError as error:
            self.refused.append(f"line {number}: {error.message}")
        if len(self._batch) >= PAGE:
            self._flush()

    def finish(self) -> None:
        """Store the rest, and link what was history or a duplicate to what it belongs to."""
        self._flush()
        for identity, line in self._linked:
            named = [self._ids.get(one, one) for one in (line.superseded_by, line.duplicate_of)]
            found = {one.id: one.n for one in self._stored_under([identity, *filter(None, named)])}
            superseded_by, duplicate_of = (one if one in found else "" for one in named)
            if identity in found and (superseded_by or duplicate_of):
                self._context.store.link(
                    found[identity],
                    superseded_by=superseded_by,
                    valid_to=line.valid_to if superseded_by else None,
                    duplicate_of=duplicate_of,
                )

    def _stored_under(self, ids: Iterable[str]) -> list[Memory]:
        wanted = set(ids)
        found = self._context.store.select(Selection(ids=tuple(wanted)), limit=PAGE * PAGE) if wanted else []
        return [memory for memory in found if memory.id in wanted]

    def _flush(self) -> None:
        here = {memory.id for memory in self._stored_under(line.id for line, _ in self._batch)}
        fresh = [(line, prepared) for line, prepared in self._batch if line.id not in here]
        results = write(self._context, [prepared for _, prepared in fresh], "import") if fresh else []
        for (line, _), result in zip(fresh, results, strict=True):
            self._ids[line.id] = result.id
            if result.fresh and (line.superseded_by or line.duplicate_of):
                self._linked.append((result.id, line))
        self.stored += sum(one.fresh for one in results)
        self.known += len(here) + sum(not one.fresh for one in results)
        self._batch.clear()


def _read(raw: bytes) -> tuple[Line, Prepared]:
    try:
        line = Line.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise InputError(f"not JSON: {error}") from error
    if line.version > VERSION:
        raise InputError(f"version {line.version} is newer than {VERSION}", hint="Update clawcortex.")
    return line, prepare(line.saying())  # refuses here, with the line's number, what could not be stored
