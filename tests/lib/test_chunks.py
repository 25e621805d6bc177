from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError
from clawcortex.text.chunks import chunks
from clawcortex.text.tokens import count_tokens

PROSE = st.lists(
    st.sampled_from(
        [
            "word",
            "two words",
            "A sentence.",
            "Ja!",
            "\n",
            "\n\n",
            "\n \n",
            "你好。",
            "x" * 30,
            "  ",
            "🙂",
            "- a",
        ]
    ),
    max_size=60,
).map(" ".join)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(PROSE | st.text(), st.integers(1, 12))
def test_nothing_is_lost_and_every_piece_fits(text: str, limit: int) -> None:
    pieces = chunks(text, limit_tokens=limit)
    assert squeezed("".join(pieces)) == squeezed(text)
    assert all(count_tokens(piece) <= limit for piece in pieces)
    assert all(piece == piece.strip() and piece for piece in pieces)


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), max_size=50), st.integers(2, 10))
def test_no_word_is_cut_that_fits(words: list[str], limit: int) -> None:
    pieces = chunks(" ".join(words), limit_tokens=limit)
    assert " ".join(pieces).split() == words


def test_short_text_is_one_piece_as_it_is() -> None:
    text = "First line.\n\n    indented code\n\nLast."
    assert chunks(text) == [text]


@pytest.mark.parametrize("text", ["", "   ", "\n\n\n"])
def test_no_text_no_piece(text: str) -> None:
    assert chunks(text) == []


def test_cuts_between_paragraphs_before_sentences() -> None:
    text = "One two three. Four five six.\n\nSeven eight nine. Ten."
    assert chunks(text, limit_tokens=9) == ["One two three. Four five six.", "Seven eight nine. Ten."]


def test_cuts_between_sentences_before_words() -> None:
    text = 'He said "No way." Then he left the house quickly.'
    assert chunks(text, limit_tokens=9) == ['He said "No way."', "Then he left the house quickly."]


def test_packs_short_paragraphs_together() -> None:
    assert chunks("a b\n\nc d\n\ne f", limit_tokens=4) == ["a b\n\nc d", "e f"]


def test_cuts_chinese_between_sentences() -> None:
    assert chunks("今天天气很好。我们去公园。", limit_tokens=8) == ["今天天气很好。", "我们去公园。"]


def test_cuts_a_word_only_when_it_alone_is_longer() -> None:
    pieces = chunks("short " + "x" * 60 + " end", limit_tokens=4)
    assert pieces == ["short", "x" * 24, "x" * 24, "x" * 12 + " end"]


def test_refuses_a_limit_that_nothing_fits() -> None:
    with pytest.raises(InputError, match="limit_tokens is 0"):
        chunks("text", limit_tokens=0)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000,
        "a" + " " * 300_000 + "b c d " * 100,
        "a. " * 30_000,
        "\n \n" * 100_000 + "x",
        '."' * 100_000,
    ],
    ids=["one word", "one gap", "short sentences", "empty lines", "closing quotes"],
)
def test_takes_linear_time(text: str) -> None:
    assert squeezed("".join(chunks(text))) == squeezed(
        text
    )  # quadratic time would run into the test's timeout
