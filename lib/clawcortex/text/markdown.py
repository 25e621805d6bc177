"""Text from outside inside Markdown: every word is escaped by the environment, not by each template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from clawcortex.text.fence import escape as one_line

if TYPE_CHECKING:  # the server must listen before a template is needed
    from jinja2 import Template

MARKUP = re.compile(
    r"[\\`*\[\]<>~|]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|(?<=[A-Za-z]):(?=//)|(?<=\bwww)\.|^[#+=-]|(?<=^\d)[.)]"
)
"""What Markdown would read as markup; everything stands on one line."""


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escaped(value: object) -> Markdown:
    """Return a value as one line without markup, tags and invisible characters."""
    if isinstance(value, Markdown):
        return value
    return Markdown(MARKUP.sub(r"\\\g<0>", one_line(str(value))))


def template(file: Path) -> Template:
    """Return a template whose every expression is escaped on its way out, unless it is Markdown already."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(file.parent),
        autoescape=False,  # noqa: S701 - this is Markdown, not HTML: `finalize` escapes every expression
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return made.get_template(file.name)
