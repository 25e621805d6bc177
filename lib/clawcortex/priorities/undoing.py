"""Take one write back: what stands as it was written goes back to what it was, the rest is a person's and stays."""

from __future__ import annotations

from clawcortex.priorities.ledger import Ledger, dumped, loaded
from clawcortex.priorities.merging import Merge, remember
from clawcortex.priorities.parsing import NOTED, Document, Item, parse
from clawcortex.text.terms import fold


def undone(before: str, after: str, now: str, earlier: Ledger, later: Ledger) -> Merge:
    """Return the file without one write's changes, and what was known before it."""
    if now == after:
        return Merge(before, loaded(dumped(earlier)))
    was, wrote, document = parse(before), parse(after), parse(now)
    result = Merge("", loaded(dumped(earlier)))
    old, new = _raw(was), _raw(wrote)
    bare = {fold(item.priority.text): _text(was, item) for item in was.items if not item.priority.id}
    for item in wrote.items:  # a person's, which got an id
        if item.priority.id not in old and (raw := bare.get(fold(item.priority.text))):
            old[item.priority.id] = raw
    lines = list(document.lines)
    for item in reversed(document.items):
        key = item.priority.id
        if key not in new or new[key] == old.get(key):
            continue
        if _text(document, item) != new[key]:
            result.kept.append(item.priority)
            if key in later:
                result.ledger[key] = later[key]
        else:
            back = [f"{line}{document.eol}" for line in old.get(key, [])]
            last = lines[item.end - 1]
            if back and last == last.rstrip("\r\n"):
                back[-1] = back[-1].rstrip("\r\n")
            lines[item.start : item.end] = back
    noted = {found[1] for line in wrote.lines if (found := NOTED.search(line))}
    noted -= {found[1] for line in was.lines if (found := NOTED.search(line))}
    result.text = "".join(
        line for line in lines if not (found := NOTED.search(line)) or found[1] not in noted
    )
    remember(result.ledger, parse(result.text))
    return result


def _raw(document: Document) -> dict[str, list[str]]:
    return {item.priority.id: _text(document, item) for item in document.items if item.priority.id}


def _text(document: Document, item: Item) -> list[str]:
    return [line.rstrip("\r\n") for line in document.lines[item.start : item.end]]
