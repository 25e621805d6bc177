"""What is meant by what is said: an item of the file, one that a person deleted, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from clawcortex.priorities.identity import Alike, find_same
from clawcortex.priorities.ledger import Known, Ledger, key_of
from clawcortex.priorities.parsing import Document, Item
from clawcortex.priorities.records import Action, Priority, agree, fields_of
from clawcortex.text.terms import fold

NewId = Callable[[], str]
Key = TypeVar("Key")


@dataclass(slots=True)
class Said:
    """What is said, by what it means; each item, deleted key and new task stands once."""

    meant: list[tuple[Item, Priority]] = field(default_factory=list)
    deleted: list[tuple[str, Priority]] = field(default_factory=list)
    added: list[Priority] = field(default_factory=list)


class Reader:
    """Find what wordings mean in one file, with what is known from before; changes neither."""

    def __init__(self, document: Document, ledger: Ledger, alike: Alike) -> None:
        self.document = document
        self.ledger = ledger
        self.alike = alike
        self.put_away = put_away(document)

    def read(self, new: Sequence[Priority]) -> Said:
        """Return what each means; two tellings of one are one, the later one's values count."""
        meant: dict[int, Priority] = {}
        deleted: dict[str, Priority] = {}
        added: list[Priority] = []
        for raw in new:
            one = replace(raw, actions=self._distinct(raw.actions))
            if (found := self.find(one, self.document.priorities)) is not None:
                meant[found] = self._joined(meant.get(found), one)
            elif (key := self.find_gone(one)) is not None:
                deleted[key] = self._joined(deleted.get(key), one)
            elif (twice := find_same(one.text, [it.text for it in added], self.alike)) is not None:
                added[twice] = self._joined(added[twice], one)
            else:
                added.append(one)
        items = self.document.items
        return Said([(items[at], one) for at, one in sorted(meant.items())], [*deleted.items()], added)

    def find(self, said: Priority | Action, entries: Sequence[Priority | Action]) -> int | None:
        """Return which entry is meant: by its id, else by its words; one that is done only with the same due date."""
        if said.id:
            named = next((number for number, one in enumerate(entries) if one.id == said.id), None)
            if named is not None or said.id in self.ledger:
                return named
        near = {
            number: one
            for number, one in enumerate(entries)
            if one.text and ((one.is_open and one.id not in self.put_away) or agree(said.due, one.due))
        }
        wordings = [(one.text, number) for number, one in near.items()]
        for number, one in near.items():  # a person may have reworded what we wrote
            if (known := self.ledger.get(key_of(one))) and known.said.get("text"):
                wordings.append((str(known.said["text"]), number))
        return self._chosen(said.text, wordings)

    def find_gone(self, said: Priority | Action) -> str | None:
        """Return the key of the deleted entry that is meant; one that was done is only tidied away."""
        here = {key_of(one) for one in _entries(self.document.items)}
        gone = {key: known for key, known in self.ledger.items() if key not in here}
        if said.id in gone:
            return said.id
        wordings = [
            (text, key)
            for key, known in gone.items()
            for text in dict.fromkeys((known.seen, str(known.said.get("text", ""))))
            if text and not known.closed
        ]
        return self._chosen(said.text, wordings)

    def _chosen(self, text: str, wordings: Sequence[tuple[str, Key]]) -> Key | None:
        found = find_same(text, [wording for wording, _ in wordings], self.alike)
        return None if found is None else wordings[found][1]

    def _distinct(self, actions: Sequence[Action]) -> tuple[Action, ...]:
        kept: list[Action] = []
        for one in actions:
            twice = find_same(one.text, [had.text for had in kept], self.alike)
            if twice is None:
                kept.append(one)
            else:
                had = kept[twice]
                kept[twice] = replace(had, **fields_of(one), id=had.id or one.id)
        return tuple(kept)

    def _joined(self, had: Priority | None, one: Priority) -> Priority:
        if had is None:
            return one
        first, second = (one, had) if one.id and not had.id else (had, one)
        actions = self._distinct((*first.actions, *second.actions))
        return replace(first, **fields_of(one), actions=actions, rank=had.rank or one.rank)


def put_away(document: Document) -> set[str]:
    """Return the ids of what a person moved under a heading for what is done."""
    return {item.priority.id for item in document.items if item.put_away} - {""}


def know_again(document: Document, ledger: Ledger) -> None:
    """Give an item or action that lost its hidden id but not its words its id back; let go what is no priority."""
    here = {one.id for one in _entries(document.items)}
    gone = _gone(ledger, here)
    for item in document.items:
        priority = item.priority
        if not priority.id and (key := gone.pop(fold(priority.text), "")):
            priority = replace(priority, id=key)
        known = ledger.get(priority.id)
        lost = _gone(known.under, here) if known else {}
        for box in item.boxes:
            if not box.action.id and (key := lost.pop(fold(box.action.text), "")):
                box.action = replace(box.action, id=key)
        item.priority = replace(priority, actions=tuple(box.action for box in item.boxes))
    document.items = [item for item in document.items if item.counts]


def _entries(items: Sequence[Item]) -> Iterator[Priority | Action]:
    for item in items:
        yield item.priority
        yield from item.priority.actions


def _gone(ledger: dict[str, Known], here: set[str]) -> dict[str, str]:
    return {fold(known.seen): key for key, known in ledger.items() if key not in here and key[0] != "~"}
