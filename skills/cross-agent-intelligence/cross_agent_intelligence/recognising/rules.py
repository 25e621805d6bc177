"""What is recognised by how it is written: links, handles, money, dates, legal forms, titles, projects, decisions.

Every pattern takes linear time, and names are walked word by word: "This includes" holds no "This Inc".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from clawcortex.text.dates.finding import find_dates
from clawcortex.text.linear import linear
from cross_agent_intelligence.recognising.lists import LISTS
from cross_agent_intelligence.recognising.shapes import Kind, Mention
from cross_agent_intelligence.recognising.words import Word

LONGEST_DATED = 50_000
"""Characters that are searched for dates; of more the beginning."""
LONGEST_DECISION, LONGEST_HANDLE = 400, 40
MOST_NAME_WORDS = 6
_SOME_DAY = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Where words say a date is the same on every day; only what they mean differs."""
_LINK = linear(
    r"(?i)\b(?:https?://|www\.)[^\s<>\"“”]+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|ai|app|gov|edu|eu|de|fr|uk|ch|at|nl)\b(?:/[^\s<>\"“”]*)?"
)
_MAIL = linear(r"(?i)\b[a-z0-9][a-z0-9._%+-]*@(?:[a-z0-9-]+\.)+[a-z]{2,24}\b")
_HANDLE = re.compile(r"(?<![\w@./])@\w[\w.-]*")
_AMOUNT = r"\d+(?:[,.’' ]\d{3})*(?:[.,]\d+)?"
_SCALE = r"(?:\s?(?:k|m|mn|bn|thousand|million|billion|mio|mrd))?"
_CODES = r"USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|BRL|MXN|ZAR"
_MONEY = linear(
    rf"(?i)(?:[$€£¥₹]|\b(?:{_CODES}|US\$))\s?(?:{_AMOUNT}){_SCALE}\b"
    rf"|\b(?:{_AMOUNT}){_SCALE}\s?(?:[€£¥₹$]|(?:{_CODES}|dollars?|euros?|pounds|francs?|yen|rupees?|bucks|cents?|pence)\b)"
)
_DECIDES = linear(
    r"(?i)\b(?:(?:we|i|they|the team|the board|everyone|both)(?:['’]ve| have| has)?(?: all| both| now| finally| just)?"
    r" (?:decided|agreed|settled on|resolved|opted|chose|voted|concluded)\b|decision:|decided:"
    r"|it(?:['’]s| is| was) (?:decided|agreed|settled)\b"
    r"|(?:we|i)(?:['’]re|['’]m| are| am) going with\b|(?:we|i)(?:['’]ll| will| shall) go with\b|the decision is\b"
    r"|(?:was|were|has been|have been) (?:approved|decided|agreed|signed off)\b|\bgo with .{2,60} from now on\b)"
)
_UNSURE = linear(
    r"(?i)\b(?:not (?:yet )?(?:decided|agreed)|haven['’]t (?:decided|agreed)|if we|whether|undecided|to be decided)\b"
    r"|\?\s*$"
)
_TRAILING = ".,;:!?)]}'\"”’*_>"
_SMALL = frozenset("of and & the de la van von der du di 's ’s - / for".split())


def written(text: str) -> Iterator[Mention]:
    """Yield links, handles, money and dates, in that order."""
    for match in _MAIL.finditer(text):
        yield _mention(text, "handle", *match.span(), 1.0)
    for match in _LINK.finditer(text):
        start, end = match.span()
        if start and text[start - 1] == "@":
            continue
        while end > start and text[end - 1] in _TRAILING:
            end -= 1
        yield _mention(text, "link", start, end, 1.0)
    for handle in _HANDLE.finditer(text):
        end = handle.start() + len(handle[0].rstrip(".-"))
        if end - handle.start() <= LONGEST_HANDLE:
            yield _mention(text, "handle", handle.start(), end, 0.9)
    for match in _MONEY.finditer(text):
        start, end = match.span()
        yield _mention(text, "money", start, end, 0.95)
    for found in find_dates(text[:LONGEST_DATED], _SOME_DAY):
        if found.phrase.lower() != "now":
            yield _mention(text, "date", found.start, found.end, 0.9)


