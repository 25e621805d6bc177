"""A person who edits PRIORITIES.md by hand, and a reading of the file without the library."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from itertools import count

HEAD = re.compile(r"^\ufeff?\d+\. (.*?)(?: <!-- clawcortex:(\w+) -->)?$")
FIELD = re.compile(r"^ {3,}- (Theme|Owner|Due|Status): (.*)$")
STEP = re.compile(r"^ {3,}- \[([ x])\] (.*?)(?: \(owner: (\w+)\))?(?: <!-- clawcortex:(\w+) -->)?$")
MARK = re.compile(r" <!-- clawcortex:\w+ -->$")


@dataclass(slots=True)
class Stands:
    """An item or step as the judge reads it."""

    name: str
    id: str
    values: dict[str, str] = field(default_factory=dict)
    steps: list[Stands] = field(default_factory=list)


def read(text: str) -> list[Stands]:
    """Read a file without the library."""
    items: list[Stands] = []
    inside = False
    for line in re.split(r"\r?\n", text):
        if head := HEAD.match(line):
            items.append(Stands(head[1], head[2] or ""))
            inside = True
        elif line.startswith("   ") and inside:
            if named := FIELD.match(line):
                items[-1].values[named[1].lower()] = named[2]
            elif step := STEP.match(line):
                values = {"done": step[1]} | ({"owner": step[3]} if step[3] else {})
                items[-1].steps.append(Stands(step[2], step[4] or "", values))
        elif line.strip():
            inside = False
    return items


class Person:
    """Change a file by hand, a few things at a time."""

    def __init__(self, chance: random.Random, words: count[int]) -> None:
        self.chance = chance
        self.words = words

    def edit(self, text: str) -> str:
        """Return the file after one to four edits."""
        eol = "\r\n" if "\r\n" in text else "\n"
        blocks = self._blocks(text.split(eol))
        around = [self._move, self._delete, self._write_between, self._own, self._unlist, self._unmark]
        within = [
            self._reword,
            self._write_below,
            self._set,
            self._unset,
            self._tick,
            self._drop_step,
            self._move_step,
        ]
        edits = [*around, *within, self._set, self._tick]
        for _ in range(self.chance.randint(1, 4)):
            self.chance.choice(edits)(blocks)
        if self.chance.random() < 0.1:
            eol = self.chance.choice(["\n", "\r\n"])
        changed = eol.join(line for block in blocks for line in block)
        if self.chance.random() < 0.1:
            changed = changed.rstrip("\r\n")
        if self.chance.random() < 0.05:
            changed = "\ufeff" + changed.removeprefix("\ufeff")
        return changed

    @staticmethod
    def _blocks(lines: list[str]) -> list[list[str]]:
        blocks: list[list[str]] = []
        for line in lines:
            if blocks and line.startswith("   ") and HEAD.match(blocks[-1][0]):
                blocks[-1].append(line)
            else:
                blocks.append([line])
        return blocks

    def _item(self, blocks: list[list[str]]) -> list[str] | None:
        items = [block for block in blocks if HEAD.match(block[0])]
        return self.chance.choice(items) if items else None

    def _line(self, blocks: list[list[str]], kind: re.Pattern[str]) -> tuple[list[str], int] | None:
        lines = [(block, i) for block in blocks for i, line in enumerate(block) if i and kind.match(line)]
        return self.chance.choice(lines) if lines else None

    def _move(self, blocks: list[list[str]]) -> None:
        if item := self._item(blocks):
            others = [at for at, block in enumerate(blocks) if HEAD.match(block[0])]
            one, other = blocks.index(item), self.chance.choice(others)
            blocks[one], blocks[other] = blocks[other], blocks[one]

    def _reword(self, blocks: list[list[str]]) -> None:
        if item := self._item(blocks):
            head = HEAD.match(item[0])
            if head and head[2]:
                item[0] = item[0].replace(head[1], f"*Mine* number {next(self.words)} & more", 1)

    def _delete(self, blocks: list[list[str]]) -> None:
        if item := self._item(blocks):
            blocks.remove(item)

    def _write_between(self, blocks: list[list[str]]) -> None:
        said = f"free words {next(self.words)}"
        line = self.chance.choice(
            [said, f"## {said}", f"> {said}", f"- {said}", f"**{said}**", f"```\n{said}\n```"]
        )
        blocks.insert(self.chance.randint(1 if blocks else 0, len(blocks)), [line.replace("\n", " ")])

    def _write_below(self, blocks: list[list[str]]) -> None:
        if item := self._item(blocks):
            item.insert(self.chance.randint(1, len(item)), f"   a note, {next(self.words)}")

    def _set(self, blocks: list[list[str]]) -> None:
        if item := self._item(blocks):
            name = self.chance.choice(["Theme", "Owner", "Due", "Status"])
            line = f"   - {name}: mine {next(self.words)}"
            at = [i for i, old in enumerate(item) if (had := FIELD.match(old)) and had[1] == name]
            if at:
                item[at[0]] = line
            else:
                item.insert(1, line)

    def _unset(self, blocks: list[list[str]]) -> None:
        if found := self._line(blocks, FIELD):
            del found[0][found[1]]

    def _tick(self, blocks: list[list[str]]) -> None:
        if found := self._line(blocks, STEP):
            line = found[0][found[1]]
            found[0][found[1]] = (
                line.replace("[ ]", "[x]", 1) if "[ ]" in line else line.replace("[x]", "[ ]", 1)
            )

    def _move_step(self, blocks: list[list[str]]) -> None:
        if (found := self._line(blocks, STEP)) and (item := self._item(blocks)):
            item.append(found[0].pop(found[1]))

    def _drop_step(self, blocks: list[list[str]]) -> None:
        if found := self._line(blocks, STEP):
            del found[0][found[1]]

    def _own(self, blocks: list[list[str]]) -> None:
        at = [i for i, block in enumerate(blocks) if HEAD.match(block[0])]
        lines = [
            f"{self.chance.randint(1, 9)}. My own matter {next(self.words)}",
            f"   - [ ] by hand {next(self.words)}",
        ]
        blocks.insert(at[-1] + 1 if at else len(blocks), lines)

    def _unmark(self, blocks: list[list[str]]) -> None:
        if item := self._item(blocks):
            item[0] = MARK.sub("", item[0])

    def _unlist(self, blocks: list[list[str]]) -> None:
        listed = [block for block in blocks if "clawcortex:conflict" in block[0]]
        if listed:
            blocks.remove(self.chance.choice(listed))
