"""What marks a decision, a task, a due date, a mood: English and German, each a table of linear patterns.

Cues look for what people say outright. What is only supposed ("if we", "should we", "not decided") is no decision,
and a question is none either.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), _I)


DECISION = _any(
    r"\b(?:decided|decision|agreed (?:on|to|that)|settled on|opted for|signed off|approved)\b",
    r"\b(?:we|i|let'?s|we'?ll|we will|i'?ll)\s+(?:go|stick|are going|'re going|going)\s+with\b",
    r"\b(?:chose|have chosen|has chosen|picked)\b",
    r"\b(?:from now on|instead of|no longer|moved to|changed to|switched to|postponed to|rescheduled)\b",
    r"\b(?:entschieden|entschlossen|beschlossen|entscheidung|vereinbart|abgemacht|festgelegt|geeinigt)\b",
    r"\b(?:ab (?:jetzt|sofort|heute)|statt(?:dessen)?|nicht mehr|verschoben auf|genehmigt)\b",
    r"\b(?:wir|ich) (?:nehmen|nehme|bleiben bei|bleibe bei)\b",
)
SUPPOSED = _any(
    r"\?\s*$",
    r"\b(?:if|whether|should|could|might|maybe|perhaps|unless)\s+(?:we|i|you|they|he|she|it)\b",
    r"(?:\bnot|n't|\bnever|\bundecided|\byet to|\bbefore we|\bonce we)\b[^.]{0,20}"
    r"\b(?:decide\w*|agree\w*|settle\w*|chose\w*|approved?)\b",
    r"\b(?:ob|falls|vielleicht|eventuell)\b",
    r"\bnoch nicht\b|\bunentschieden\b",
)

PROMISE = _any(
    r"\bi(?:'ll| will| have to| need to| must|'ve got to|'m going to| am going to)\s+\w+",
    r"\bich (?:werde|muss|kümmere mich|übernehme|soll)\b",
)
"""Who speaks is to do it."""
IDLE = _any(
    r"\b(?:keep|bear) (?:that|it|this) in mind|\bbe (?:happy|glad|here|there|fine|back)\b|\bneed to know\b",
    r"\b(?:will|'ll) (?:see|think about it|pass|love|miss|never)\b|\bhave to (?:say|admit)\b",
)
"""A promise of nothing."""
JOINT = _any(
    r"\bwe (?:need to|have to|must|should still)\s+\w+",
    r"\bwir (?:müssen|sollten noch)\b",
)
REMIND = _any(
    r"\bremind me\b|\bdon'?t let me forget\b|\berinner\w* mich\b",
)
"""Whoever says so is to do it, and to be reminded."""
NOTE = _any(
    r"\b(?:to-?do|action item)\s*:",
    r"\b(?:don'?t forget|do not forget|remember) to\b",
    r"\b(?:nicht vergessen|vergiss nicht|denk(?:e|t)? (?:bitte )?(?:daran|dran))\b",
)
REQUEST = _any(
    r"^(?:please|pls|bitte)\b|\b(?:can|could|would|will) you\b|,\s*please\b",
    r"\b(?:kannst|könntest|würdest) du\b|\b(?:können|könnten|würden) sie\b",
)
"""A wish to whoever is spoken to: a task when it names who or until when."""
ADDRESSED = re.compile(r"^(?:hey |hi |hallo )?(?P<who>[^\W\d_]\w+),\s", _I)
CHARGED = re.compile(
    r"(?P<who>[^\W\d_a-zäöüß][\w'-]+) (?:will|has to|needs to|must|is going to|takes care of|promised to"
    r"|wird|muss|kümmert sich|übernimmt)\b"
)
"""Somebody named is to do it."""
NOBODY = frozenset(
    """It This That These Those There He She They We You I The A An My Our Your His Her Their What Who Which Nobody
    Everybody Everyone Someone Es Das Dies Die Der Er Sie Wir Ihr Man Ich Wer Was Niemand Jeder Alles Nothing
    Something Everything One Then Here Today Tomorrow""".split()
)

_DAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
)
_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?"
    r"|sep(?:t|tember)?|oct(?:ober)?|oktober|nov(?:ember)?|dec(?:ember)?|dez(?:ember)?)"
)
_DATE = (
    rf"(?:the )?\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of)? {_MONTH}\b|{_MONTH} \d{{1,2}}\b"
    r"|\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?"
)
_CLOCK = (
    r"\d{1,2}(?::\d\d)?\s?(?:am|pm|uhr|o'clock)|\d{1,2}:\d\d|noon|midnight|mittag"
    r"|(?:half past |quarter (?:past|to) |halb )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)"
)
_SPAN = (
    r"(?:\d+|one|two|three|four|a|an|einer|einem|zwei|drei|vier) "
    r"(?:minutes?|hours?|days?|weeks?|months?|minuten?|stunden?|tag(?:en)?|wochen?|monat(?:en)?)"
)
DUE = re.compile(
    rf"\b(?:(?:by|before|until|till|on|this|next|at"
    rf"|bis(?: zum| zu)?|vor|am|um|nächste[nrms]?|diese[nrms]?|kommende[nrms]?)\s+"
    rf"(?:the )?(?:{_DAY}|{_DATE}|{_CLOCK}|tomorrow|tonight|week|month|weekend|morgen|woche|monat|wochenende"
    rf"|(?:the )?end of (?:the )?(?:day|week|month|year)|ende (?:der|des) (?:woche|monats|jahres))\b"
    rf"|(?:in|within|innerhalb von)\s+{_SPAN}\b|tomorrow(?: (?:morning|afternoon|evening|night))?\b|tonight\b"
    rf"|übermorgen\b|morgen (?:früh|abend|mittag|nachmittag)\b|heute(?: abend)?\b|(?:{_DAY})(?:s)?\b)",
    _I,
)
"""Until when, as it was said."""

DEFERRED = _any(
    r"\b(?:don'?t|do not) know\b|\bnot sure\b|\bno idea\b|\blet me (?:check|think|see|ask)\b|\bget back to you\b",
    r"\bask (?:me )?(?:again )?later\b|\bi'?ll (?:check|ask|find out|look)\b",
    r"\bweiß (?:ich )?(?:es )?(?:noch )?nicht\b|\bkeine ahnung\b|\bmuss ich (?:erst )?(?:nachsehen|fragen)\b",
)
"""An answer that answers nothing."""

BETTER = _any(
    r"\b(?:happy|glad|great news|relieved|delighted|excited|thrilled|love (?:it|this|that))\b",
    r"\b(?:much better|works now|working now|finally works|thank goodness|so proud|perfect|wonderful|fantastic)\b",
    r"\b(?:froh|glücklich|erleichtert|begeistert|super|großartig|wunderbar|endlich geht|geht wieder|freue mich)\b",
)
WORSE = _any(
    r"\b(?:annoyed|annoying|angry|upset|frustrated|frustrating|sad|worried|anxious|stressed|exhausted|disappointed)\b",
    r"\b(?:terrible|awful|horrible|hate (?:it|this|that)|sick of|fed up|furious|overwhelmed|a mess|gives up)\b",
    r"\b(?:genervt|verärgert|wütend|traurig|besorgt|gestresst|erschöpft|enttäuscht|frustriert|schrecklich|furchtbar)\b",
)
NEGATED = re.compile(r"(?:\b(?:not|never|no longer|nicht|kein\w*)|n't)\s+(?:\w+\s+)?$", _I)

RELATING = _any(
    r"\b(?:is|are|was|became|ist|war|wurde)\b",
    r"\b(?:work(?:s|ed|ing)?|arbeite(?:t|te)?|live[sd]?|wohn(?:t|te|e)|leb(?:t|te|e)|mov(?:es|ed)|zog)\b",
    r"\b(?:review(?:s|ed)?|own(?:s|ed)?|lead(?:s)?|led|manage[sd]?|recommend(?:s|ed)?|know[s]?|knew|met|married|leitet|kennt)\b",
    r"\b(?:use[sd]?|bought|sold|visit(?:s|ed)?|join(?:s|ed)?|left|replace[sd]?|belongs|nutzt|kaufte|verkaufte|empfahl)\b",
)
"""What may stand between two names that have to do with each other."""
KIN = re.compile(
    r"\b(?:[Mm]y|[Oo]ur|[Mm]eine?|[Uu]nsere?)\s+(?P<role>[^\W\d_]+(?: (?:there|now|dort|jetzt))?),?\s+"
    r"(?:is called |is |heißt |ist )?(?=(?P<name>[^\W\d_a-zäöüß][\w'-]+))"
)
"""Somebody's sister, manager, dentist."""

