"""The words that this skill goes by, in one place: what weighs, what changed, what asks for the past.

Every pattern is searched in text of any length: none nests one repetition in another, so each takes linear time.
"""

from __future__ import annotations

import re


def words(pattern: str) -> re.Pattern[str]:
    """Return a pattern of whole words, line breaks in it left out, whatever the case."""
    return re.compile(rf"\b(?:{''.join(pattern.split(chr(10)))})\b", re.IGNORECASE)


# how much a text weighs
VITAL = words(
    r"remember|don't forget|do not forget|important|always|never|allerg\w*|password|birthday|deadline|"
    r"decided|decision|my name is|i prefer|i hate|i love"
)
TELLING = re.compile(r"\d|\b(my|our|moved|changed|switched|new|will|plan\w*|need|must)\b", re.IGNORECASE)

# what is put back after a compaction; identifiers keep their case
KINDS = {
    "goal": re.compile(
        r"\b(?:goal|aim|trying to|want(?:s|ed)? to|need(?:s|ed)? to|working on|help me|let'?s|"
        r"plan(?:ning)? to|would like|project|please)\b",
        re.IGNORECASE,
    ),
    "decision": re.compile(
        r"\b(?:decid\w+|decision|agreed|we(?:'ll| will)|go with|chose|chosen|settled|approved|"
        r"confirmed|booked|moved to|changed to|instead|from now on|always|never|prefer)\b",
        re.IGNORECASE,
    ),
    "open": re.compile(
        r"\?\s*$|\b(?:todo|to do|remind me|don'?t forget|still (?:need|open|have to)|pending|follow up|"
        r"waiting (?:for|on)|by (?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|tonight|next))\b",
        re.IGNORECASE,
    ),
    "identifier": re.compile(
        r"https?://\S+|[\w.+-]+@[\w-]+\.\w+|(?:^|\s)[~.]?/[\w./-]{3,}|\b[A-Z]{2,}-?\d+\b|"
        r"\b[0-9a-fA-F]{7,40}\b|\b\d+(?:\.\d+)+\b|\b(?=\w*\d)\w+-\w+|[$€£]\s?\d|\b\d{4,}\b|`[^`\n]+`"
    ),
}

# what a question asks for
PAST = words(
    r"before|used to|previous(?:ly)?|former(?:ly)?|originally|earlier|at first|initially|back then|"
    r"in the past|"
    r"history|in the beginning|until recently|prior to|once|first (?:plan|time|version)|no longer|"
    r"(?<!how )(?<!the )old(?! (?:am|are|is|will))|"
    r"vorher|früher\w*|zuvor|damals|ehemalig\w*|ursprünglich\w*|bisherig\w*|vorherig\w*|alte[nrms]?|bevor"
)
"""The past is asked for by name: what was true then comes first."""
WAS = words(
    r"(?:what|who|where|when|which|how\s\w+|was|wer|wo|wann|welche\w*)\s(?:\w+\s)?(?:was|were|had|war|"
    r"waren|hatten?)"
)
"""A past tense; it may be mere politeness ("what was the date again?"): what holds now still comes first."""

