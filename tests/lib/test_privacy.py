"""Personal data in what is stored: found by form, kept, masked or dropped as the settings say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError, SettingsError
from clawcortex.settings import load_settings
from clawcortex.text import privacy
from clawcortex.text.redaction import redact

ALL = privacy.policy(f"{name}=mask" for name in privacy.DEFAULTS)
FOUND = [
    ("IBAN DE89 3704 0044 0532 0130 00, thanks", "IBAN [redacted:iban], thanks"),
    ("my iban is gb82west12345698765432", "my iban is [redacted:iban]"),
    ("SSN 536-22-1234", "SSN [redacted:ssn]"),
    ("write to ann.b+x@mail.example.co.uk!", "write to [redacted:email]!"),
    ("mail müller@bücher.example.", "mail [redacted:email]."),
    ("from 203.0.113.7.", "from [redacted:ip]."),
    ("from fe80::1ff:fe23:4567:890a or 2001:db8:0:0:1:0:0:1", "from [redacted:ip] or [redacted:ip]"),
    ("Call me at 0170 1234567 tomorrow", "Call me at [redacted:phone] tomorrow"),
    ("Phone:\n467 3395", "Phone:\n[redacted:phone]"),
    ("+49 (0)30 901820 is hers", "[redacted:phone] is hers"),
    ("(212) 555-0143 or 212.736.5000x12", "[redacted:phone] or [redacted:phone]"),
    ("my number is 030 901820", "my number is [redacted:phone]"),
    ("030 901820 office", "[redacted:phone] office"),
    ("12 Baker Street, flat 3 is empty", "[redacted:address] is empty"),
    ("Hauptstraße 12, 10115 Berlin", "[redacted:address]"),
    ("P.O. Box 1123", "[redacted:address]"),
    ("card 6304 27373398 and 630427373398", "card 6304 27373398 and [redacted:card]"),
]
INNOCENT = [
    "We met 2024-05-06 12:30 and paid 1,234,567.89",
    "order 1234567890 shipped, tracking 1Z999AA10123456784",
    "version 1.2.3.4 on 127.0.0.1",
    "room 12:30:45 at std::vector",
    "isbn 978-3-16-148410-0",
    "call 911, or call on 12 May 2026 with 10 people",
    "5 out of 10 days on the road, 3 people took a long drive",
    "GB82WEST12345698765433 is no account, 666-12-3456 no number, 987-65-4320 neither",
    "me@home and a@b",
    "2026-11-23 10.15.22",
]


@pytest.fixture
def enforced() -> Iterator[None]:
    """Put the policy of this process back."""
    yield
    privacy.enforce(())


@pytest.mark.parametrize(("text", "wanted"), FOUND)
def test_finds_personal_data_by_its_form(text: str, wanted: str) -> None:
    assert redact(text, ALL).text == wanted


@pytest.mark.parametrize("text", INNOCENT)
def test_leaves_other_numbers_alone(text: str) -> None:
    assert redact(text, ALL).text == text


def test_a_number_to_call_is_kept_unless_asked_for_and_an_account_is_not() -> None:
    text = "Ben: 0170 1234567, b@example.com, IBAN DE89370400440532013000"
    assert redact(text).text == "Ben: 0170 1234567, b@example.com, IBAN [redacted:iban]"


def test_a_text_with_what_is_dropped_is_refused_and_named(enforced: None) -> None:
    privacy.enforce(("ssn=drop", "iban=keep"))
    with pytest.raises(InputError, match="holds ssn, and is not stored"):
        redact("SSN 536-22-1234")
    assert redact("DE89370400440532013000").kinds == ()


@pytest.mark.parametrize("rule", ["phone=hide", "shoe=mask", "phone", "secret=keep", "ip=mask, ip=keep"])
def test_a_rule_that_cannot_be_is_refused(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_PRIVACY", rule)
    with pytest.raises(SettingsError, match="privacy"):
        load_settings()


@given(
    st.lists(st.sampled_from([text for text, _ in FOUND]) | st.text(max_size=20), max_size=5).map(" ".join)
)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = redact(text, ALL).text
    assert redact(once, ALL).text == once


@pytest.mark.parametrize(
    "text",
    [
        *("1 " * 100_000, "call " * 40_000, "a.b@" * 50_000, "(" * 200_000, "12 ab cd " * 20_000),
        *(
            "DE12 ABCD " * 20_000,
            "1.1.1.1" * 30_000,
            "a:" * 100_000,
            "+1" * 100_000,
            "my number is " * 15_000,
        ),
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.timeout(30)
def test_takes_linear_time(text: str) -> None:
    assert len(redact(text, ALL).text) <= len(text) + 100
