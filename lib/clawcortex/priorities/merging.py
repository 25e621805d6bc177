"""Three ways, item by item and field by field: what agents said before, the file now, what is said now.

A value is an agent's to change while it stands as an agent said it. Where a person changed or removed it, theirs
stays, and what was said is listed. Nothing is ever moved or removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from ulid import ULID

from clawcortex.priorities import rendering
from clawcortex.priorities.drafting import Draft
from clawcortex.priorities.identity import Alike, find_same
from clawcortex.priorities.ledger import Known, Ledger, dumped, key_of, loaded, note
from clawcortex.priorities.meaning import NewId, Reader, know_again, put_away
from clawcortex.priorities.parsing import ID, NOTED, Box, Document, Item, parse
from clawcortex.priorities.records import Action, Conflict, Priority, Value, agree, cleaned, fields_of, values


@dataclass(slots=True)
class Merge:
    """A file's new text, and what became of what was said."""

    text: str
    ledger: Ledger
    added: list[Priority] = field(default_factory=list)
    changed: list[Priority] = field(default_factory=list)
    """As they stand now."""
    refused: list[Priority | Action] = field(default_factory=list)
    """Said again as they were before a person deleted them: they stay out."""
    conflicts: list[Conflict] = field(default_factory=list)
    kept: list[Priority] = field(default_factory=list)
    """Of an undo: what a person changed since, and what therefore stays."""


def merge(
    ledger: Mapping[str, Known],
    text: str,
    new: Sequence[Priority],
    alike: Alike,
    *,
    when: str = "",
    also: Sequence[Conflict] = (),
    new_id: NewId = lambda: str(ULID()),
) -> Merge:
    """Bring what is said into a file's text.

    `when` is the day that a person is told; `also` are conflicts to list with those found here. InputError for an
    item without text.
    """
    result = Merge(text, loaded(dumped(ledger)), conflicts=[*also])
    document = parse(text)
    know_again(document, result.ledger)
    said = Reader(document, result.ledger, alike).read([cleaned(one) for one in new])
    work = _Work(result, document, alike, new_id)
    for item, one in said.meant:
        work.update(item, one)
    for key, one in said.deleted:
        work.refuse(result.ledger[key], key, one)
    work.add(said.added)
    return work.done(when)


def remember(ledger: Ledger, document: Document) -> None:
    """Keep how items stand in a file that was just written."""
    know_again(document, ledger)
    note(ledger, document.priorities, put_away(document))


