"""What the model is asked, from the templates: the same input gives the same prompt.

What nobody vouches for, context and drafts, stands between two lines that no text can hold: their name is made of it.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clawcortex.text.fence import escape

if TYPE_CHECKING:  # the server must listen before a template is needed
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"


class Prompt(NamedTuple):
    """A system text and what is asked."""

    system: str
    text: str


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=False,  # noqa: S701 - prompts, not HTML; what is untrusted goes through `quoted` or `line`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"quoted": quoted, "line": escape}
    return made


def render(name: str, **values: object) -> Prompt:
    """Return the prompt of a pass: the blocks `system` and `task` of its template."""
    template = _environment().get_template(f"{name}.md.j2")
    context = template.new_context(values)
    system, task = ("".join(template.blocks[block](context)).strip() for block in ("system", "task"))
    return Prompt(system, task)


def quoted(text: str, label: str) -> str:
    """Return the text between two lines that cannot stand in it."""
    name, salt = "", ""
    while not name or name in text:
        name = f"{label}-{sha256(f'{label} {salt}{text}'.encode()).hexdigest()[:16]}"
        salt += "."
    return f"<{name}>\n{text}\n</{name}>"
