"""Which lines of the archive a `forget` means: what it names, and copies of what it removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clawcortex.store.records import Memory
from clawcortex.text.terms import terms
from context_retention.scopes import parse_chat
from context_retention.shapes import ForgetInput
from context_retention.transfer import Line


def sought(request: ForgetInput, removed: Iterable[Memory]) -> Callable[[Line], bool]:
    """Return what tells whether a line must go.

    A line goes when it is a copy of a removed memory (one that came back by `import` has another id), or when
    every given field matches it. The archive cannot be asked a question: of a `query` every stem must stand
    in the line.
    """
    copies = {_identity(Line.of(memory)) for memory in removed}
    ids, stems = set(request.ids), set(terms(request.query))
    place = parse_chat(request.chat) if request.chat else None
    named = bool(ids or request.session or request.agent or place or request.since or request.until or stems)

    def matches(line: Line) -> bool:
        return (
            (not ids or line.id in ids or line.id.partition(".")[0] in ids)
            and (not request.session or line.session == request.session)
            and (not request.agent or line.agent == request.agent)
            and (place is None or (line.channel, line.account, line.chat) == place)
            and (request.since is None or line.created_at >= request.since)
            and (request.until is None or line.created_at < request.until)
            and (not request.query.strip() or (bool(stems) and stems <= set(terms(line.text))))
        )

    return lambda line: _identity(line) in copies or (named and matches(line))


def _identity(line: Line) -> tuple[object, ...]:
    return line.text, line.created_at, line.agent, line.channel, line.account, line.chat, line.sender
