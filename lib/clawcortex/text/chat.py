"""Untrusted words in a chat: they cannot look like our own, be markup in any channel, or fill the message.

Channels disagree about Markdown and HTML, and some show a backslash as one: what would be markup is therefore
replaced by a character that looks alike, not escaped.
"""

from __future__ import annotations

import re

from clawcortex.text.fence import escape as one_line

QUOTE = "│ "
"""Begins each line of somebody else's words."""
_ALIKE = str.maketrans({"*": "∗", "`": "ˋ", "~": "∼", "|": "¦", "\\": "⧵", "│": "¦"})
_BORDER_LINE = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
"""An underscore inside a word is no emphasis anywhere; identifiers stay as they are."""
_LINK = re.compile(r"\](?=[(\[:])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_START = re.compile(r"^(\s*)([#+=-]|\d+[.)])(?=\s|$)")
_EVERYBODY = re.compile(r"@(?=everyone\b|here\b|channel\b|all\b)", re.IGNORECASE)
_BLANK = re.compile(r"[^\S\n]+")


def plain(text: str, limit: int) -> str:
    """Return a text as one harmless line of at most `limit` characters."""
    return cut(_neutral(_BLANK.sub(" ", one_line(text))), limit)


def quoted(text: str, limit: int) -> str:
    """Return a text as quoted lines, at most `limit` characters in all."""
    lines = [_neutral(_BLANK.sub(" ", one_line(line))) for line in text.splitlines()]
    kept, left = [], limit
    for line in (line for line in lines if line.strip()):
        if left <= len(QUOTE) + 1:
            kept.append(f"{QUOTE}…")
            break
        kept.append(QUOTE + cut(line, left - len(QUOTE)))
        left -= len(kept[-1]) + 1
    return "\n".join(kept)


def cut(text: str, limit: int) -> str:
    """Return the text, its end replaced by an ellipsis when it is longer."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def units(text: str) -> int:
    """Return the length as Telegram counts it: UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _neutral(text: str) -> str:
    alike = _EVERYBODY.sub("＠", _ENTITY.sub("＆", text.translate(_ALIKE)))
    alike = _LINK.sub("] ", _BORDER_LINE.sub(lambda found: "＿" * len(found[0]), alike))
    return _START.sub(r"\1·\2", alike)
