"""What tells a secret from a word, a number or an id that only looks like one."""

from __future__ import annotations

import math
import re
from collections import Counter

_IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # UUID
    r"|(?:0x)?[0-9a-f]{7,64}|(?:sha\d+[-:])?[0-9a-f]{32,128}"  # commit, checksum
    r"|\d{4}-\d\d-\d\dT?[\d:.,+Z-]*"  # date and time
    r"|[0-9A-HJKMNP-TV-Z]{26}",  # ULID
    re.IGNORECASE,
)
_TURNS = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])")
_PLACEHOLDER = re.compile(
    r"[*•.…_x-]+$|[<${\[%(]|\w+\(|(?:os|process|request|self|config|settings|env|args|ctx)\b[.\[]|https?://",
    re.IGNORECASE,
)
_BRANDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    (r"4", (13, 16, 19)),
    (r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)", (16,)),
    (r"3[47]", (15,)),
    (r"3(?:0[0-5]|[689])", (14,)),
    (r"6(?:011|4[4-9]|5)|62|35", (16, 17, 18, 19)),
    (r"1800|2131", (15,)),
    (r"5[068]|6[37]", (12, 13, 16, 18, 19)),
)
"""First digits and lengths of Visa, Mastercard, American Express, Diners, Discover/UnionPay/JCB, Maestro."""

_STATES = """
wrong incorrect correct right invalid valid required missing empty blank weak strong expired expiring not
the that this those these there here what why how who when where which and but for with from into than too
very your our his her their its mine yours stored saved safe secure secured hashed encrypted salted fine
good bad okay same different needed optional set unset changed updated reset secret unknown known only
just still also always never being been working broken short long longer easy hard simple complex
complicated visible hidden masked protected shared compromised leaked lost forgotten forgot gone old new
now sensitive asked must should written sent found given used unique random default mandatory accepted
rejected refused nowhere somewhere may none null nil true false string str text varchar char password
passwort placeholder example redacted can enter field input prompt policy manager minimum maximum
undefined yes one something nothing everything anything see ask click choose use contains contain needs
need has have will would minlength at least falsch richtig ungültig gültig nötig erforderlich leer schwach
stark abgelaufen nicht der die das ein eine mein dein unser sicher gespeichert verschlüsselt geändert
vergessen weg neu alt immer noch nur auch sehr hier dort bekannt unbekannt geheim notwendig kurz lang
korrekt muss incorrecta correcta requerida obligatoire incorrecte requis faux
"""
_NO_PASSWORDS = frozenset(_STATES.split())
"""What is said of passwords, in place of one."""


def entropy(text: str) -> float:
    """Return bits a character, from how often each stands."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def mixed(secret: str) -> bool:
    """Return whether it holds letters and digits, and few of them twice."""
    return any(c.isdigit() for c in secret) and any(c.isalpha() for c in secret) and entropy(secret) >= 3


def random(secret: str) -> bool:
    """Return whether it is too random for a word, a path, a UUID, a commit or a checksum."""
    turns = len(_TURNS.findall(secret[:400]))
    return mixed(secret) and not _IDS.fullmatch(secret) and entropy(secret) >= 3.5 and turns >= 3


def assigned(secret: str) -> bool:
    """Return whether "token = …" names a value: here a UUID is one, a date and a function call are not."""
    long = len(secret) >= 32 or sum(c.isdigit() for c in secret) >= 2
    return mixed(secret) and long and not _PLACEHOLDER.match(secret) and not re.match(r"\d{4}-\d\d", secret)


def said(secret: str) -> bool:
    """Return whether what follows "password:" may be one; "wrong", "required" and "${VAR}" are not."""
    bare = secret.strip("\"'`„“”‚‘’«».,;!?")
    return len(bare) >= 3 and bare.casefold() not in _NO_PASSWORDS and not _PLACEHOLDER.match(bare)


def strong(secret: str) -> bool:
    """Return whether a word looks chosen as a password: letters beside digits or signs."""
    signs = any(not c.isalnum() and c not in "'’-./:" for c in secret.strip("\"'`„“”‚‘’«».,;!?()"))
    letters, digits = any(c.isalpha() for c in secret), any(c.isdigit() for c in secret)
    return len(secret) >= 5 and said(secret) and ((letters and digits) or (signs and (letters or digits)))


def card(secret: str) -> bool:
    """Return whether it is a payment card: a brand's first digits and length, and the check digit (Luhn)."""
    digits = re.sub(r"\D", "", secret)
    if not any(re.match(start, digits) and len(digits) in lengths for start, lengths in _BRANDS):
        return False
    doubled = (int(d) * 2 if i % 2 else int(d) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
