"""What people say when they set priorities, decide, hand out work or change plans: tables of linear patterns, English."""

from __future__ import annotations

from collections.abc import Sequence

from clawcortex.text.linear import Pattern, linear
from clawcortex.text.numbers import SMALL

Patterns = Sequence[Pattern]


def _each(*patterns: str) -> Patterns:
    return tuple(linear(rf"(?i){pattern}") for pattern in patterns)


def _any(*patterns: str) -> Pattern:
    return linear("(?i)" + "|".join(f"(?:{pattern})" for pattern in patterns))


NUMBER = rf"(?:[1-9]|{'|'.join(word for word, number in SMALL.items() if 1 <= number <= 9)})"
_FIRST = rf"(?P<rank>top|highest|main|biggest|first|second|third|fourth|fifth|next|number {NUMBER}|#[1-9])"
_IS = r"(?:'s|,? (?:is|are|was|will be|should be|has to be|must be|remains?|stays?|becomes?|would be)(?: as follows)?:?|:|,|=)(?: (?:now|still|really|definitely|going to be))?"
_FOR = r"(?: (?:for|of|this|today|tomorrow|next|right now|now|at the moment|on)\b(?: (?:the|this|next|me|us|week|month|quarter|year|today|tomorrow|sprint|team|day))*)?"
PRIORITY = _each(
    rf"\b{_FIRST}(?: (?:top|highest))? (?:priority|priorities|focus|goal|concern)(?: number {NUMBER})?{_FOR}{_IS} (?P<theme>.+)",
    rf"\bpriority (?P<rank>(?:number )?{NUMBER}){_FOR}{_IS} (?P<theme>.+)",
    rf"\b(?:my|our|the|your) (?:priority|(?P<list>priorities|goals)|focus|goal){_FOR}{_IS} (?P<theme>.+)",
    rf"\b(?:the )?(?P<rank>most) (?:important|urgent|critical) (?:thing|task|one|item|issue|point){_FOR}{_IS} (?P<theme>.+)",
    rf"(?P<theme>.+?)(?:,? (?:is|are|remains?|stays?|becomes?|has become))(?: now| still)? (?:my|our|the|your) {_FIRST} (?:priority|focus|goal|concern)\b",
    r"(?P<theme>.+?) (?:comes?|goes|has to come|should come) (?P<rank>first|second|third)\b",
    r"(?P<theme>.+?) (?:is|are) (?:more important than|a higher priority than|the (?P<rank>most) important)\b",
    r"\b(?:focus(?:ing)?|concentrat(?:e|ing)) (?:on|mainly on|first on) (?P<theme>.+)",
    r"\bprioriti[sz](?:e|ing) (?P<theme>.+)",
)
LISTED = linear(
    rf"(?i)^(?:and )?(?P<rank>first(?:ly)?|second(?:ly)?|third(?:ly)?|fourth|fifth|number {NUMBER}|{NUMBER}[.)])[,:]?\s+(?P<theme>.+)"
)
"""An entry of a list that was announced as one of priorities."""
ANNOUNCED = linear(r"(?i)\bpriorities\b")

DECISION = _any(
    r"\b(?:we|i|they|the team|everyone|everybody|\w+)(?:'ve| have| has)?(?: all| finally| just| now)? (?:decided|agreed|chose|chosen|settled on|opted for|signed off|approved)\b",
    r"\b(?:it's|it is|it was) (?:been )?(?:decided|agreed|settled)\b",
    r"\b(?:the )?(?:final )?decision (?:is|was|:|to)",
    r"\b(?:we|i|let's|we'll|we will|i'll|i will|we're|we are|i'm)\s+(?:all )?(?:go|stick|going|sticking)(?: ahead)?\s+with\b",
    r"\bfrom now on\b|\b(?:we'll|we will|we're going to|i'll) (?:use|keep|adopt|choose|pick|drop|skip) .+ (?:instead|rather than)\b",
)
SUPPOSED = _any(
    r"\?\s*$",
    r"\b(?:if|whether|should|could|might|maybe|perhaps|unless|when|until|once|before) (?:we|i|you|they|he|she|it|the team)\b",
    r"(?:\bnot|n't|\bnever|\bundecided|\byet to)\b[^.]{0,20}\b(?:decide\w*|agree\w*|settle\w*|chose\w*|approve\w*|go with|going with)\b",
    r"\b(?:be|being|get) (?:decided|agreed|settled|approved|chosen|signed off)\b",
    r"\b(?:need|needs|have|has|want) to (?:decide|agree|settle|choose)\b",
)
"""What is only supposed, or still open."""