def named(text: str, every: Iterable[Sequence[Word]]) -> Iterator[Mention]:
    """Yield companies with a legal form, people with a title, and projects that are called so, from these sentences."""
    for sentence in every:
        taken = 0
        for at in range(len(sentence)):
            if at < taken:
                continue
            for find in (_company, _person, _project):
                span = find(sentence, at)
                if span is not None:
                    first, last, kind = span
                    taken = last
                    yield _mention(text, kind, sentence[first].start, _end(text, sentence, last), 0.85)
                    break


def decisions(text: str, every: Iterable[Sequence[Word]]) -> Iterator[Mention]:
    """Yield those of the sentences that say what was decided, not what is still open."""
    for sentence in every:
        start, end = sentence[0].start, sentence[-1].end
        said = text[start : min(end, start + LONGEST_DECISION)]
        if _DECIDES.search(said) and not _UNSURE.search(said):
            yield _mention(text, "decision", start, start + len(said), 0.7)


def _mention(text: str, kind: Kind, start: int, end: int, confidence: float) -> Mention:
    return Mention(text[start:end], kind, start, end, confidence)


Found = tuple[int, int, Kind] | None


def _company(sentence: Sequence[Word], at: int) -> Found:
    """Return first word, word behind the last, where a company's name begins here and ends in its legal form."""
    if not _capital(sentence[at].text) or sentence[at].text in {
        "The",
        "This",
        "That",
        "Our",
        "Your",
        "My",
        "A",
    }:
        return None
    last = at
    for i in range(at + 1, min(len(sentence), at + MOST_NAME_WORDS)):
        word = sentence[i].text
        if _legal(word) and _capital(sentence[last].text):
            end = i + 1
            while end < len(sentence) and _legal(sentence[end].text):
                end += 1
            return at, end, "company"
        if word == "," and i + 1 < len(sentence) and _legal(sentence[i + 1].text):
            return at, i + 2, "company"
        if not (_capital(word) or word.lower() in _SMALL):
            return None
        last = i if _capital(word) else last
    return None


def _person(sentence: Sequence[Word], at: int) -> Found:
    """Return where a title and a name begin."""
    if sentence[at].text.lower() not in LISTS["honorific"] or not sentence[at].text[0].isupper():
        return None
    i = at + 1
    if i < len(sentence) and sentence[i].text == "." and sentence[i].start == sentence[at].end:
        i += 1
    first = i
    while i < min(len(sentence), first + 3) and _capital(sentence[i].text) and sentence[i].text[0].isalpha():
        i += 1
    return (at, i, "person") if i > first else None


def _project(sentence: Sequence[Word], at: int) -> Found:
    word = sentence[at].text
    following = sentence[at + 1].text if at + 1 < len(sentence) else ""
    if word in {"Project", "Operation"} and _capital(following) and following.lower() not in LISTS["common"]:
        return at, at + 2, "project"
    told = word in {"the", "The", "our", "Our"} and _capital(following) and at + 2 < len(sentence)
    if told and sentence[at + 2].text.lower() == "project" and following.lower() not in LISTS["common"]:
        return at + 1, at + 2, "project"
    return None


def _capital(word: str) -> bool:
    return bool(word) and word[0].isupper()


def _legal(word: str) -> bool:
    """Return whether a whole word is a legal form as it is written: "Inc", "GmbH", not "co" or "as"."""
    return word[:1].isupper() and word.lower() in LISTS["legal"]


def _end(text: str, sentence: Sequence[Word], last: int) -> int:
    """Return where a name ends; the dot of "Inc." is of it, unless the sentence ends with it."""
    end = sentence[last - 1].end
    dotted = text[end : end + 1] == "." and sentence[last - 1].text.lower() in LISTS["legal"]
    return end + 1 if dotted and text[end + 1 : end + 2] not in {"", "\n"} else end