# what a text says of an earlier one
NEGATION = words(
    r"not|no|never|none|nobody|nothing|neither|nor|without|cannot|cant|dont|doesnt|didnt|isnt|wont|"
    r"\w+n['’]t|hardly|"
    r"no one|free of|"
    r"nicht|nie|niemals|kein\w*|niemand|nichts|ohne"
)
CHANGE = words(
    r"no longer|any ?more|any longer|instead|moved|moving|relocated|changed?|changing|switched|replaced|"
    r"replaces|"
    r"migrated|renamed|swapped|traded|transferred|upgraded|downgraded|promoted|rebooked|reassigned|"
    r"renegotiated|"
    r"raised|lowered|reduced|increased|decreased|cut|bumped|grown|grew|risen|rose|shrunk|doubled|halved|"
    r"(?:gone|went|goes|put|came|brought|going) (?:\w+ )?(?:up|down|over)|up to|down to|up from|down from|"
    r"dropped|slipped|pushed|postponed|rescheduled|delayed|shifted|extended|put off|(?:brought|"
    r"moved) forward|"
    r"is now|are now|now|nowadays|these days|currently|lately|as of|since then|from now on|"
    r"from (?:this|next) (?:week|month|year|bill)|used to|actually|correction|turns? out|turned out|"
    r"change of plan|took over|taken over|takes over|handed (?:\w+ )?over|elected|appointed|settled on|"
    r"decided on|"
    r"went with|gone with|turned \d+|said (?:yes|no)|granted|awarded|extension|transitioned|converted|"
    r"bump|opted for|approved|accepted|finished|after all|got a new|new (?:address|number|"
    r"date|job|phone|deadline|one)|another|different|back (?:on|to|in|at)|update|updated|not .{1,40} but|"
    r"umgezogen|gewechselt|geändert|verschoben|verlegt|ersetzt|jetzt|inzwischen|mittlerweile|nun|"
    r"neuerdings|statt|"
    r"stattdessen|ab sofort|nicht mehr|kein\w* mehr|doch nicht|neue[nrs]? (?:adresse|nummer|job|termin)"
)
ENDING = words(
    r"quit|quits|stopped|stop|gave up|given up|cancell?ed|called off|call off|dropped|abolished|"
    r"terminated|ended|ditched|"
    r"sold|sells|left(?! (?:arm|hand|side|foot|leg|knee|eye|ear|wing|lane|turn))|moved out|move out|"
    r"broke up|split up|divorced|separated|fell through|fallen through|"
    r"withdrew|withdrawn|back(?:ed)? out|pulled out|pulled the plug|lapsed?|expired|retired|resigned|"
    r"fired|laid off|"
    r"let (?:\w+ )?go|died|passed away|closed down|shut down|shutting down|(?:is|are|'s) off(?! (?:sick|"
    r"work|duty|school|to))|switched off|"
    r"turned (?:\w+ )?off|disabled?|removed|deleted|deprecated|discontinued|got rid of|gave .{1,40} away|"
    r"given away|"
    r"gave away|threw (?:\w+ )?out|thrown out|is history|done with|through with|over with|scrapped|"
    r"shelved|abandoned|"
    r"opted out|unsubscribed|declined|rejected|refused|banned|forbidden|ended|is over|are over|kicked|"
    r"went bankrupt|"
    r"ran out|called it (?:off|quits)|stay(?:ing)? away|haven'?t|hasn'?t|couldn'?t care less|can'?t stand|"
    r"gekündigt|aufgehört|abgesagt|verkauft|ausgezogen|getrennt|geschieden|abgeschafft|aufgegeben|"
    r"beendet|gestoppt"
)
BEGINNING = words(
    r"started|starting|start|began|begun|took up|taken up|again|back on|back to|enabled?|"
    r"turned (?:\w+ )?on|switched on|"
    r"allowed|passed|finally|resumed|reopened|reinstated|signed up|joined|bought|took out|got (?:a|an|my|"
    r"our)|repaired|"
    r"fixed|filled|healed|recovered|solved|resolved|deployed|shipped|arrived|"
    r"angefangen|begonnen|wieder|endlich|gekauft|repariert"
)
ADDITIVE = words(
    r"also|too|another|as well|in addition|additionally|besides|second|third|together with|along with|"
    r"both|extra|"
    r"one of|each of|of all|most(?:ly)? (?:of|like)|the one|that'?s why|is called|are called|named|"
    r"auch|zusätzlich|außerdem|noch ein\w*"
)
EXCEPTION = words(
    r"only (?:this|today|for|once)|just (?:this|today|for (?:today|now|once))|this once|for once|"
    r"except(?:ionally)?|"
    r"temporarily|sorry|for (?:a|one|two) (?:day|week|weekend)|ausnahmsweise|nur heute|nur diese\w*"
)
HYPOTHETICAL = words(
    r"if|might|maybe|perhaps|would|should|could (?:be|you|have|i|we)|dream\w*|think(?:ing)? (?:of|about)|"
    r"thought about|consider\w*|"
    r"wish\w*|wonder\w*|hop(?:e|es|ing)|wants? to|would like|tempted|imagine|suppose|unless|wanted to|"
    r"almost|nearly|"
    r"falls|wenn|vielleicht|könnte|würde|überlege\w*|möchte"
)
EVENT = words(
    r"yesterday|today|tonight|ago|last (?:night|week|weekend|month|year|time)|this (?:morning|afternoon|"
    r"evening)|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day|once|had|went|did|bought|paid|spent|called|ran|saw|"
    r"met|ate|won|lost|"
    r"beat|played|watched|visited|used to|as a child|when i was|gestern|heute|letzte\w*|war|ging|hatte"
)
STATE = re.compile(
    r"\b(?:is|are|am|im|lives?|works?|uses?|has|have|owns?|drives?|eats?|drinks?|likes?|loves?|prefers?|"
    r"hates?|runs?|"
    r"costs?|starts?|ends?|opens?|closes?|goes|go|take|takes|need|needs|comes?|belongs?|keeps?|plays?|"
    r"does|do|"
    r"supposed|planned|booked|leads?|wants?|can|will|ist|sind|bin|wohne|arbeite|heißt|hat|habe|"
    r"nutze\w*)\b|'(?:s|m|re|ve|ll)\b",
    re.IGNORECASE,
)
TALK = words(
    r"you|your|you['’]\w+|thanks|thank|congrats|congratulations|wow|hey|hi|yeah|haha|awesome|amazing|du|dein\w*|danke"
)
"""What is said to somebody rather than of something."""
SENTENCE = re.compile(r"[.!?]+(?=\s+\S)")
PEOPLE = frozenset(
    "brother sister wife husband son daughter mother father mum dad mom grandmother grandfather grandma "
    "grandpa aunt uncle "
    "cousin nephew niece colleague neighbour neighbor neighbours neighbors friend boss parents kids "
    "children girlfriend "
    "boyfriend partner roommate flatmate landlord teacher team client customer others they bruder "
    "schwester frau mann sohn "
    "tochter mutter vater kollege kollegin nachbar nachbarn freund freundin chef eltern kinder oma opa".split()
)
"""People whose affairs are not the speaker's."""
FROM_TO = re.compile(r"\bfrom\s(?:\S+\s){1,4}?to\b|\bvon\s(?:\S+\s){1,4}?(?:nach|auf|zu)\b", re.IGNORECASE)

