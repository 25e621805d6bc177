"""Code in an answer: between fences, or all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*$", re.MULTILINE)
PYTHON = frozenset({"python", "py", "python3"})


def _spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (language, begin, end) of the code between fences; the last fence may be open."""
    begin, language, mark = -1, "", ""
    for match in _FENCE.finditer(text):
        if begin < 0:
            begin, language, mark = match.end() + 1, match[2].lower(), match[1]
        elif match[1].startswith(mark) and not match[2]:
            yield language, begin, match.start()
            begin = -1
    if begin >= 0:
        yield language, begin, len(text)


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return (language, code) of each fenced block; one that is not closed ends with the text."""
    return [(language, text[begin:end]) for language, begin, end in _spans(text)]


def code_of(text: str, *, required: bool = False) -> str:
    """Return the Python of an answer: its blocks together, else (unless a block is required) all of it."""
    blocks = blocks_of(text)
    named = [code for language, code in blocks if language in PYTHON]
    if named or required:
        return "\n".join(named)
    bare = [code for language, code in blocks if not language]
    return "\n".join(bare) if bare else "" if blocks else text


def json_of(text: str) -> str:
    """Return the JSON of an answer: its one block, else all of it."""
    blocks = [code for language, code in blocks_of(text) if language in {"json", ""}]
    return blocks[0] if len(blocks) == 1 else text


def prose_of(text: str) -> str:
    """Return an answer without its code."""
    kept, at = [], 0
    for _, begin, end in _spans(text):
        kept.append(text[at:begin])
        at = end
    return "\n".join((*kept, text[at:]))