class _Work:
    """One merge under way."""

    def __init__(self, result: Merge, document: Document, alike: Alike, new_id: NewId) -> None:
        self.result = result
        self.document = document
        self.draft = Draft(document)
        self.alike = alike
        self.new_id = new_id
        self.changed: list[str] = []

    def update(self, item: Item, said: Priority) -> None:
        """Bring what is said of an item into it."""
        known = self.result.ledger.setdefault(key_of(item.priority), Known(item.priority.text))
        wanted = self._wanted(item.priority, known, said, item)
        for name, value in wanted.items():
            if name == "text":
                self.draft.reword(item, str(value))
            else:
                self.draft.set_field(item, name, value)
        acted = [self._act(item, known, action) for action in said.actions]
        if wanted or any(acted):
            self.changed.append(self._adopt(item, known))

    def refuse(self, known: Known, key: str, said: Priority | Action) -> None:
        """Leave out what a person deleted; list what is said of it now and was not before."""
        usual = (("status", "open"), ("done", False))
        fresh = {
            name: value
            for name, value in fields_of(said).items()
            if not agree(value, known.said.get(name)) and (name, value) not in usual
        }
        told = [f"{name}: {_told(value)}" for name, value in fresh.items()]
        for action in said.actions if isinstance(said, Priority) else ():
            if find_same(action.text, [one.seen for one in known.under.values()], self.alike) is None:
                told.append(f"action: {action.text}")
                known.under[key_of(action)] = Known(action.text, values(action))
        if not told:
            self.result.refused.append(said)
            return
        known.said |= fresh
        self.result.conflicts.append(Conflict(key, known.seen, "deleted", "", ", ".join(told)))

    def add(self, new: Sequence[Priority]) -> None:
        """Put new items into the list, each with an id of its own."""
        for one in new:
            actions = tuple(replace(it, id=self.new_id(), done=bool(it.done)) for it in one.actions)
            made = replace(one, id=self.new_id(), status=one.status or "open", actions=actions)
            under = {action.id: Known(action.text, values(action)) for action in actions}
            self.result.ledger[made.id] = Known(made.text, values(made), under=under)
            self.result.added.append(made)
        self.draft.add(self.result.added)

    def done(self, when: str) -> Merge:
        """Return the result: the new text, and what is known from now on."""
        result = self.result
        listed = {found[1] for line in self.document.lines if (found := NOTED.search(line))}
        notes = {_key(one): rendering.noted(one, _key(one), when) for one in result.conflicts}
        if fresh := [line for key, line in notes.items() if key not in listed]:
            self.draft.note_conflicts(fresh)
        result.text = self.draft.text()
        document = parse(result.text)
        remember(result.ledger, document)
        result.changed = [one for one in document.priorities if one.id in self.changed]
        return result

    def _adopt(self, item: Item, known: Known) -> str:
        """Give a person's item an id once something of ours stands in it, and return the id."""
        named = ID.search(self.document.lines[item.start])
        if named and named[1] == item.priority.id:
            return item.priority.id
        self.result.ledger.pop(key_of(item.priority), None)
        key = item.priority.id or self.new_id()
        self.draft.adopt(item.start, key)
        self.result.ledger[key] = known
        return key

    def _wanted(
        self, entry: Priority | Action, known: Known, said: Priority | Action, item: Item
    ) -> dict[str, Value]:
        """Return the values to write; a person's stay, and are listed where they differ."""
        wanted: dict[str, Value] = {}
        for name, value in values(said).items():
            stands: Value = getattr(entry, name)
            before = known.said.get(name)
            if name == "text" and not said.id:
                continue  # another wording of the same task is no change
            if agree(value, stands) or agree(value, before):
                continue
            known.said[name] = value
            if stands == before and not item.frozen:
                wanted[name] = value
                continue
            kind, told = ("frozen", f"{name}: {_told(value)}") if item.frozen else (name, _told(value))
            self.result.conflicts.append(Conflict(key_of(entry), entry.text, kind, _told(stands), told))
        return wanted

    def _act(self, item: Item, under: Known, said: Action) -> bool:
        """Bring in one action of an item; return whether something of it was written."""
        reader = Reader(self.document, under.under, self.alike)
        boxes = [*item.boxes, *self._moved_from(item, under)]
        found = reader.find(said, [box.action for box in boxes])
        if found is not None:
            return self._change(item, boxes[found], under, said) and found < len(item.boxes)
        gone = reader.find_gone(said)
        if gone is not None:
            self.refuse(under.under[gone], gone, said)
        elif item.frozen:
            about = item.priority
            self.result.conflicts.append(Conflict(key_of(about), about.text, "frozen", "", said.text))
        else:
            made = replace(said, id=self.new_id(), done=bool(said.done))
            self.draft.add_action(item, made)
            under.under[made.id] = Known(made.text, values(made))
            return True
        return False

    def _moved_from(self, item: Item, known: Known) -> list[Box]:
        """Return the actions of an item that a person moved under another."""
        others = (one for one in self.document.items if one is not item)
        return [box for one in others for box in one.boxes if box.action.id and box.action.id in known.under]

    def _change(self, item: Item, box: Box, under: Known, said: Action) -> bool:
        known = under.under.setdefault(key_of(box.action), Known(box.action.text))
        wanted = self._wanted(box.action, known, said, item)
        if not wanted:
            return False
        changed = replace(box.action, **wanted)  # type: ignore[arg-type]  # its keys are fields of Action
        if "done" in wanted:
            self.draft.tick(box, done=bool(wanted["done"]))
        if wanted.keys() != {"done"}:
            self.draft.set_action(box, changed)
        named = ID.search(self.document.lines[box.line])
        if not named or named[1] != changed.id:
            under.under.pop(key_of(box.action), None)
            changed = replace(changed, id=changed.id or self.new_id())
            under.under[changed.id] = known
            self.draft.adopt(box.line, changed.id)
        box.action = changed
        return True


def _told(value: Value) -> str:
    return "" if value is None else value if isinstance(value, str) else "checked" if value else "not checked"


def _key(conflict: Conflict) -> str:
    told = f"{conflict.id}|{conflict.field}|{conflict.said}"
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:12]
