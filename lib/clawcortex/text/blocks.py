"""A Markdown file that a person and this program write together: our parts stand between two lines each.

    <!-- clawcortex:begin hour 2026-11-20T08:00Z 3f9a0c1b2d4e5f60 -->
    ...
    <!-- clawcortex:end hour 2026-11-20T08:00Z -->

The number is the hash of what we wrote. Where it does not fit any more, a person has changed the part: it is
theirs and stays, white space at the ends of lines aside. Everything outside is never touched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NAME = r"(?P<kind>[a-z]+) (?P<key>[\w:.-]+)"
BEGIN = re.compile(rf"^<!-- clawcortex:begin {NAME} (?P<hash>[0-9a-f]{{16}}) -->[ \t]*\r?$", re.MULTILINE)
END = re.compile(rf"^<!-- clawcortex:end {NAME} -->[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One of our parts as it stands in a file."""

    key: str
    hash: str
    body: str
    start: int
    end: int

    @property
    def edited(self) -> bool:
        """Return whether a person changed it."""
        return hash_of(self.body) != self.hash


@dataclass(slots=True)
class Merged:
    """A file's new text, and the keys of parts that a person had changed."""

    text: str
    edited: list[str] = field(default_factory=list)


def hash_of(body: str) -> str:
    """Return what tells a changed part from the one that was written."""
    lines = "\n".join(line.rstrip() for line in body.splitlines()).strip()
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def framed(kind: str, key: str, body: str, known: str = "") -> str:
    """Return a part with its two lines; `known` is the hash of what was written before a person changed it."""
    begin = f"<!-- clawcortex:begin {kind} {key} {known or hash_of(body)} -->"
    return f"{begin}\n{body.strip()}\n<!-- clawcortex:end {kind} {key} -->"


def blocks(text: str, kind: str) -> dict[str, Block]:
    """Return our parts of one kind by key; a part whose end is missing, or that stands twice, is a person's."""
    found: dict[str, Block] = {}
    begins = list(BEGIN.finditer(text))
    for number, begin in enumerate(begins):
        limit = begins[number + 1].start() if number + 1 < len(begins) else len(text)
        end = END.search(text, begin.end(), limit)
        named = end is not None and (end["kind"], end["key"]) == (begin["kind"], begin["key"])
        if end is None or not named or begin["kind"] != kind or begin["key"] in found:
            continue
        body = text[begin.end() : end.start()]
        found[begin["key"]] = Block(begin["key"], begin["hash"], body, begin.start(), end.end())
    return found


def merged(text: str, kind: str, bodies: Mapping[str, str], gone: Iterable[str] = ()) -> Merged:
    """Return the file with these parts in it; an empty body removes its part.

    Keys sort as their periods do. Of a part that a person changed only lines go that name a turn in `gone`.
    """
    result = Merged(text)
    forgotten = set(gone)
    for key in sorted(bodies):
        _put(result, kind, key, bodies[key].strip(), forgotten)
    return result


def _put(result: Merged, kind: str, key: str, body: str, forgotten: set[str]) -> None:
    here = blocks(result.text, kind)
    block = here.get(key)
    if block is None:
        if body:
            _insert(result, here, key, framed(kind, key, body))
    elif block.edited:
        result.edited.append(key)
        kept = [line for line in block.body.splitlines() if not _names(line, forgotten)]
        if len(kept) < len(block.body.splitlines()):
            _replace(result, block, framed(kind, key, "\n".join(kept), block.hash))
    elif not body:
        _replace(result, block, "")
    elif hash_of(body) != block.hash:
        _replace(result, block, framed(kind, key, body))


def _names(line: str, turns: set[str]) -> bool:
    return bool(turns) and not turns.isdisjoint(re.findall(r"[0-9A-Z]{26}", line))


def _replace(result: Merged, block: Block, written: str) -> None:
    before, after = result.text[: block.start], result.text[block.end :]
    if not written:
        after = after.lstrip("\r\n")
    result.text = before + written + after


def _insert(result: Merged, here: Mapping[str, Block], key: str, written: str) -> None:
    """Put a new part before the first later one, else behind the last, else at the end."""
    text = result.text
    later = min((block.start for name, block in here.items() if name > key), default=None)
    last = max((block.end for block in here.values()), default=None)
    if later is not None:
        result.text = f"{text[:later]}{written}\n\n{text[later:]}"
    elif last is not None:
        result.text = f"{text[:last]}\n\n{written}{text[last:]}"
    else:
        apart = "\n\n" if text and not text.endswith("\n") else "\n" if text else ""
        result.text = f"{text}{apart}{written}\n"
