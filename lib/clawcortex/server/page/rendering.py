"""The page as HTML, every text escaped, with the headers that let a browser load and run nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import clawcortex
from clawcortex.errors import ClawcortexError
from clawcortex.server.page.view import Part
from clawcortex.skills.panel import Share

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates; all they print is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"style": Markup(_style()), "version": clawcortex.__version__}  # noqa: S704 - a file of ours
    made.tests |= {
        "share": lambda cell: isinstance(cell, Share),
        "moment": lambda cell: isinstance(cell, datetime),
    }
    return made


def _style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """Return what every answer of the page carries: the style is named by its hash, no script is allowed at all."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
    }


def page(
    parts: Sequence[Part],
    found: Sequence[Part],
    *,
    local: Callable[[datetime], datetime],
    words: str = "",
    csrf: str = "",
    said: str = "",
) -> bytes:
    """Return the page; without `csrf` it has no buttons."""
    template = environment().get_template("page.html.j2")
    now = local(datetime.now(UTC))
    text = template.render(parts=parts, found=found, local=local, words=words, csrf=csrf, said=said, now=now)
    return text.encode("utf-8", "replace")


def closed(error: ClawcortexError) -> bytes:
    """Return the page for whoever is not let in."""
    return environment().get_template("closed.html.j2").render(error=error).encode("utf-8", "replace")
