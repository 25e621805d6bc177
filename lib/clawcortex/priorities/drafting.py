"""A document with lines changed in place: what is not named stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from clawcortex.priorities import rendering
from clawcortex.priorities.parsing import BOX, FIELD, HEAD, ID, NOTED, SUFFIX, Box, Document, Item
from clawcortex.priorities.records import FIELDS, Action, Priority, Value
from clawcortex.text.markdown import escaped

_NUMBER = re.compile(r"\d+")


class Draft:
    """Gather changes to a document; `text()` is the file with all of them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._changed: dict[int, str] = {}
        self._behind: dict[int, list[str]] = {}

    def text(self) -> str:
        """Return the file's new text; a file without a last line break stays without."""
        lines, eol = self.document.lines, self.document.eol
        out: list[str] = [f"{new}{eol}" for new in self._behind.get(-1, ())]
        if out and lines and lines[0].startswith("\ufeff"):
            out[0] = f"\ufeff{out[0]}"
        for number, line in enumerate(lines):
            shown = self._changed.get(number, line)
            if number == 0 and out:
                shown = shown.removeprefix("\ufeff")
            out.append(shown)
            if new := self._behind.get(number):
                end = shown[len(shown.rstrip("\r\n")) :]
                out[-1] += "" if end else eol
                out += [f"{one}{end or eol}" for one in new]
                if not end:
                    out[-1] = out[-1][: -len(eol)]
        return "".join(out)

    def adopt(self, line: int, key: str) -> None:
        """Give a person's item or action an id, behind what stands on its line."""
        self._edit(line, lambda text: f"{ID.sub('', text)}{rendering.mark(key)}")

    def reword(self, item: Item, text: str) -> None:
        """Change an item's own line."""

        def changed(line: str) -> str:
            head = HEAD.fullmatch(line)
            lead = (head["lead"] + (head["box"] or "")) if head else ""
            named = ID.search(line)
            return f"{lead}{rendering.titled(text, named[1] if named else '')}"

        self._edit(item.start, changed)

    def set_field(self, item: Item, name: str, value: Value) -> None:
        """Change the line of a field, or add it where it belongs."""
        if name in item.slots:

            def changed(line: str) -> str:
                named = FIELD.fullmatch(line)
                return f"{named['lead'] if named else line} {escaped(value)}"

            self._edit(item.slots[name], changed)
            return
        before = [line for one, line in item.slots.items() if FIELDS.index(one) < FIELDS.index(name)]
        self._insert(max(before, default=item.start), [rendering.field(name, value, self._indent(item))])

    def set_action(self, box: Box, action: Action) -> None:
        """Change an action's owner and due date, and its words where they differ; the rest of its line stays."""

        def changed(line: str) -> str:
            found = BOX.fullmatch(line)
            rest = found["rest"] if found else ""
            named = ID.search(rest)
            raw = ID.sub("", rest).strip()
            suffix = SUFFIX.search(raw)
            words = raw[: suffix.start()] if suffix else raw
            if action.text != box.action.text:
                words = rendering.worded(action.text)
            told = rendering.ended(words, action.owner, action.due)
            return f"{line[: len(line) - len(rest)]}{told}{rendering.mark(named[1] if named else '')}"

        self._edit(box.line, changed)

    def tick(self, box: Box, *, done: bool) -> None:
        """Check or uncheck a box; nothing else of its line changes."""
        mark = "x" if done else " "
        self._edit(box.line, lambda line: BOX.sub(rf"\g<lead>{mark}\g<close>\g<rest>", line))

    def add_action(self, item: Item, action: Action) -> None:
        """Put an action behind the others of its item."""
        fields = max(item.slots.values(), default=item.start)
        last = item.boxes[-1].end - 1 if item.boxes else fields
        self._insert(
            max(last, fields) if item.boxes else last, [rendering.action(action, self._indent(item))]
        )

    def add(self, new: Sequence[Priority]) -> None:
        """Put new items before those that hold their ranks, the others behind the last of the list."""
        listed = [item for item in self.document.items if not item.aside]
        numbered = [item for item in listed if item.number is not None]
        ranks = [] if self.document.frozen else [item for item in numbered if item.priority.is_open]
        ranked = [one for one in new if one.rank is not None and 0 < one.rank <= len(ranks)]
        for before, priority in enumerate(sorted(ranked, key=lambda one: one.rank or 0)):
            here = ranks[max(0, (priority.rank or 1) - 1 - before)]
            self._insert(here.start - 1, rendering.item(priority, here.number or 1))
            self._renumber(numbered, here)
        number = max((item.number or 0 for item in numbered), default=0)
        rest = [one for one in new if one not in ranked]
        lines = [line for count, one in enumerate(rest, number + 1) for line in rendering.item(one, count)]
        if lines and listed:
            self._follow(listed[-1], lines)
        elif lines:
            self._open(lines)

    def note_conflicts(self, lines: Sequence[str]) -> None:
        """List conflicts at the end of the file, behind those that stand there."""
        listed = [number for number, line in enumerate(self.document.lines) if NOTED.search(line)]
        titled = [
            number
            for number, line in enumerate(self.document.lines)
            if line.strip() == rendering.CONFLICTS and number not in self.document.hidden
        ]
        known = [*listed, *titled]
        if known:
            start = max(known)
            gap = [] if start in listed else [""]
            self._insert(self._outside(start), [*gap, *lines])
        else:
            self._append([rendering.CONFLICTS, "", *lines])

    def _follow(self, last: Item, lines: list[str]) -> None:
        """Go on behind an item, apart from what a person wrote right below it."""
        written = self.document.lines
        line = self._outside(last.end - 1)
        spaced = last is not self.document.items[0] and not written[last.start - 1].strip()
        below = written[line + 1].strip() if line + 1 < len(written) else ""
        apart = below and not HEAD.match(written[line + 1])
        self._insert(line, [*([""] if spaced else []), *lines, *([""] if apart else [])])

    def _open(self, lines: list[str]) -> None:
        """Begin the list: before the first section that puts things aside, else at the end."""
        document = self.document
        if not "".join(document.lines).strip("\ufeff \t\r\n"):
            self._append([rendering.TITLE, "", *lines])
        elif asides := [line for line in document.asides if line not in document.frozen]:
            line = asides[0] - 1
            above = line >= 0 and document.lines[line].strip("\ufeff \t\r\n")
            self._insert(line, [*([""] if above else []), *lines, ""])
        else:
            self._append(lines)

    def _append(self, lines: list[str]) -> None:
        document = self.document
        last = len(document.lines) - 1
        held = self._behind.get(last)
        blank = held[-1] == "" if held else last < 0 or not document.lines[last].strip("\ufeff \t\r\n")
        self._insert(last, lines if blank else ["", *lines])

    def _renumber(self, numbered: list[Item], first: Item) -> None:
        """Count on behind a new item, where the list counted one by one."""
        numbers = [item.number or 0 for item in numbered]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            return
        for item in numbered[numbered.index(first) :]:
            number = str((item.number or 0) + 1)
            item.number = int(number)
            self._edit(item.start, partial(_NUMBER.sub, number, count=1))

    def _outside(self, line: int) -> int:
        """Return the line, or the last one of the code, comment or unfinished merge that goes on behind it."""
        for covered in (self.document.hidden, self.document.frozen, self.document.hidden):
            while line in covered and line + 1 in covered:
                line += 1
        return line

    def _indent(self, item: Item) -> str:
        for line in sorted([*item.slots.values(), *(box.line for box in item.boxes)]):
            text = self.document.lines[line]
            return text[: len(text) - len(text.lstrip(" \t"))]
        return " " * max(2, len(f"{item.number}. ") if item.number is not None else 2)

    def _insert(self, line: int, new: Sequence[str]) -> None:
        self._behind.setdefault(line, []).extend(new)

    def _edit(self, line: int, change: Callable[[str], str]) -> None:
        shown = self._changed.get(line, self.document.lines[line])
        bare = shown.rstrip("\r\n")
        self._changed[line] = change(bare) + shown[len(bare) :]
