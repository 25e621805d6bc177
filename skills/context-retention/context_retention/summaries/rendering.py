"""A summary as Markdown: every word from a conversation is escaped, by the environment and not by each template."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.skills.visibility import in_owners_chat
from clawcortex.store.records import ChatType
from clawcortex.text.markdown import Markdown, escaped, template
from context_retention.summaries.shapes import Item, Section, Summary

if TYPE_CHECKING:  # the server must listen before a template is needed
    from jinja2 import Template

TEMPLATE = Path(__file__).parent / "templates" / "summary.md.j2"
TITLES = {"hour": "{}, hour by hour", "day": "{}", "week": "Week {}"}
HINT = """<!-- clawcortex writes the parts between its begin and end lines. Everything else here is yours. A part
that you change stays as you left it and is not written again, unless you remove it with both its lines. -->"""


@cache
def _template() -> Template:
    return template(TEMPLATE)


def in_file(section: Section, settings: Settings) -> bool:
    """Return whether a chat stands in the file: groups, and private chats of the owners or, without any, all."""
    scope = section.chat.scope
    return scope.chat_type is not ChatType.PRIVATE or in_owners_chat(scope, settings)


def rendered(context: Context, summary: Summary) -> str:
    """Return the summary as it stands in its file."""
    sections = [section for section in summary.sections if in_file(section, context.settings)]
    if not sections:
        return ""
    private = sections[0].chat.chat_type.value == "private"
    text = _template().render(
        summary=summary,
        sections=sections,
        titled=len(sections) > 1 or not private,
        told=partial(_told, context, summary),
        listed=_listed,
        sources=Markdown(
            ", ".join(_link(summary, source, summary.labels[source]) for source in summary.sources)
        ),
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def title(summary: Summary) -> str:
    """Return what a new file begins with."""
    return f"# {TITLES[summary.period].format(summary.file)}\n\n{HINT}\n"


def _told(context: Context, summary: Summary, item: Item) -> Markdown:
    """Return who said an item when, as a link to the summary it was taken from, and its turns, for tools to read."""
    at = context.local(item.at)
    shown = f"{at:%a %H:%M}" if summary.period == "week" else f"{at:%H:%M}"
    if item.source in summary.labels:
        shown = _link(summary, item.source, shown)
    who = escaped(item.speaker or "somebody")
    return Markdown(f"{who}, {shown} <!-- {' '.join(item.turns)} -->")


def _link(summary: Summary, source: str, shown: str) -> str:
    label = summary.labels[source]
    if summary.period == "day":
        return f"[{shown}](../hourly/{summary.file}.md#{slug(label)})"
    return f"[{shown}](../daily/{label}.md)"


def _listed(counts: dict[str, int]) -> Markdown:
    return Markdown(", ".join(f"{escaped(name or 'somebody')} {count}" for name, count in counts.items()))


def slug(heading: str) -> str:
    """Return the anchor that a heading has."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
