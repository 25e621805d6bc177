"""How a name is compared: without capitals, marks, titles, legal forms, and with what its initials may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from clawcortex.text.terms import fold
from cross_agent_intelligence.recognising.shapes import LONGEST_NAME, Kind
from cross_agent_intelligence.resolving.known import (
    ENDINGS,
    LEGAL,
    LOOSE,
    PRODUCT_WORDS,
    PROJECTS,
    REGIONS,
    SMALL,
    SYNONYMS,
    TITLES,
    loosen,
)

_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "Æ": "Ae", "đ": "d"})
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.\s?){2,8}")
_WORD = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"^([^()]{2,120}?)\s*\(([^()]{2,40})\)$")
_HONOUR = re.compile(r"(?<=[^\W_])-(?:san|sama|sensei|kun|chan)(?=\s|$)")
_DOMAIN = re.compile(r"(?<=[^\W_]{3})\.(?:com|org|net|io|ai|co)(?=\s|$)")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}


@dataclass(frozen=True, slots=True)
class Form:
    """A name as it is compared. `words` are folded and are those that tell it from others."""

    kind: Kind
    words: tuple[str, ...]
    titled: bool = False
    """A title or a legal form stood with it."""
    region: str = ""
    """Of a place: what stood behind the comma."""
    initials: frozenset[str] = frozenset()
    """What it may be shortened to."""
    short: bool = False
    """Written as a shortening is: capitals, or letters with dots."""
    also: str = ""
    """What stood in brackets behind it, or a quotation inside it."""

    @property
    def solid(self) -> str:
        """Return the words without spaces."""
        return "".join(self.words)

    @property
    def core(self) -> tuple[str, ...]:
        """Return the words without those that many names end with."""
        count = len(self.words)
        while count > 1 and self.words[count - 1] in LOOSE:
            count -= 1
        return self.words[:count]

    @property
    def numbers(self) -> frozenset[str]:
        """Return the words that hold figures."""
        return frozenset(word for word in self.words if any(char.isdigit() for char in word))

    @property
    def full(self) -> bool:
        """Return whether it says more than one word of a name."""
        return len(self.words) > 1 or (self.kind == "company" and self.titled)


@lru_cache(maxsize=65_536)
def form(name: str, kind: Kind) -> Form:
    """Return a name as it is compared with others of its kind."""
    shown = name.strip()[:LONGEST_NAME].translate(_LETTERS)
    also = ""
    if bracketed := _BRACKETS.match(shown):
        shown, also = bracketed[1], bracketed[2]
    words = _words(shown, joined=kind == "person")
    if kind == "person":
        bare, titled = _person(shown, words)
        return Form(kind, bare, titled, also=also)
    if kind == "place":
        return _place(shown, words, also)
    titled = False
    if kind == "company":
        while len(words) > 1 and (words[-1] in LEGAL or words[-1] == "and"):
            words, titled = words[:-1], True
    elif kind == "project":
        while len(words) > 1 and words[0] in PROJECTS:
            words, titled = words[1:], True
        while len(words) > 1 and words[-1] in PROJECTS:
            words, titled = words[:-1], True
    elif kind == "product":
        words = [_ROMAN.get(word, word) if i else word for i, word in enumerate(words)]
        words = words[:-1] if len(words) > 1 and words[-1] in PRODUCT_WORDS else words
    return Form(kind, _known(words, kind), titled, "", _initials(words), _short(shown), also)


def key(name: str, kind: Kind) -> str:
    """Return what is the same for spellings of one name: "ACME Inc" and "Acme" have the same."""
    return form(name, kind).solid


def _words(shown: str, *, joined: bool) -> list[str]:
    text = _DOTTED.sub(lambda match: re.sub(r"[.\s]", "", match[0]) + " ", shown) if not joined else shown
    text = _DOMAIN.sub("", fold(text)).replace("&", " and ").replace("+", " plus ")
    text = re.sub(r"'s?(?=\s|$)", "", text).replace("'", "")
    if joined:
        text = _HONOUR.sub("", text)
        text = re.sub(r"(?<=[^\W_])[-‐](?=[^\W_])", "", text)
    words = [loosen(word) for word in _WORD.findall(text)]
    return words[1:] if len(words) > 1 and words[0] == "the" else words


def _person(shown: str, words: list[str]) -> tuple[tuple[str, ...], bool]:
    last, comma, first = shown.partition(",")
    if comma and len(last.split()) <= 2 and 0 < len(first.split()) <= 2:
        words = _words(f"{first} {last}", joined=True)
    titles = [i for i, word in enumerate(words[:-1]) if word in TITLES]
    bare = words[titles[-1] + 1 :] if titles and titles[-1] < 4 else words
    while len(bare) > 1 and bare[-1] in ENDINGS:
        bare = bare[:-1]
    return tuple(bare), bool(titles)


def _place(shown: str, words: list[str], also: str) -> Form:
    head, comma, tail = shown.partition(",")
    region = ""
    if comma and head.strip() and tail.strip():
        words, region = _words(head, joined=False), REGIONS.get(" ".join(_words(tail, joined=False)), "")
        region = region or " ".join(_words(tail, joined=False))
    elif (
        len(words) > 1 and words[-1] in REGIONS and (len(words[-1]) > 2 or shown.endswith(words[-1].upper()))
    ):
        words, region = words[:-1], REGIONS[words[-1]]
    words = ["saint" if word == "st" and not i else word for i, word in enumerate(words)]
    return Form(
        "place",
        _known(words, "place"),
        region=region,
        initials=_initials(words),
        short=_short(shown),
        also=also,
    )


def _known(words: list[str], kind: Kind) -> tuple[str, ...]:
    same = SYNONYMS.get(kind, {}).get(" ".join(words))
    return tuple(same.split()) if same else tuple(words)


def _initials(words: list[str]) -> frozenset[str]:
    if not 2 <= len(words) <= 8:
        return frozenset()
    told = [word for word in words if word not in SMALL]
    every = "".join(word[0] for word in words)
    found = {every, "".join(word[0] for word in told), "".join(w if w == "and" else w[0] for w in words)}
    if len(told) == 2:
        found.add(told[0][:2] + told[1][:2])
    return frozenset(one for one in found if len(one) > 1)


def _short(shown: str) -> bool:
    letters = [char for char in shown if char.isalnum()]
    capitals = sum(char.isupper() for char in letters)
    return 2 <= len(letters) <= 6 and capitals >= 2 and capitals > len(letters) / 3
