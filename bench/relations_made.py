"""Pairs made from templates: the same bare sentences with other values, which nobody would write by the hundred.

Those of relations_told.txt are told with their reasons where something changed, and barely where nothing did: from them
alone a reader learns that bare sentences change nothing. Here both kinds get the same forms and the same tails.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from contradictions import Pair

KIND = "own"
MADE = 480
NAMES = (
    "Ito Haas Weber Klein Okoro Lindqvist Moreau Novak Singh Keller Rossi Santos Yilmaz Brandt Kaur Petersen"
).split()
FIRST = "Ann Tom Priya Jun Lena Sofia Marek Ola Nina Karim Ines Paul Greta Hugo Mara Felix Aisha Ben".split()
TOWNS = (
    "Berlin Lisbon Oslo Ghent Rome Porto Leeds Vienna Prague Bonn Lyon Turin Malmö Cork Gdansk Basel".split()
)
FIRMS = "Siemens Bosch Philips Nokia Unilever Ikea Adidas Lidl Bayer Volvo Orange Santander".split()
TOOLS = (
    "Jira Trello Notion Slack Teams Zoom Figma Xero Jenkins Postgres Redis Grafana Obsidian Evernote".split()
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
TIMES = ["8", "8:30", "9", "9:15", "10", "11", "13:00", "14:30", "4 pm", "6 pm", "half past seven"]
DATES = [
    f"{day} {month}" for day in (2, 5, 9, 14, 21, 28) for month in ("March", "June", "August", "October")
]
SUMS = ["90", "120", "340", "480", "650", "960", "1,020", "1,450", "2,300", "18,000"]
FOODS = "coffee tea meat fish milk sugar bread cheese wine beer nuts eggs rice chocolate".split()
SPORTS = "tennis chess football badminton golf volleyball hockey squash handball".split()
COLOURS = "green blue red grey white yellow black orange purple".split()
BRANDS = "Golf Fiesta Panda Yaris Clio Polo Corsa Octavia Leaf Tucson".split()

Forms = tuple[str, ...]
FACTS: list[tuple[list[str], Forms, Forms]] = [
    (NAMES, ("{my} plumber is {v}.", "{my} plumber is called {v}."), ("{my} new plumber is {v}.",)),
    (
        NAMES,
        ("{my} dentist is Dr. {v}.", "{my} dentist is called Dr. {v}."),
        ("{my} dentist is now Dr. {v}.",),
    ),
    (
        NAMES,
        ("{my} landlord is Mr {v}.", "The landlord of {mine} is Mr {v}."),
        ("{my} new landlord is Mr {v}.",),
    ),
    (NAMES, ("{my} teacher is Mrs {v}.",), ("{my} teacher changed, it's Mrs {v}.",)),
    (
        TOWNS,
        ("{i} live{s} in {v}.", "{v} is where {i} live{s}."),
        ("{i} moved to {v}.", "{i} moved from {o} to {v}.", "{i} live{s} in {v} now."),
    ),
    (
        FIRMS,
        ("{i} work{s} for {v}.", "{i} work{s} at {v}."),
        ("{i} started at {v}.", "{i} left {o} for {v}."),
    ),
    (BRANDS, ("{i} drive{s} a {v}.", "{my} car is a {v}."), ("{i} bought a {v}.", "{i} drive{s} a {v} now.")),
    (
        COLOURS,
        ("{my} favourite colour is {v}.", "{my} front door is {v}."),
        ("{my} favourite colour is {v} now.",),
    ),
    (SPORTS, ("{i} play{s} {v} on Sundays.",), ("{i} play{s} {v} instead of {o} on Sundays.",)),
    (
        SUMS,
        ("{my} rent is {v}.", "{my} rent is {v} a month."),
        ("{my} rent went up to {v}.", "{my} rent is {v} now."),
    ),
    (SUMS, ("The budget for {mine} is {v} euros.",), ("The budget for {mine} was changed to {v} euros.",)),
    (TIMES, ("{my} meeting is at {v}.", "{my} meeting starts at {v}."), ("{my} meeting was moved to {v}.",)),
    (TIMES, ("{my} shift starts at {v}.", "{my} shift begins at {v}."), ("{my} shift now starts at {v}.",)),
    (DAYS, ("{my} lesson is on {v}.", "{my} lesson takes place on {v}."), ("{my} lesson was moved to {v}.",)),
    (
        DATES,
        ("{my} deadline is {v}.", "{my} deadline is on {v}."),
        ("{my} deadline was moved to {v}.", "{my} deadline slipped to {v}."),
    ),
    (DATES, ("{my} exam is on {v}.",), ("{my} exam was put off to {v}.",)),
    (
        TOOLS,
        ("{i} use{s} {v} for the notes.", "{my} notes are in {v}."),
        ("{i} switched to {v} for the notes.", "{i} moved the notes from {o} to {v}."),
    ),
    (
        FIRST,
        ("{v} looks after {mine}.", "{v} is in charge of {mine}."),
        ("{v} took over {mine} from {o}.", "{v} looks after {mine} now."),
    ),
    (FIRST, ("{my} best friend is {v}.",), ("{my} best friend is {v} these days.",)),
]
"""Values, forms of what is, forms of what has changed ("{o}" the old value)."""
HABITS: list[tuple[list[str], str, Forms, Forms]] = [
    (
        FOODS,
        "{i} eat{s} or drink{s} {v}.",
        ("{i} do{es} not have {v}.", "{i} no longer touch{es} {v}.", "{i} gave up {v}."),
        ("{v} is something {i} have.",),
    ),
    (
        SPORTS,
        "{i} play{s} {v}.",
        ("{i} do{es} not play {v}.", "{i} stopped playing {v}.", "{i} quit {v}."),
        ("{v} is what {i} play{s}.",),
    ),
    (
        TOOLS,
        "{i} use{s} {v}.",
        ("{i} do{es} not use {v}.", "{i} don't use {v} any more.", "{i} stopped using {v}."),
        ("{v} is among what {i} use{s}.",),
    ),
]
"""What is done, how it is denied, how it is said again."""
PEOPLE = [
    {"i": "I", "my": "My", "mine": "my garden", "s": "", "es": ""},
    {"i": "They", "my": "The", "mine": "the shop", "s": "", "es": ""},
    {"i": "We", "my": "Our", "mine": "our office", "s": "", "es": ""},
    {"i": "My sister", "my": "My sister's", "mine": "my sister's flat", "s": "s", "es": "es"},
    {"i": "Tom", "my": "Tom's", "mine": "the Falcon project", "s": "s", "es": "es"},
    {"i": "My neighbour", "my": "The neighbours'", "mine": "the club house", "s": "s", "es": "es"},
]
TAILS = [
    "",
    "",
    "",
    "",
    ", by the way",
    ", can you believe it",
    ", just so you know",
    ", I'm glad to say",
    ", as I said",
]


def made_pairs() -> Iterator[Pair]:
    """Yield pairs, always the same: changes, the same said in other words, the same of another one, other facts."""
    chance = np.random.default_rng(11)

    def pick(some: list[str]) -> str:
        return str(some[int(chance.integers(len(some)))])

    def said(form: str, who: dict[str, str], value: str, old: str = "") -> str:
        text = form.format(v=value, o=old, **who)
        text = text[:-1] + pick(TAILS) + (text[-1] if chance.random() < 0.8 else "")
        return text if chance.random() < 0.85 else text[0].lower() + text[1:]

    for number in range(MADE):
        who, other = (PEOPLE[int(one)] for one in chance.permutation(len(PEOPLE))[:2])
        if number % 4 == 3:
            values, does, denied, again = HABITS[int(chance.integers(len(HABITS)))]
            one, two = (values[int(i)] for i in chance.permutation(len(values))[:2])
            older, shape = said(does, who, one), pick(list(denied))
            found = [
                (said(shape, who, one), True),
                (said(pick(list(again)), who, one), False),
                (said(shape, other, one), False) if chance.random() < 0.5 else (said(shape, who, two), False),
            ]
        else:
            values, forms, changes = FACTS[int(chance.integers(len(FACTS)))]
            one, two, before = (values[int(i)] for i in chance.permutation(len(values))[:3])
            first = forms[0] if chance.random() < 0.7 else pick(list(changes))
            older, shape = said(first, who, one, before), pick([*forms, *changes])
            found = [
                (said(shape, who, two, one), True),
                (said(forms[-1], who, one), False),
                (said(shape, other, two, one), False),
            ]
        for newer, answer in found:
            yield Pair(f"made{number}", KIND, "dev", "Ann", older, newer, 30, answer)
