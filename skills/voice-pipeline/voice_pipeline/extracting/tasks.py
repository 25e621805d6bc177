"""Who is to do what, as a clause of speech says it."""

from __future__ import annotations

from dataclasses import dataclass

from clawcortex.text.linear import Match, Pattern, linear
from voice_pipeline.extracting.shapes import LONGEST_NAME, ME, US, YOU
from voice_pipeline.extracting.verbs import VERBS

_WILL = (
    r"(?:'ll|’ll|\s+will|\s+need(?:s)?\s+to|\s+ha(?:ve|s)\s+to|(?:'ve|’ve|\s+have|\s+has|'s|’s)\s+got\s+to|\s+gotta|\s+must|\s+am\s+going\s+to"
    r"|(?:'m|’m|'re|’re|'s|’s|\s+is|\s+are)\s+(?:going|supposed)\s+to|\s+promised\s+to|\s+agreed\s+to|\s+volunteered\s+to)"
)
_SHOULD = r"(?:\s+should|\s+(?:want|plan|intend|'d\s+like|would\s+like)\s+to|'d\s+like\s+to|'d\s+better|\s+had\s+better)"
_SOFT = r"(?:\s+(?:also|still|really|just|then|please|probably|definitely|now|all))?"
_DO = r"\s+(?P<do>\S.*)"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, where it stands in the clause, by whom, and how surely it is a task."""

    start: int
    end: int
    owner: str
    sure: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: Pattern
    owner: str
    """A word of `shapes`, "" for nobody, "who" for the name in the pattern."""
    sure: bool = True
    asks: bool = False
    """Whether it is a task as a question, too."""


def _rule(pattern: str, owner: str, *, sure: bool = True, asks: bool = False) -> _Rule:
    return _Rule(linear(f"(?i){pattern}"), owner, sure, asks)


_RULES = (
    _rule(
        r"\b(?:to-?do|action item|next step|task)s?(?: for (?P<who>\pL+))?\s*(?::|,|is\b|-)\s*(?:to\s+)?(?P<do>\S.*)",
        "who",
    ),
    _rule(r"\bremind\s+(?:me|us|myself)\s+(?:to|about|that i (?:need|have) to)" + _DO, ME, asks=True),
    _rule(
        r"\b(?:remind|ask|tell|get|have|want|need|would like|like)\s+(?P<who>\pL+)\s+to" + _DO,
        "who",
        asks=True,
    ),
    _rule(r"\b(?:don'?t|don’t|do not|let'?s not|mustn'?t)\s+(?:let me\s+)?forget\s+(?:to|about)?" + _DO, ME),
    _rule(r"\b(?:remember|make sure|be sure)\s+(?:to|that|we|i|you)?" + _DO, ME),
    _rule(
        r"^(?:(?:hey|ok|okay|so|and)[\s,]+)*(?P<who>\pL+),\s+(?:please|can you|could you|would you|will you)(?: please)?"
        + _DO,
        "who",
        asks=True,
    ),
    _rule(
        r"\b(?:can|could|would|will)\s+you\s+(?:please\s+|maybe\s+|also\s+)?" + r"(?P<do>\S.*)",
        YOU,
        asks=True,
    ),
    _rule(r"\b(?:can|could|would|will)\s+(?P<who>\pL+)\s+(?:please\s+)" + r"(?P<do>\S.*)", "who", asks=True),
    _rule(
        r"\b(?:can|could|would)\s+(?:somebody|someone|anybody|anyone)\s+(?:please\s+)?(?P<do>\S.*)",
        "",
        asks=True,
    ),
    _rule(r"\bi(?:'m|’m| am) (?:on the hook|responsible) for" + _DO, ME),
    _rule(r"\bnote\s+to\s+(?:self|myself)\s*[:,]?\s*(?:to\s+)?(?P<do>\S.*)", ME),
    _rule(r"\bdeadline\s+(?:for|of)" + _DO, ""),
    _rule(r"\b(?:can|could)\s+we\s+(?:please\s+)?(?P<do>\S.*)", US, sure=False, asks=True),
    _rule(rf"\bi{_SOFT}{_WILL}{_SOFT}{_DO}", ME),
    _rule(rf"\bwe{_SOFT}{_WILL}{_SOFT}{_DO}", US),
    _rule(rf"\byou{_SOFT}{_WILL}{_SOFT}{_DO}", YOU),
    _rule(rf"(?:^|[\s,])(?P<who>\pL+(?:\s+and\s+\pL+)?){_SOFT}{_WILL}{_SOFT}{_DO}", "who"),
    _rule(
        r"(?:^|[\s,])(?P<who>\pL+)\s+(?:takes? care of|is responsible for|is in charge of|owns)" + _DO, "who"
    ),
    _rule(r"\bplease\s+(?:also\s+)?(?P<do>\S.*)", YOU, asks=True),
    _rule(rf"\bi{_SOFT}{_SHOULD}{_SOFT}{_DO}", ME, sure=False),
    _rule(rf"\bwe{_SOFT}{_SHOULD}{_SOFT}{_DO}", US, sure=False),
    _rule(r"\blet'?s\s+(?P<do>\S.*)", US, sure=False),
    _rule(rf"(?:^|[\s,])(?P<who>\pL+){_SHOULD}{_SOFT}{_DO}", "who", sure=False),
)
_LEADING = linear(
    r"(?i)^(?:(?:and|but|so|also|then|oh|ok|okay|well|um|uh|next|finally|lastly|first|second|third|plus|hey|yeah|right|now)\b[\s,]*)+"
)
_FALSE_VERB = linear(
    r"(?i)^(?:not|never|no|be (?:happy|glad|fine|there|here|back|honest)|have (?:been|had)|see\b|say\b|admit\b|love|hate|know\b|go now|think\b|miss\b|wait and see"
    r"|be\s+(?:a|an|the)\s|note\b|like\b|get used|deal with it)"
)
_NO_REQUEST = linear(
    r"(?i)^(?:look(?:s|ing)? (?:at|like)|think (?:about|of|so)|wait\b|tell (?:you|me)\b|get (?:out|over|lost|used|well)|go on\b|see\b|let\b|have (?:a|fun)\b"
    r"|take care\b|come on\b|keep in mind|help yourself|try to imagine|sort of\b|work(?:s|ing)? (?:well|fine|out)"
    r"|\pL+\s+(?:is|are|was|were|has|have|had|will|would|can|could|looks?|seems?|says?|said|went|came|arrived|failed|passed|of|and|or|results?)\b)"
)
"""Words that begin like a request and are none: "look at that", "the plan is"."""
_VETO = linear(
    r"(?i)\b(?:don'?t|don’t|doesn'?t|doesn’t|didn'?t|do not|does not|did not|won'?t|won’t|no longer|no need|needn'?t|never)\s+(?:(?:really|actually|even)\s+)?"
    r"(?:need|have|want|plan|got)?\b"
)
_PAST = linear(
    r"(?i)\b(?:already|used to|had to|was going to|were going to|would have|should have|could have)\b"
)
_SUPPOSED = linear(r"(?i)^(?:(?:and|but|so)\s+)?(?:if|unless|whether|suppose|imagine|maybe if)\b")
PRONOUNS = {"me": ME, "myself": ME, "you": YOU, "us": US, "he": "", "she": "", "they": ""}
NOBODY = frozenset(
    """it this that these those there he she they we you i the a an my our your his her their its what who which whoever
    nobody everybody everyone someone somebody anyone all each both one ones another something everything nothing then
    here today tomorrow yesterday and or but so also just still when how why where if because as to of in on at for with
    from about than them him us me meeting report document deck project system server people things thing work
    yes no please not maybe probably also never morning afternoon evening week month year day time money weather
    monday tuesday wednesday thursday friday saturday sunday""".split()
)
"""Words before "will" that name nobody who could do something."""
_GROUP = linear(r"(?i)\b(?:the|our)\s+(?P<who>(?:\pL+\s+)?(?:team|group|department|office|crew))(?P<rest>.*)")
_DONE = linear(r"(?i)(?:ed|en|ne|nt|ilt|ld|ade|ut|ought|ready|live)\W*$")
_WAITS = linear(
    r"(?i)^(?:(?:the|a|an|our|my|this|that|all|these|those)\s+)?(?P<do>(?:\pL+\s+){1,6}(?:needs?|has|have|must|should|is|are)\s+(?:to\s+)?(?:be\s+)?(?:\pL+(?:ed|en|ne|nt|ilt|ld|due|ade|ut)|due|ready|done|live|out)\b.*)"
)
"""Something that is to be done by nobody in particular: "the slides must be ready by Friday"."""


def find_task(clause: str, *, asks: bool) -> Task | None:
    """Return what a clause gives somebody to do; None when nothing. `asks` tells that it is a question."""
    supposed = bool(_SUPPOSED.search(clause))
    for rule in _RULES:
        match = rule.pattern.search(clause)
        if match is None:
            continue
        owner = _owner(rule, clause, match)
        if owner is None or ((asks or supposed) and not rule.asks):
            continue
        start, end = match.span(rule.pattern.groupindex["do"])
        if _vetoed(clause, start, match.start()):
            return None
        return Task(start, end, owner, rule.sure or _does(clause[start:]))
    return None if asks or supposed else _unowned(clause)


def _does(words: str) -> bool:
    """Tell whether the words begin with a verb of work and something to work on."""
    first, _, rest = words.partition(" ")
    return first.lower().strip(",.") in VERBS and bool(rest.strip(" .,!"))


def _unowned(clause: str) -> Task | None:
    """Read "send the report" and "the report must be sent"."""
    lead = _LEADING.match(clause)
    start = lead.end() if lead else 0
    if _does(clause[start:]) and not _NO_REQUEST.search(clause[start:]):
        return Task(start, len(clause), "", sure=True)
    waits = _WAITS.search(clause[start:])
    if waits is None or _VETO.search(clause) or _PAST.search(clause):
        return None
    return Task(start + waits.start(1), len(clause), "", sure=False)


def _owner(rule: _Rule, clause: str, match: Match) -> str | None:
    """Return the owner as the source writes it; None when the word names nobody."""
    if rule.owner != "who":
        return rule.owner
    who = match.groupdict().get("who")
    if who is None:
        return ""
    if len(who) > LONGEST_NAME:
        return None
    low = who.lower()
    if low in PRONOUNS:
        return PRONOUNS[low]
    group = _GROUP.search(clause[: match.end()])
    if group and group.span(1)[0] <= match.start(rule.pattern.groupindex["who"]) < group.span(1)[1]:
        return str(group["who"])[:LONGEST_NAME]
    if low.split()[0] in NOBODY or low.split()[-1] in NOBODY or low.endswith(("ing", "ed", "ly")):
        return None
    before = clause[: match.start(rule.pattern.groupindex["who"])].rstrip().rsplit(" ", 1)[-1].lower()
    if before in {"the", "a", "an", "my", "our", "your", "this", "that", "his", "her", "their"}:
        return None
    return " ".join(word.capitalize() for word in who.split()) if who.islower() else who


def _vetoed(clause: str, start: int, begin: int) -> bool:
    words = clause[start:].split()
    if words[0].lower() == "be" and not (len(words) > 1 and _DONE.search(words[1])):  # "will be on holiday"
        return True
    if _FALSE_VERB.search(clause[start:]) or _PAST.search(clause[begin:start]):
        return True
    head = clause[begin : start + 1]
    forgets = "forget" in head.lower()
    return not forgets and bool(_VETO.search(clause[max(0, begin - 24) : start]))
