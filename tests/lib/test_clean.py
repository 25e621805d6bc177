from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError
from clawcortex.text.clean import LIMIT_BYTES, MARKS_LIMIT, clean

ANY = st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates too
BIDI = st.text("\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069\nab")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("nul\x00 bell\x07 del\x7f esc\x1b[31m", "nul bell del esc[31m"),
        ("tab\tstays", "tab\tstays"),
        ("lone \ud800 surrogate \udfff", "lone  surrogate "),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("\ufeffmark", "mark"),
        ("👩‍👩‍👧 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        ("hidden\U000e0041\U000e0042 text", "hidden text"),
        ("שלום עולם", None),
        ("می‌خواهم", None),
        ("a\u202eb", "a\u202eb\u202c"),
        ("a\u202eb\nc", "a\u202eb\u202c\nc"),
        ("a\u202cb\u2069", "ab"),
        ("\u2067a\u202bb\u2069c", "\u2067a\u202bb\u202c\u2069c"),
    ],
)
def test_cleans(text: str, expected: str | None) -> None:
    assert clean(text) == (text if expected is None else expected)


@pytest.mark.parametrize("text", ["", " ", "\n\t\r\n", "\x00\x00", "\ud800", "\u3000", "\u2069"])
def test_refuses_empty_text(text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        clean(text)


def test_takes_10_mb_and_not_a_byte_more() -> None:
    assert len(clean("a" * LIMIT_BYTES)) == LIMIT_BYTES
    with pytest.raises(InputError, match="larger than 10 MB"):
        clean("a" * (LIMIT_BYTES + 1))
    with pytest.raises(InputError, match="larger than 10 MB"):
        clean("é" * (LIMIT_BYTES // 2 + 1))


def test_limits_runs_of_marks() -> None:
    text = clean("z" + "\u0315\u0300" * 100_000 + "a")  # ordering them all would take quadratic time
    assert len(text) == MARKS_LIMIT + 2


@given(ANY)
def test_what_comes_out_is_valid_and_stays_as_it_is(text: str) -> None:
    try:
        once = clean(text)
    except InputError:
        return
    assert unicodedata.is_normalized("NFC", once)
    assert once.encode().decode() == once
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in once)
    assert clean(once) == once


@given(BIDI)
def test_bidi_controls_are_balanced_in_every_line(text: str) -> None:
    closers = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
        "\u2066\u2067\u2068", "\u2069"
    )
    for line in clean(f"x{text}").split("\n"):
        due: list[str] = []
        for character in line:
            if character in closers:
                due.append(closers[character])
            elif character in "\u202c\u2069":
                assert due.pop() == character
        assert due == []


def test_takes_linear_time_on_hostile_bidi_controls() -> None:
    assert clean("x" + "\u202a" * 300_000 + "\u2069" * 300_000).startswith("x")