SHIFT = _each(
    r"\b(?:switch(?:ing|ed)?|mov(?:e|ing|ed)|shift(?:ing|ed)?|pivot(?:ing|ed)?|chang(?:e|ing|ed)) (?:from (?P<from>.+?) )?(?:over |on )?to (?P<to>.+)",
    r"\b(?:instead of|rather than) (?P<from>[^,]+),\s*(?P<to>.+)",
    r"(?P<to>.+?)\b(?:instead of|rather than) (?P<from>.+)",
    r"\b(?:forget(?: about)?|scratch|drop(?:ping)?|abandon(?:ing)?|stop working on|shelv(?:e|ing)|park(?:ing)?|paus(?:e|ing)|postpon(?:e|ing)|put off|putting off) (?P<from>.+)",
    r"\bput(?:ting)? (?P<from>.+?) (?:on hold|on ice|aside|on the back ?burner)\b",
    r"(?P<from>.+?)(?:'s| is| are| has been| was) (?:now |been )?(?:cancel+ed|on hold|off the table|postponed|no longer (?:a priority|needed|relevant|important)|deprioriti[sz]ed)\b",
    r"\b(?:change of plans?|changed (?:my|our) minds?|new direction|plans? (?:has|have) changed)[:,.]?\s*(?P<to>.*)",
    r"\band (?:focus|concentrate|work) on (?P<to>.+)",
    r"\b(?:we're|we are|i'm|i am) no longer (?P<from>.+)",
)
SHIFT_GATE = _any(
    r"\b(?:switch|pivot|shift)(?:ing|ed)?\b|\b(?:mov|chang)(?:e|ing|ed)\b.*\bto\b|\binstead of\b|\brather than\b|\bforget\b|\bscratch that\b|\bno longer\b"
    r"|\bon hold\b|\bcancel+ed\b|\bpostpon|\bshelv|\bpark(?:ing)?\b|\bpaus(?:e|ing)\b|\bdrop(?:ping)?\b|\babandon|\bstop working on\b|\bput(?:ting)? off\b"
    r"|\bback ?burner\b|\bon ice\b|\baside\b|\boff the table\b|\bdeprioriti|\bchange of plan|\bchanged (?:my|our) mind|\bnew direction\b|\bplans? ha(?:s|ve) changed"
)
MOVED_TASK = _any(r"\bdon't forget\b|\bforget to\b|\bhow to\b|\bneeds? to move\b")
"""Words of a change that change no plan."""

HIGH = _any(
    r"\burgent(?:ly)?\b|\basap\b|\ba\.s\.a\.p|\bas soon as (?:possible|you can|we can|i can)\b|\bimmediately\b|\bright away\b|\bright now\b",
    r"\bcritical(?:ly)?\b|\bemergency\b|\btop priority\b|\bhigh(?:est)? priority\b|\bmost important\b|\bblock(?:er|ing)\b|\bcan(?:no|')t wait\b|\bstraight away\b|\bfirst thing\b",
)
LOW = _any(
    r"\b(?:not|isn't|n't|nothing|never|less) (?:so |that |very |really |too |be )?(?:urgent|critical)\b|\bno (?:rush|hurry)\b|\bwhenever\b|\beventually\b|\bat some point\b|\bsome ?day\b",
    r"\blow(?:er|est)? priority\b|\bwhen(?:ever)? (?:you|i|we) (?:get a chance|have time|find time)\b|\bnice to have\b|\bif there'?s time\b|\bnot a priority\b",
)
CORRECTION = linear(
    r"(?i)[\s,.;—–-]*(?:(?:no|sorry|actually|i mean|i meant|or rather|rather|wait|make that|make it|scratch that|correction|well)\b[\s,.;—–-]*)+"
    r"(?:by|on|before|until|at|in|the)?\s*"
)
"""What stands between a date and the one that was meant."""
DEADLINE = linear(
    r"(?i)(?P<lead>by|before|until|till|due(?: on| by| in)?|no later than|not later than|deadline(?: is)?(?: on)?|at the latest(?: by)?|on|for|at|in)\s+(?:the\s+)?$"
)
"""What ties a date to a task, at the end of the words before it."""
