"""Names in a sentence: capitalised phrases, cautiously, and how two of them stand to each other.

A word at the beginning of a sentence is capitalised whatever it is: it is a name only when the same phrase also
stands inside a sentence. German writes every noun with a capital: there only phrases of several words, titles,
and words with figures or capitals inside count. Only whole words count: "This includes" holds no "This Inc".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from context_retention.summaries import cues

WORD = re.compile(r"[^\W_][\w'’.&-]*[\w]|[^\W_]")
TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "herr", "frau", "sir", "miss"})
LINKS = frozenset({"of", "de", "van", "von", "der", "del", "di", "la", "da"})
NO_NAMES = frozenset(
    """i i'm i'll i've i'd ok okay hi hello hey thanks thank yes no sure todo fyi asap lol btw pm am monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september october
    november december jan feb mar apr jun jul aug sep sept oct nov dec montag dienstag mittwoch donnerstag freitag
    samstag sonntag januar februar märz mai juni juli oktober dezember english german deutsch englisch christmas
    easter ich du sie ihr ihnen""".split()
)
MOST_WORDS = 5
MIDDLE = 6
"""Most words between two names that are still about both."""


@dataclass(frozen=True, slots=True)
class Name:
    """A phrase and where it stands; `sure` is False at the beginning of a sentence."""

    text: str
    start: int
    end: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Tie:
    """Two names, or the speaker ("") and a name, and the words between them."""

    subject: str
    relation: str
    object: str


def names(sentence: str) -> list[Name]:
    """Return the phrases that may be names, in order."""
    words = list(WORD.finditer(sentence))
    capital = [_capital(word[0]) for word in words]
    if len(words) > 3 and sum(capital) > 0.75 * len(words):
        return []  # a title or somebody shouting: capitals say nothing
    german = _german([word[0] for word in words])
    found: list[Name] = []
    at = 0
    while at < len(words):
        last = _reach(sentence, words, capital, at)
        if last <= at:
            at += 1
            continue
        found += _name(sentence, words[at:last], german=german)
        at = last
    return found


def _capital(word: str) -> bool:
    return word[0].isupper() and word.casefold().rstrip(".") not in NO_NAMES


def _reach(sentence: str, words: list[re.Match[str]], capital: list[bool], at: int) -> int:
    """Return the word after the phrase that begins here; `at` when none does."""
    if not capital[at]:
        return at
    last = at + 1
    while last < len(words) and last - at < MOST_WORDS:
        between = sentence[words[last - 1].end() : words[last].start()]
        titled = words[last - 1][0].casefold() in TITLES and between == ". "
        if between != " " and not titled:
            break
        word = words[last][0]
        links = word in LINKS and last + 1 < len(words) and capital[last + 1]
        if not (capital[last] or links or (word[0].isdigit() and last > at and len(word) < 6)):
            break
        last += 1
    return last


def _name(sentence: str, words: list[re.Match[str]], *, german: bool) -> list[Name]:
    """Return the phrase as a name, without a first word that a sentence's beginning made a capital."""
    first = words[0]
    initial = not re.search(r"[\w,;)’']\s*$", sentence[: first.start()])
    if initial and len(words) > 1 and first[0].casefold() not in TITLES and words[1][0][0].isupper():
        words = words[1:]  # "Tomorrow Ann comes": what follows stands inside the sentence
        initial = False
    text = sentence[words[0].start() : words[-1].end()]
    text = text.removesuffix("'s").removesuffix("’s")
    titled = words[0][0].casefold() in TITLES
    if titled and len(words) == 1:
        return []
    plain = len(words) == 1 and not re.search(r"\d|[^\W\d_a-zäöüß]", text[1:])
    if len(text) < 2 or (german and plain):
        return []
    return [Name(text, words[0].start(), words[0].start() + len(text), not initial or titled)]


def _german(words: list[str]) -> bool:
    small = [word.casefold() for word in words]
    return sum(word in cues.GERMAN for word in small) > sum(word in cues.ENGLISH for word in small)


def ties(sentence: str, found: list[Name]) -> list[Tie]:
    """Return which names of a sentence stand to each other how, in its own words."""
    tied: list[Tie] = []
    for kin in cues.KIN.finditer(sentence):
        named = next((name for name in found if name.start == kin.end()), None)
        if named is not None:
            tied.append(Tie("", kin["role"], named.text))
    for one, other in pairwise(found):
        tied += _between(one.text, sentence[one.end : other.start], other.text)
    for spoken in re.finditer(r"\b(?:I|ich|Ich)\b", sentence):
        after = next((name for name in found if name.start > spoken.end()), None)
        if after is not None:
            tied += _between("", sentence[spoken.end() : after.start], after.text)
    return tied


def _between(subject: str, middle: str, other: str) -> list[Tie]:
    relation = middle.strip()
    plain = relation and not re.search(r"[,;:()\"“”?!]|\b(?:and|or|but|und|oder|aber)\b", relation)
    if not plain or len(relation.split()) > MIDDLE or not cues.RELATING.search(relation):
        return []
    return [Tie(subject, relation, other)]
