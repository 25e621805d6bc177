"""How long a text is for a model, estimated without one.

Against the WordPiece vocabulary of MiniLM: English chat and mail 10 % too many (98 of 100 texts between -2 %
and +20 %), program code within 15 %, German about a quarter too few, as its words are cut finer there.
"""

from __future__ import annotations

import re
from itertools import islice

_CJK = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
TOKEN = re.compile(rf"[A-Za-z]{{1,6}}|[0-9]{{1,3}}|[{_CJK}]|[^\W\d_]{{1,3}}|[^\s]")
"""One match is one token. No match crosses whitespace, so counts of separated parts add up."""

ELLIPSIS = "…"

_IN_WORD = re.compile(rf"(?![{_CJK}])\w(?![{_CJK}])\w")


def count_tokens(text: str) -> int:
    """Return about how many tokens a language model makes of the text."""
    return len(TOKEN.findall(text))


def clip(text: str, tokens: int) -> str:
    """Return the beginning that fits, cut between words and ending in "…" when something is left out."""
    if tokens <= 0:
        return ""
    ends = [match.end() for match in islice(TOKEN.finditer(text), tokens + 1)]
    if len(ends) <= tokens:
        return text
    kept = text[: ends[tokens - 2]] if tokens > 1 else ""
    if kept and _IN_WORD.match(text, len(kept) - 1):
        kept = kept.rsplit(maxsplit=1)[0]  # the word before; a single long word stays cut
    return kept.rstrip() + ELLIPSIS
