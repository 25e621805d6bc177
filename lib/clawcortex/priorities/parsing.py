"""PRIORITIES.md read line by line; `Document.lines` joined is the file again, whatever stands in it.

An item is a line that begins with a number, or with a checkbox, and what is indented below it. A person's own
items (without our id) count outside sections for something else: notes, archive, done. Code, comments and
quotes hold no items; items between the markers of an unfinished git merge are read and never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from clawcortex.priorities.records import FIELDS, Action, Priority
from clawcortex.text.terms import fold

LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
ID = re.compile(r"[ \t]*<!-- clawcortex:([0-9A-Za-z]{6,40}) -->")
NOTED = re.compile(r"<!-- clawcortex:conflict (\w+) -->")
HEAD = re.compile(
    r"(?P<lead>\ufeff? ?(?:(?P<number>\d{1,9})[.)]|[-*+](?=[ \t]+\[[ xX]\][ \t]))[ \t]+)"
    r"(?P<box>\[[ xX]\][ \t]+)?(?P<rest>.*)"
)
FIELD = re.compile(
    rf"(?P<lead>[ \t]+[-*+][ \t]+(?P<bold>\*\*|__)?(?P<name>{'|'.join(FIELDS)})"
    r"(?:(?P=bold):|:(?P=bold)|(?(bold)(?!)|:)))(?P<value>.*)",
    re.IGNORECASE,
)
BOX = re.compile(
    r"(?P<lead>[ \t]+(?:[-*+]|\d{1,9}[.)])[ \t]+\[)(?P<mark>[ xX])(?P<close>\](?:[ \t]+|$))(?P<rest>.*)"
)
_VALUE = r"(?:\\.|[^\\(),])+"
SUFFIX = re.compile(
    rf"[ \t]+\((?:owner: (?P<owner>{_VALUE})(?:, due: (?P<due>{_VALUE}))?|due: (?P<only>{_VALUE}))\)$",
    re.IGNORECASE,
)
ASIDE = re.compile(r"\b(?:notes?|reference|background|how|log|appendix|conflicts?)\b")
PUT_AWAY = re.compile(r"\b(?:done|completed|finished|archived?)\b")
_BODY = re.compile(r"(?: {2}| ?\t)[ \t]*\S")
_HEADING = re.compile(r"\ufeff? {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(slots=True)
class Box:
    """An action where it stands: its line, and the line behind what is indented below it."""

    line: int
    end: int
    action: Action


@dataclass(slots=True)
class Item:
    """A priority where it stands: lines from `start` to before `end`."""

    start: int
    end: int
    priority: Priority
    number: int | None
    frozen: bool = False
    aside: bool = False
    """Under a heading where a person's own numbers are no priorities, and where no new one goes."""
    put_away: bool = False
    """Under a heading for what is done."""
    slots: dict[str, int] = field(default_factory=dict)
    """The line of each field, empty ones too."""
    boxes: list[Box] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Return whether it is a priority: ours wherever it is moved, a person's own unless it is put aside."""
        return bool(self.priority.id) or not self.aside


@dataclass(slots=True)
class Document:
    """A file: all its lines with their ends, and the items among them."""

    lines: list[str]
    items: list[Item]
    frozen: set[int]
    """Lines between the markers of an unfinished merge, the markers too."""
    hidden: set[int]
    """Lines of code and comments."""
    asides: list[int]
    """Headings of sections that put things aside."""

    @property
    def eol(self) -> str:
        """Return how lines end here: as the first does."""
        first = self.lines[0] if self.lines else "\n"
        return first[len(first.rstrip("\r\n")) :] or "\n"

    @property
    def priorities(self) -> list[Priority]:
        """Return what stands in it, in its order."""
        return [item.priority for item in self.items if item.counts]

    def __str__(self) -> str:
        return "".join(self.lines)


def parse(text: str) -> Document:
    """Read a file's text; nothing in it is refused."""
    lines = LINE.findall(text)
    hidden, frozen = _covered(lines)
    document = Document(lines, [], frozen, hidden, [])
    levels: list[tuple[int, bool, bool]] = []
    seen: set[str] = set()
    number = 0
    while number < len(lines):
        line = lines[number].rstrip("\r\n")
        end = number + 1
        if number not in hidden:
            if heading := _HEADING.match(line):
                level = len(heading[1])
                levels = [one for one in levels if one[0] < level]
                title = fold(heading[2] or "")
                away = bool(PUT_AWAY.search(title))
                levels.append((level, away or bool(ASIDE.search(title)), away))
                if levels[-1][1]:
                    document.asides.append(number)
            elif head := HEAD.fullmatch(line):
                end = _end(lines, end)
                item = _item(document, number, end, head, seen)
                item.aside = any(aside for _, aside, _ in levels)
                item.put_away = any(away for _, _, away in levels)
                if item.priority.id or item.priority.text:
                    document.items.append(item)
        number = end
    return document


