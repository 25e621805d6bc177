"""Text from outside, made safe to store: the same words, nothing that breaks storage or layout."""

from __future__ import annotations

import re
import unicodedata

from clawcortex.errors import InputError

LIMIT_BYTES = 10 * 1024 * 1024
MARKS_LIMIT = 30
"""Longest run of combining marks (UAX 15 stream-safe text); ordering longer ones takes quadratic time."""

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
    # Tag characters are invisible text, except behind the black flag, where they name a region.
    "|(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]"
)
_DEEPEST = 125
"""Layout ignores bidi controls nested deeper (UAX 9), so they are dropped."""

_MAYBE_MARKS = re.compile(f"[^\x00-\u02ff]{{{MARKS_LIMIT + 1},}}")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\n]")
_POP_EMBEDDING, _POP_ISOLATE = "\u202c", "\u2069"
_ISOLATES = "\u2066\u2067\u2068"


def clean(text: str) -> str:
    """Return the text in NFC, lines ended by LF, without controls, lone surrogates or open bidi embeddings.

    Raise InputError when nothing is left or it is larger than `LIMIT_BYTES`.
    """
    if len(text) > LIMIT_BYTES or len(text.encode("utf-8", "surrogatepass")) > LIMIT_BYTES:
        raise InputError(
            f"the text is larger than {LIMIT_BYTES // 1024 // 1024} MB",
            hint="Send it in parts, or store a file and remember where it is.",
        )
    text = _NEWLINES.sub("\n", text)
    text = _UNWANTED.sub(lambda match: match["flag"] or "", text)
    if not text.isascii():
        text = _balance(unicodedata.normalize("NFC", _MAYBE_MARKS.sub(_limit_marks, text)))
    if not text.strip():
        raise InputError("the text is empty", hint="Send at least one visible character.")
    return text


def _limit_marks(match: re.Match[str]) -> str:
    kept = []
    run = 0
    for character in match[0]:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)


def _balance(text: str) -> str:
    """Close every open bidi embedding and isolate at its line's end; drop closers of nothing."""
    if not _BIDI.search(text):
        return text
    parts: list[str] = []
    closers: list[str] = []
    at = 0
    for match in _BIDI.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        parts.append(_control(match[0], closers))
    parts += [text[at:], *reversed(closers)]
    return "".join(parts)


def _control(character: str, closers: list[str]) -> str:
    """Return what stands for this control, given (and keeping) the closers that are due, innermost last."""
    if character == "\n":
        due = "".join(reversed(closers))
        closers.clear()
        return due + character
    if character == _POP_EMBEDDING:
        return closers.pop() if closers and closers[-1] == _POP_EMBEDDING else ""
    if character == _POP_ISOLATE:
        if _POP_ISOLATE not in closers:
            return ""
        due = ""
        while closers[-1] == _POP_EMBEDDING:
            due += closers.pop()
        return due + closers.pop()
    if len(closers) == _DEEPEST:
        return ""
    closers.append(_POP_ISOLATE if character in _ISOLATES else _POP_EMBEDDING)
    return character
