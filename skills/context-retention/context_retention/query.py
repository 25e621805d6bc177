"""What a question asks for: stems, whose words are wanted, when, and the text to embed.

People tell things in the first person ("I went to Rome") and ask about them by name ("When did Ann go
to Rome?"). The embedding of the question then lies near turns that address Ann, not near her own
words; put into the first person it lies near what she said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from clawcortex.text.terms import fold, terms
from context_retention import cues
from context_retention.dates import Window, windows

LONGEST = 1_200
"""Longer prompts are read at both ends: the question stands at the beginning or the end."""
MOST_STEMS = 32
EVERYDAY_NAMES = frozenset(
    "will may mark grace hope faith joy art bill jack rob sue pat drew dawn june april august summer rose ivy "
    "amber chase grant miles max ray rich frank earnest user owner agent assistant bot me you the".split()
)
"""Names that are words, too: they count only when written with a capital inside the sentence."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_FIRST = re.compile(r"\b(?:i|me|my|mine|myself|we|us|our|ours|i'm|i've|i'd|i'll)\b", re.IGNORECASE)
_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which)\s+(?:date|day|time|year|month|week)\b|\bhow\s+(?:long|recently|soon)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\bhow\s+(?:many|much|often|old|long|far|big|tall)\b|\bwhat\s+(?:number|age|price|score)\b",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^\W*(?:(?:hey|hi|hello|ok|okay|so|please|well|um|and|but)\b\W*)*"
    r"(?:(?:do|did|can|could|would|will)\s+you\s+(?:please\s+)?(?:still\s+)?(?:remember|recall|remind\s+me|tell\s+me|know)\b"
    r"|(?:please\s+)?(?:remind|tell)\s+me\b|i\s+(?:forgot|forget|can'?t\s+remember|don'?t\s+remember)\b)?"
    r"(?:\W*(?:again|about|of|that|if)\b)?\W*",
    re.IGNORECASE,
)
_TO_ME = frozenset(
    "to for with about of from by at on near than like without against between gave give tell told ask asked help "
    "helped makes made make inspire inspired motivated interests influenced taught encouraged".split()
)
_PRONOUNS = {
    "he": "I", "she": "I", "his": "my", "her": "my", "hers": "mine", "him": "me",
    "himself": "myself", "herself": "myself", "he's": "I'm", "she's": "I'm",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """One question, read once; everything later looks only at this."""

    text: str
    stems: tuple[str, ...]
    """Distinct, in order, names of speakers left out unless nothing else is left."""
    names: tuple[str, ...]
    """Stems of the named speakers' names: turns that hold them talk to or about these people."""
    speakers: frozenset[int]
    """Numbers of the speakers whose words are wanted."""
    by_name: bool
    """Whether they were named, and not only meant by "I" and "my"."""
    embed: str
    windows: tuple[Window, ...]
    now: float
    wants_when: bool
    wants_count: bool
    wants_history: bool
    """The past is asked for, by name or by its tense."""
    past_first: bool
    """It is asked for by name: what was true then comes before what is true now."""


def _ends(text: str) -> str:
    text = text.strip()
    if len(text) <= LONGEST:
        return text
    head = text[: LONGEST // 2].rpartition(" ")[0] or text[: LONGEST // 2]
    tail = text[-LONGEST // 2 :].partition(" ")[2] or text[-LONGEST // 2 :]
    return f"{head}\n{tail}"


def _known(speakers: Mapping[int, str]) -> dict[str, list[int]]:
    """Return the speakers' numbers by every word of their names, as folded."""
    known: dict[str, list[int]] = {}
    for number, name in speakers.items():
        for word in _folded(name):
            known.setdefault(word, []).append(number)
    return known


@lru_cache(maxsize=8_192)
def _folded(name: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in _WORD.findall(name) if len(word) > 1)


def _plain(speakers: Mapping[int, str]) -> frozenset[str]:
    """Return the names that no capital sets apart from other words: ids as "main", "coder", "ann"."""
    return frozenset(name for name in speakers.values() if name.islower())


def _bare(word: str) -> tuple[str, bool]:
    """Return a word without its possessive ending, and whether it had one."""
    folded = fold(word)
    stripped = folded.removesuffix("'s").removesuffix("'")
    return stripped, stripped != folded


def _mentions(
    text: str, known: Mapping[str, list[int]], wordlike: frozenset[str]
) -> Iterator[tuple[re.Match[str], str, bool]]:
    for match in _WORD.finditer(text):
        name, owns = _bare(match[0])
        if name in known and (name not in wordlike or (match[0][0].isupper() and match.start() > 0)):
            yield match, name, owns


def _first_person(text: str, mentions: list[tuple[re.Match[str], str, bool]], *, alone: bool) -> str:
    """Return the text with the named speaker's names and pronouns put into the first person."""
    names = {match.start(): owns for match, _, owns in mentions}
    pieces, end, seen, last = [], 0, False, ""
    for match in _WORD.finditer(text):
        word, replacement = match[0].casefold(), ""
        if match.start() in names:
            seen = True
            replacement = "my" if names[match.start()] else "me" if last in _TO_ME else "I"
        elif alone and seen:
            replacement = _PRONOUNS.get(word, "")
        pieces.append(text[end : match.start()] + (replacement or match[0]))
        end, last = match.end(), word
    return re.sub(r"\b(does|is|has) I\b", _agree, "".join(pieces) + text[end:], flags=re.IGNORECASE)


def _agree(match: re.Match[str]) -> str:
    return {"does": "do", "is": "am", "has": "have"}[match[1].casefold()] + " I"


def parse(text: str, *, now: datetime, speakers: Mapping[int, str], asker: str = "") -> Query:
    """Read a question or any other prompt; never fails, whatever the text."""
    ends = _ends(text)
    known = _known(speakers)
    wordlike = EVERYDAY_NAMES | _plain(speakers)
    mentions = list(_mentions(ends, known, wordlike))
    named = frozenset(number for _, name, _ in mentions for number in known[name])
    own = frozenset(number for number, name in speakers.items() if asker and name == asker)
    spoken_of = {name for _, name, _ in mentions}
    names = tuple(dict.fromkeys(stem for name in spoken_of for stem in terms(name)))
    every = dict.fromkeys(terms(ends))
    stems = tuple(stem for stem in every if stem not in names)[:MOST_STEMS] or tuple(every)[:MOST_STEMS]
    if all(len(stem) == 1 and stem.isascii() for stem in stems):
        stems = ()  # "2 + 2": a digit alone finds any number
    wanted = named or (own if _FIRST.search(ends) else frozenset())
    core = _LEAD_IN.sub("", ends, count=1)
    embed = core if len(core) > 2 else ends
    if named:
        rest = list(_mentions(embed, known, wordlike))
        embed = _first_person(embed, rest, alone=len(spoken_of) == 1)
    past_first = bool(cues.PAST.search(ends))
    return Query(
        text=text,
        stems=stems,
        names=names,
        speakers=wanted,
        by_name=bool(named),
        embed=embed,
        windows=windows(ends, now),
        now=now.timestamp(),
        wants_when=bool(_WHEN.search(ends)),
        wants_count=bool(_COUNT.search(ends)),
        wants_history=past_first or bool(cues.WAS.search(ends)),
        past_first=past_first,
    )
