"""Asks and decisions as messages: what is asked, who decided what and when, and the buttons that are left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clawcortex.openclaw.host import Style
from clawcortex.text.chat import cut, plain, quoted, units
from feedback_router.records import Ask, Decision, Option

LIMIT = 3_900
"""UTF-16 units of a message; Telegram refuses more than 4,096."""
TITLE, AGENT, CATEGORY, NAME, LABEL = 200, 40, 40, 60, 40
DESCRIPTION, ANSWER = 1_500, 600
WORDS = {
    "approve": "✅ Approved",
    "reject": "❌ Rejected",
    "edit": "✏️ Edited",
    "skip": "⏭ Skipped",
    "expired": "⌛ Expired, nobody answered",
    "cancelled": "🚫 Cancelled",
}
WIDEST = 3
"""Buttons in a row; OpenClaw breaks longer rows for Telegram."""
STYLES: Mapping[str, Style] = {"approve": "success", "reject": "danger"}
Local = Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True)
class Key:
    """A button as the host shall show it; `value` is the option's key."""

    label: str
    ask: Ask
    option: Option

    @property
    def style(self) -> Style:
        """Return the colour a channel may give it."""
        return STYLES.get(self.option.key, "")


def keyboard(items: Sequence[Ask | Decision]) -> list[list[Key]]:
    """Return the buttons of what is still open; when there are several, each row begins with its ask's number."""
    rows = []
    for place, item in enumerate(items, 1):
        if isinstance(item, Ask):
            mark = f"{place}. " if len(items) > 1 else ""
            wide = 2 if len(item.options) == 4 else WIDEST
            for at in range(0, len(item.options), wide):
                labels = [plain(one.label, LABEL) for one in item.options[at : at + wide]]
                labels[0] = mark + labels[0]
                options = zip(labels, item.options[at:], strict=False)
                rows.append([Key(label, item, option) for label, option in options])
    return rows


def body(
    items: Sequence[Ask | Decision], local: Local, *, head: str = "", numbers: Mapping[str, int] | None = None
) -> str:
    """Return the text of a message with these; `numbers`: the first of each where there are no buttons."""
    longest = DESCRIPTION if len(items) == 1 else 160
    while True:
        parts = [head] if head else []
        if len(items) > 1:
            waiting = sum(isinstance(item, Ask) for item in items)
            parts.append(f"{waiting} of {len(items)} questions wait for you" if waiting else "All decided")
        for place, item in enumerate(items, 1):
            mark = f"{place}. " if len(items) > 1 else ""
            parts.append(mark + _one(item, local, longest, (numbers or {}).get(item_id(item))))
        text = "\n\n".join(parts)
        if units(text) <= LIMIT or longest == 0:
            return text if units(text) <= LIMIT else cut(text, LIMIT // 2)
        longest //= 2


def item_id(item: Ask | Decision) -> str:
    """Return the id of the ask."""
    return item.id if isinstance(item, Ask) else item.ask.id


def _one(item: Ask | Decision, local: Local, longest: int, number: int | None) -> str:
    if isinstance(item, Decision):
        return _over(item, local, longest)
    lines = [f"❓ {_source(item)}", plain(item.title, TITLE)]
    if item.description and longest:
        lines.append(quoted(item.description, longest))
    if number is not None:
        told = ", ".join(f"{number + n} {plain(one.label, LABEL)}" for n, one in enumerate(item.options))
        lines.append(f"Answer with a number: {told}.")
    if item.expires_at:
        lines.append(f"Open until {_when(local(item.expires_at), local(item.asked_at))}.")
    return "\n".join(lines)


def _over(decision: Decision, local: Local, longest: int) -> str:
    ask = decision.ask
    lines = [verdict(decision, local), f"{_source(ask)}: {plain(ask.title, TITLE)}"]
    if ask.description and longest:
        lines.append(quoted(ask.description, longest // 2))
    if decision.text:
        lines += ["Instead:", quoted(decision.text, min(ANSWER, longest))]
    if decision.reason:
        lines += ["Because:", quoted(decision.reason, min(ANSWER, longest))]
    return "\n".join(line for line in lines if line)


def verdict(decision: Decision, local: Local) -> str:
    """Return who decided what and when, in one line."""
    said = WORDS.get(decision.choice) or f"☑️ {plain(decision.choice, LABEL)}"
    who = plain(decision.name or decision.by, NAME)
    by = f" by {who}" if decision.state != "expired" else ""
    return f"{said}{by} · {_when(local(decision.answered_at), local(decision.ask.asked_at))}"


def _source(ask: Ask) -> str:
    return f"{plain(ask.agent, AGENT)} · {plain(ask.category, CATEGORY)}"


def _when(moment: datetime, beside: datetime) -> str:
    """Return a time, with its day when that is another."""
    return f"{moment:%H:%M}" if moment.date() == beside.date() else f"{moment:%a %d %b, %H:%M}"