OPPOSITES = (
    ("on", "off"), ("open", "closed|close|shut"), ("enable|enabled", "disable|disabled"),
    ("married|marry|together|engaged", "divorced|separated|single"),
    ("like|love|enjoy|fond", "hate|dislike|loathe"),
    ("optional|voluntary", "mandatory|required|compulsory|obligatory"),
    ("allowed|permitted", "forbidden|banned|prohibited"),
    ("public", "private"), ("free", "paid|charge"), ("hire|hiring|hired", "fire|fired"),
    ("hurt|hurts|pain", "fine|healed"),
    ("broken|broke|leak|leaks|stuck|down", "repaired|fixed|works|working|replaced"),
    ("planned|booked|ahead", "cancelled|canceled|off|shelved|scrapped"),
    ("vacant|vacancy|empty", "filled|full|taken"),
    ("pending|review|waiting|submitted|assessed|draft|processing",
     "approved|done|deployed|accepted|rejected|granted|merged"),
    ("remote|remotely|home", "onsite|office"), ("win|won|ahead", "lost|lose"), ("start|begin", "stop|end"),
    ("vegan|vegetarian", "meat|steak|chicken|fish"), ("nobody|none", "somebody|someone|everyone"),
    ("cheap", "expensive"),
    ("sick|ill|unwell", "healthy|better|well|recovered"), ("buy|buying|own|ours", "sell|sold|selling"),
    ("hot", "cold"), ("early", "late"), ("employed", "unemployed|jobless"),
    ("morning", "evening|night|afternoon"),
    ("weekly", "monthly|daily"), ("full-time", "part-time"), ("left", "right"), ("an", "aus"),
    ("offen", "geschlossen|zu"),
)  # fmt: skip
"""Words that cannot both hold of one thing."""

SLOTS = {
    "home": "live lives living lived moved move moving relocate relocated flat apartment address house "
    "home street "
    "wohne wohnt umgezogen adresse wohnung zuhause",
    "job": "work works working worked job employer employed joined hired company firm quit position "
    "started position boss "
    "arbeite arbeitet stelle firma",
    "due": "deadline due until till submit deliver delivered delivery extension extended finish finished "
    "launch launches "
    "released release ship abgabe frist",
    "owner": "own owns owned owner responsible charge lead leads leading leader led heads head runs run "
    "manages manager chairs "
    "chair took takes maintainer contact oncall report reports verantwortlich leitet",
    "tool": "use uses used using switch switched migrate migrated moved run runs running on tool app "
    "host hosted nutzen nutzt "
    "verwenden",
    "price": "cost costs price pay pays paid charge charges rent fee rate bill bills worth budget "
    "deposit euros dollars salary "
    "earn earns kostet preis miete",
    "number": "phone number mobile cell call reach telefonnummer nummer handy",
    "partner": "girlfriend boyfriend partner wife husband single dating married marriage divorced "
    "engaged together freundin "
    "freund frau mann",
    "car": "drive drives driving car bought auto wagen",
    "meeting": "meeting meet appointment call sync standup lesson class dinner lunch party event session "
    "termin treffen",
    "diet": "eat eats vegetarian vegan meat diet fish dairy food esse isst",
    "bank": "bank banked insured insurance account versicherung konto",
    "school": "school grade class university college student studies study schule klasse",
    "read": "reading read book novel watching series show lese buch",
    "size": "people guests employees team customers members count total size max maximum limit",
    "trip": "trip holiday vacation flight fly travel hotel stay staying booked booking going reise "
    "urlaub flug",
    "status": "status review waiting pending approved done state stage submitted progress",
    "health": "dose mg tablets medication medicine doctor weigh weight kg kilos scale pain hurts",
}  # fmt: skip
"""Words that speak of the same thing a person has one of."""