GERMAN = frozenset(
    """aber als am an auch auf aus bei bin bis bitte das dass dem den der des die doch du ein eine einem einen einer er
    es für gut habe haben hat ich ihr im in ist ja jetzt kann kein keine man mein meine mit muss nach nicht noch nur
    oder schon sehr sein sich sie sind so und uns unser unsere vom von vor war was wenn werde werden wie wir wird wo
    zu zum zur über heute morgen gestern dann da hier mal""".split()
)
ENGLISH = frozenset(
    """a am an and are as at be but by do for from had has have he i in is it me my no not of on or our she so that the
    they this to was we will with you your""".split()
)
COMMON = (
    GERMAN
    | frozenset(
        """thing things stuff something anything time times day days week weeks today tomorrow yesterday year good great
    nice bad new old big small sure right yes thanks want wants wanted need needs know think say said make made go going
    went come use used take see look help tell told ask asked try work works keep put give way bit still back
    really already first last next done fine won't don't i'm i'll it's that's let's there's what's""".split()
    )
    | frozenset(
        """around call called calls two three half couple lot lots hear heard bought buy change changed weigh level glad
        monday tuesday wednesday thursday friday saturday sunday morning evening afternoon note noted answer well
    danke okay machen gemacht gehen geht sagen gesagt wollen will können montag dienstag mittwoch donnerstag freitag
    samstag sonntag uhr tag woche jahr zeit sache neue neuen alte""".split()
    )
)
"""Words that are no topic, beside the stopwords of `text.terms`."""
