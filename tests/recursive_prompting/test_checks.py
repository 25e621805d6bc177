"""What a machine can tell about an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.confined import Limits, Ran, run
from clawcortex.testing import FakeHost
from recursive_prompting.checks import arithmetic, code, grounding, schema, wording
from recursive_prompting.checks.blocks import blocks_of, code_of, prose_of
from recursive_prompting.checks.numbers import value_of
from recursive_prompting.shapes import Check

SECONDS = 60.0


@pytest.fixture(scope="module")
def host() -> FakeHost:
    """Return a host that can run what is confined; skip where the machine cannot."""
    try:
        run(["x.py"], files={"x.py": ""}, limits=Limits())
    except HostError as error:
        pytest.skip(error.message)
    return FakeHost()


class TestPython:
    @pytest.mark.parametrize(
        ("answer", "tests", "passed", "says"),
        [
            ("def f(x):\n    return 2 * x", "assert f(2) == 4", True, ""),
            ("Sure:\n```python\ndef f(x):\n    return 2 * x\n```\nThat is it.", "assert f(2) == 4", True, ""),
            (
                "```py\ndef f(x):\n    return g(x)\n```\n```python\ndef g(x):\n    return 2\n```",
                "f(1)",
                True,
                "",
            ),
            (
                "def f(x):\n    return x",
                "from answer import f\ndef test_f():\n    assert f(2) == 4, 'twice'",
                False,
                "twice",
            ),
            ("def f(x) return", "", False, "SyntaxError"),
            ("def f(): ...", "", True, ""),
            ("import sys\nsys.exit(0)", "assert False", False, "SystemExit"),
            ("import os\nos._exit(0)", "assert False", False, "ended with 0"),
            ("```js\nf()\n```", "", False, code.NO_CODE),
            ("print('no tests, not run')\n1 / 0", "", True, ""),
        ],
    )
    def test_it_compiles_and_passes(
        self, host: FakeHost, answer: str, tests: str, passed: bool, says: str
    ) -> None:
        found, detail = code.check(answer, tests, host, SECONDS)
        assert found is passed
        assert says in detail

    def test_a_test_case_counts(self, host: FakeHost) -> None:
        tests = "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n        self.assertEqual(f(), 1)"
        assert code.check("def f():\n    return 1", tests, host, SECONDS) == (True, "")
        assert "2 != 1" in code.check("def f():\n    return 2", tests, host, SECONDS)[1]

    def test_where_nothing_can_be_confined_nothing_is_said(self) -> None:
        class Bare(FakeHost):
            def exec(self, *_: Any, **__: Any) -> Ran:
                raise HostError("this machine cannot")

        assert code.check("x = 1", "", Bare(), SECONDS) == (None, "not run: this machine cannot")
        assert schema.check("{}", {"type": "object"}, Bare(), SECONDS)[0] is None


SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "s": {"type": "string", "pattern": "^(a+)+$"}},
    "required": ["a"],
}


class TestJson:
    @pytest.mark.parametrize(
        ("answer", "passed", "says"),
        [
            ('{"a": 1}', True, ""),
            ('```json\n{"a": 1}\n```', True, ""),
            ('{"a": "x"}', False, "['a']: 'x' is not of type 'integer'"),
            ("{}", False, "the whole: 'a' is a required property"),
        ],
    )
    def test_it_fits_its_schema(self, host: FakeHost, answer: str, passed: bool, says: str) -> None:
        assert schema.check(answer, SCHEMA, host, SECONDS) == (passed, says)

    @pytest.mark.parametrize("answer", ["", "no", '{"a": 1', "[NaN]", "[" * 100_000, '{"a": 1} and more'])
    def test_what_is_no_json_is_not(self, answer: str) -> None:
        passed, detail = schema.check(answer, {}, FakeHost(), SECONDS)
        assert passed is False
        assert detail.startswith("it is not JSON")

    def test_a_pattern_that_never_ends_is_ended(self, host: FakeHost) -> None:
        passed, detail = schema.check(f'{{"a": 1, "s": "{"a" * 60}b"}}', SCHEMA, host, 2.0)
        assert (passed, "within 2 s" in detail) == (None, True)

    @pytest.mark.parametrize("bad", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1/x"}, {"$ref": "#"}])
    def test_what_is_no_schema_is_refused_and_nothing_is_fetched(
        self, host: FakeHost, bad: dict[str, Any]
    ) -> None:
        with pytest.raises(InputError, match="schema"):
            schema.require(bad, host, SECONDS)

    def test_a_part_of_a_schema_that_leads_nowhere_costs_no_draft(self, host: FakeHost) -> None:
        lost = {"properties": {"a": {"$ref": "https://nowhere.example/x"}}}
        schema.require(lost, host, SECONDS)
        passed, detail = schema.check('{"a": 1}', lost, host, SECONDS)
        assert passed is None
        assert detail.startswith("not run: ")


class TestArithmetic:
    @pytest.mark.parametrize(
        "right",
        [
            "3 x 12.50 = 37.50", "2 + 3 * 4 = 14", "10 / 3 = 3.33", "10/4=2.5", "19% of 200 is 38", "$10 + $5 = $15",
            "1,240.00 + 235.60 = 1,475.60", "1.240,00 EUR + 1,50 EUR = 1.241,50 EUR", "3 − 5 = -2", "7 × 6 = 42",
            "on 2026-11-23 = Monday", "5 - 3 + 1 = 2 + 1", "x3 + 4 = 8", "2 + 2 == 5", "v1.2 + 3 = 5", "7 = 3 + 4 = 8",
            "9" * 40 + " + 1 = 2", "5 / 0 = 1", "`1 + 1`", "5% + 3 = 8", "```\n1 + 1 = 3\n```", "10 - 2 = 8 - 0",
        ],
    )  # fmt: skip
    def test_what_is_right_or_cannot_be_read_passes(self, right: str) -> None:
        assert arithmetic.check(f"So\n{right}. Good.") == (True, "")

    @pytest.mark.parametrize(
        ("wrong", "value"),
        [
            ("3 x 12.50 = 37.60", "37.5"), ("10/3 = 3.34", "3.333333"), ("19 % of 200 is 39", "38"),
            ("3 - 5 = 2", "-2"),
            ("- 3 x 4 = 13", "12"), ("2 + 3 * 4 = 20", "14"), ("total: $10 + $5 = $16", "15"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_with_what_it_is(self, wrong: str, value: str) -> None:
        passed, detail = arithmetic.check(f"So it is\n{wrong}\nGood.")
        assert not passed
        assert detail.endswith(f"is wrong: it is {value}")

    def test_a_long_chain_takes_no_time(self) -> None:
        assert arithmetic.check("1+" * 200_000) == (True, "")
        assert arithmetic.check("1 " * 200_000 + "= 3") == (True, "")

    @given(st.text(alphabet="0123456789.,+-*/x=% €$abc\n`", max_size=60))
    def test_no_text_breaks_it(self, text: str) -> None:
        arithmetic.check(text)
        grounding.check(text, text)
        assert grounding.check(text, text)[0]

    @given(st.integers(-999, 999), st.integers(-999, 999))
    def test_it_agrees_with_python(self, one: int, two: int) -> None:
        assert arithmetic.check(f"It is {abs(one)} + {abs(two)} = {abs(one) + abs(two)}")[0]
        assert not arithmetic.check(f"It is {abs(one)} * {abs(two)} = {abs(one) * abs(two) + 1}")[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,240.50", 1240.5),
        ("1.240,50", 1240.5),
        ("12,5", 12.5),
        ("1,000", 1000),
        ("1.2.3", None),
        ("2026", 2026),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float | None) -> None:
    assert value_of(text) == value


class TestGrounding:
    SOURCES = "Invoice 118 over 1,240.00 EUR, due 2026-12-04. See https://shop.example/i/118/ or http://a.example?x=1"

    @pytest.mark.parametrize(
        "answer",
        [
            "It is 1240 EUR: https://shop.example/i/118.",
            "1. Pay invoice 118.\n2. Keep [it](https://SHOP.example/i/118).",
            "Twice that is 2 x 1,240 = 2,480 EUR.",
            "Three of 12 are left.",
            "```\nx = 999\n```",
        ],
    )
    def test_what_stands_there_or_follows_passes(self, answer: str) -> None:
        assert grounding.check(answer, self.SOURCES) == (True, "")

    @pytest.mark.parametrize(
        ("answer", "missing"),
        [
            ("Pay 1,420 EUR.", "the number 1,420"),
            ("See https://shop.example/i/119", "the link https://shop.example/i/119"),
            ("See https://evil.example/?to=https://shop.example/i/118", "the link https://evil.example"),
            ("It is 2 x 1,240 = 2,500.", "the number 2,500"),
        ],
    )
    def test_what_does_not_is_told(self, answer: str, missing: str) -> None:
        passed, detail = grounding.check(answer, self.SOURCES)
        assert not passed
        assert missing in detail


def test_words_are_counted_and_looked_for() -> None:
    wanted = Check(kind="words", contains=("Ann",), lacks=("very",), least_words=2, most_words=3, lines=1)
    assert wording.check("ann comes", wanted) == (True, "")
    passed, detail = wording.check("It is\nvery, very late", wanted)
    assert not passed
    assert detail.count(";") == 3


def test_blocks_are_found_closed_or_not() -> None:
    text = "a\n```python\nx = 1\n```\nb\n~~~\ny\n~~~\n```py title\nz"
    assert blocks_of(text) == [("python", "x = 1\n"), ("", "y\n"), ("py", "z")]
    assert code_of(text) == "x = 1\n\nz"
    assert "x = 1" not in prose_of(text)
    assert code_of("only text", required=True) == ""
