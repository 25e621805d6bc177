"""The table of what tells who a person is: accounts, numbers, addresses. Secrets have a table of their own."""

from __future__ import annotations

import ipaddress
import re

from clawcortex.text.kinds import Kind
from clawcortex.text.secret_signs import card

_PHONE_CUE = (
    r"(?:tele)?phone|mobile|cell(?:phone)?|fax|landline|whats ?app|sms|text(?:ed)?"
    r"|call(?:ed|ing)?|dial(?:led|ed)?|reach(?:ed)?|ring|rang|answering|messages?|registered"
    r"|telefon(?:nummer)?|handy(?:nummer)?|mobil(?:nummer)?|rufnummer|tel|téléphone|teléfono|móvil"
)
_PHONE_LABEL = r"(?:my|your|his|her|their|our|the) number(?: is)?|desk:|office:|home:|work:|direct:"
_PHONE = r"(?:\+|00)?\(?\d(?:[ ()./-]{0,3}\d){6,14}(?:[ ]?(?:x|ext\.?|extension)[ ]?\d{1,6})?"
_BEFORE_NUMBER, _AFTER_NUMBER = r"(?<![\w.+/#-])", r"(?![\w]|[.-]\d)"
_STREET = (
    r"street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|square|sq|terrace|way|place|pl"
    r"|highway|hwy|parkway|pkwy|close|crescent|row|alley"
)
_NO_NAME = r"(?:the|an?|my|this|that|on|in|of)"
_IBAN = re.compile(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}")


def iban(secret: str) -> bool:
    """Return whether it is an international bank account number: its check digits (ISO 13616) agree."""
    plain = re.sub(r"[ -]", "", secret).upper()
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def ip(secret: str) -> bool:
    """Return whether it is an address of the Internet Protocol that names somebody: not this host, not all."""
    try:
        address = ipaddress.ip_address(secret)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def phone(secret: str) -> bool:
    """Return whether it is a number that could be dialled, in its country where it names one (phonenumbers)."""
    from phonenumbers import NumberParseException, is_possible_number, parse

    if card(secret) or re.match(r"(?:19|20)\d\d[-./]\d", secret):
        return False
    try:
        number = parse(re.sub(r"^00", "+", secret), "US")
    except NumberParseException:
        return False
    return is_possible_number(number) if secret.startswith(("+", "00")) else True


def dialled(secret: str) -> bool:
    """Return whether it is a number that somebody has, told by nothing but its form."""
    from phonenumbers import NumberParseException, is_valid_number, parse

    if not phone(secret):
        return False
    try:
        return is_valid_number(parse(re.sub(r"^00", "+", secret), "US"))
    except NumberParseException:
        return False


PERSONAL: tuple[Kind, ...] = (
    Kind(
        "iban",
        re.compile(
            r"(?<![\w-])[A-Za-z]{2}\d\d(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?(?![\w-])"
        ),
        (),
        iban,
    ),
    Kind(
        "ssn",
        re.compile(rf"{_BEFORE_NUMBER}(?!000|666|9)\d{{3}}([ -])(?!00)\d\d\1(?!0000)\d{{4}}{_AFTER_NUMBER}"),
    ),
    Kind(
        "email",
        re.compile(
            r"(?<![\w.+-])[\w][\w.+-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,5}[^\W\d_]{2,24}(?![\w-])"
        ),
        ("@",),
    ),
    Kind(
        "ip",
        re.compile(r"(?<![\w.-])(?<!version )(?<!release )\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\w)"),
        (),
        ip,
    ),
    Kind(
        "ip", re.compile(r"(?<![\w:.])(?=[^\s]{0,40}:[^\s]{0,40}:)[0-9A-Fa-f:]{3,39}(?![\w:])"), ("::",), ip
    ),
    Kind("ip", re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){7}(?![\w:])"), (":",), ip),
    Kind(
        "phone",
        re.compile(
            rf"(?<!\w)(?:(?:{_PHONE_CUE})\b[:.]?\s{{0,3}}(?:[a-z]{{1,8}}[ :]{{1,2}}){{0,3}}"
            rf"|(?:{_PHONE_LABEL})\s{{1,3}})(?P<secret>{_PHONE}){_AFTER_NUMBER}",
            re.IGNORECASE,
        ),
        (),
        phone,
    ),
    Kind(
        "phone",
        re.compile(
            rf"{_BEFORE_NUMBER}(?P<secret>{_PHONE})(?=[ (-]{{1,2}}(?:office|fax|mobile|cell|home|work|desk)\b)",
            re.IGNORECASE,
        ),
        (),
        phone,
    ),
    Kind("phone", re.compile(rf"{_BEFORE_NUMBER}{_PHONE}{_AFTER_NUMBER}"), (), dialled),
    Kind(
        "address",
        re.compile(
            rf"(?<![\w.,-])\d{{1,6}}[a-z]?[ ](?:(?!{_NO_NAME}[ ])[^\W\d_][\w.'’-]{{1,20}}[ ]){{1,4}}(?:{_STREET})\b\.?"
            r"(?:,? (?:apt|suite|unit|flat|floor)\.? ?\w{1,6})?",
            re.IGNORECASE,
        ),
    ),
    Kind(
        "address",
        re.compile(
            r"(?<!\w)[^\W\d_][\w'’-]{1,30}(?:straße|strasse|str\.|gasse|weg|allee|platz|ring|damm|ufer)"
            r"[ ]\d{1,4}[a-z]?(?!\w)(?:,? \d{4,5} [^\W\d_][\w-]{1,30})?",
            re.IGNORECASE,
        ),
    ),
    Kind("address", re.compile(r"(?<!\w)P\.? ?O\.? Box \d{1,8}(?!\w)", re.IGNORECASE), ("box",)),
)
