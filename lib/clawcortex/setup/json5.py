"""Read OpenClaw's configuration: JSON5, as far as people write it (comments, bare keys, trailing commas)."""

from __future__ import annotations

import re
from typing import Any

from clawcortex.errors import InputError

SPACE = re.compile(r"(?:\s|//[^\n\r]*|/\*.*?\*/)+", re.DOTALL)
WORD = re.compile(r"[A-Za-z_$][\w$]*")
NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
LITERALS = {"true": True, "false": False, "null": None}
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0", "\n": ""}
CODED = {"x": 2, "u": 4}
DEEPEST = 200


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.comments = False

    def fail(self, what: str) -> InputError:
        line = self.text.count("\n", 0, self.at) + 1
        return InputError(
            f"line {line}: {what}", hint="Correct the file; `openclaw config validate` shows more."
        )

    def peek(self) -> str:
        space = SPACE.match(self.text, self.at)
        if space:
            self.comments |= "/" in space[0]
            self.at = space.end()
        return self.text[self.at : self.at + 1]

    def take(self, expected: str) -> bool:
        if self.peek() != expected:
            return False
        self.at += 1
        return True

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def value(self, depth: int = 0) -> Any:
        if depth > DEEPEST:
            raise self.fail("nested too deep")
        head = self.peek()
        if head == "{":
            return self.object(depth)
        if head == "[":
            return self.array(depth)
        if head in {'"', "'"}:
            return self.string()
        word = self.match(WORD)
        if word in LITERALS:
            return LITERALS[word]
        number = "" if word else self.match(NUMBER)
        if not number:
            raise self.fail(f"expected a value, found {(word or head or 'the end of the file')!r}")
        if "x" in number.lower():
            return int(number, 16)
        return int(number) if number.lstrip("+-").isdigit() else float(number)

    def object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while not self.take("}"):
            quoted = self.peek() in {'"', "'"}
            key = self.string() if quoted else self.match(WORD)
            if not key and not quoted:
                raise self.fail("expected a key")
            if not self.take(":"):
                raise self.fail(f"expected ':' after {key!r}")
            found[key] = self.value(depth + 1)
            if not self.take(",") and self.peek() != "}":
                raise self.fail("expected ',' or '}'")
        return found

    def array(self, depth: int) -> list[Any]:
        self.at += 1
        found = []
        while not self.take("]"):
            found.append(self.value(depth + 1))
            if not self.take(",") and self.peek() != "]":
                raise self.fail("expected ',' or ']'")
        return found

    def string(self) -> str:
        quote = self.text[self.at]
        self.at += 1
        parts: list[str] = []
        while True:
            character = self.text[self.at : self.at + 1]
            if character in {"", "\n"}:
                raise self.fail("a string is not closed")
            self.at += 1
            if character == quote:
                break
            parts.append(self.escape() if character == "\\" else character)
        joined = "".join(parts)
        return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def escape(self) -> str:
        character = self.text[self.at : self.at + 1]
        self.at += 1
        if character in CODED:
            digits = self.text[self.at : self.at + CODED[character]]
            self.at += CODED[character]
            if not re.fullmatch(f"[0-9a-fA-F]{{{CODED[character]}}}", digits):
                raise self.fail("a character code is cut short")
            return chr(int(digits, 16))
        return ESCAPES.get(character, character)


def loads(text: str) -> tuple[Any, bool]:
    """Return the value and whether the text has comments, which no writer can keep."""
    reader = _Reader(text.removeprefix("\ufeff"))
    value = reader.value()
    if reader.peek():
        raise reader.fail("something follows the end of the configuration")
    return value, reader.comments