def _item(document: Document, start: int, end: int, head: re.Match[str], seen: set[str]) -> Item:
    text, done = shown(head["rest"])
    done = done or (head["box"] or "").strip() in ("[x]", "[X]")
    number = int(head["number"]) if head["number"] else None
    item = Item(start, end, Priority(text, id=_id(head["rest"], seen)), number, start in document.frozen)
    found: dict[str, str] = {}
    for line in range(start + 1, end):
        body = document.lines[line].rstrip("\r\n")
        if line in document.hidden:
            continue
        if (named := FIELD.fullmatch(body)) and named["name"].lower() not in item.slots:
            name = named["name"].lower()
            item.slots[name] = line
            if value := unescaped(named["value"].strip()):
                found[name] = value
        elif box := BOX.fullmatch(body):
            item.boxes.append(Box(line, _below(document.lines, line, end), _action(box, seen)))
    item.priority = replace(
        item.priority,
        theme=found.get("theme"),
        owner=found.get("owner"),
        due=found.get("due"),
        status="done" if done else found.get("status"),
        actions=tuple(one.action for one in item.boxes),
    )
    return item


def _action(box: re.Match[str], seen: set[str]) -> Action:
    raw = ID.sub("", box["rest"]).strip()
    suffix = SUFFIX.search(raw)
    owner = suffix["owner"] if suffix else None
    due = (suffix["due"] or suffix["only"]) if suffix else None
    text, _ = shown(raw[: suffix.start()] if suffix else raw)
    return Action(
        text,
        box["mark"] != " ",
        unescaped(owner.strip()) if owner else None,
        unescaped(due.strip()) if due else None,
        _id(box["rest"], seen),
    )


def _id(rest: str, seen: set[str]) -> str:
    """Return the hidden id; of an item that was copied only the first keeps it."""
    named = ID.search(rest)
    if not named or named[1] in seen:
        return ""
    seen.add(named[1])
    return named[1]


def shown(raw: str) -> tuple[str, bool]:
    """Return a text without its id, bold and escapes, and whether it is struck out."""
    bare = ID.sub("", raw).strip()
    struck = len(bare) > 4 and bare.startswith("~~") and bare.endswith("~~")
    bare = bare[2:-2] if struck else bare
    if len(bare) > 4 and bare.startswith("**") and bare.endswith("**"):
        bare = bare[2:-2]
    return unescaped(bare.strip()), struck


def unescaped(raw: str) -> str:
    """Return a text without Markdown's backslashes."""
    return _ESCAPED.sub(r"\1", raw)


def _end(lines: list[str], start: int) -> int:
    """Return the line behind what is indented; blank lines count when more of it follows."""
    end = start
    for number in range(start, len(lines)):
        if _BODY.match(lines[number]):
            end = number + 1
        elif lines[number].strip():
            break
    return end


def _below(lines: list[str], line: int, limit: int) -> int:
    depth = _depth(lines[line])
    end = line + 1
    while end < limit and lines[end].strip() and _depth(lines[end]) > depth:
        end += 1
    return end


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _covered(lines: list[str]) -> tuple[set[int], set[int]]:
    """Return lines of code and comments, and those of unfinished merges; what never ends covers nothing."""
    hidden: set[int] = set()
    for first, last in _spans(lines):
        hidden.update(range(first, last + 1))
    frozen: set[int] = set()
    opened: int | None = None
    for number, line in enumerate(lines):
        if line.startswith("<<<<<<<"):
            opened = number
        elif line.startswith(">>>>>>>") and opened is not None:
            frozen.update(range(opened, number + 1))
            opened = None
    return hidden, frozen


def _spans(lines: list[str]) -> Iterator[tuple[int, int]]:
    endless: set[str] = set()
    number = 0
    while number < len(lines):
        line = lines[number].rstrip("\r\n")
        sign = ""
        if fence := _FENCE.match(line):
            sign = fence[1]
        elif "<!--" in line and "-->" not in line[line.rindex("<!--") :]:
            sign = "-->"
        if sign and sign not in endless:
            closing = next((n for n in range(number + 1, len(lines)) if _closes(lines[n], sign)), None)
            if closing is None:
                endless.add(sign)
            else:
                yield number, closing
                number = closing
        number += 1


def _closes(line: str, sign: str) -> bool:
    if sign == "-->":
        return sign in ID.sub("", NOTED.sub("", line))  # an item in a comment brings its own
    bare = line.strip()
    return bare.startswith(sign) and not bare.strip(sign[0])
