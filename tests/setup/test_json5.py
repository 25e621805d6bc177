from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError
from clawcortex.setup import json5

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_every_json_document_reads_as_json_reads_it(value: object) -> None:
    assert json5.loads(json.dumps(value)) == (value, False)
    text = json.dumps(value, ensure_ascii=False, indent=2)
    assert json5.loads(text)[0] == json.loads(text)


def test_what_people_write_in_openclaw_json() -> None:
    text = """\ufeff// mine
    {
      gateway: { port: 18999, /* the port */ hex: 0xFF, low: -.5, },
      'env': { "vars": { $FOO_1: 'say "hi"\\x21 \\u00e9', }, },
      list: [1, 2.5e3, true, null,],
      long: 'one \\
line', url: "https://example.org//x",
    }
    """
    value, commented = json5.loads(text)
    assert commented
    assert value == {
        "gateway": {"port": 18999, "hex": 255, "low": -0.5},
        "env": {"vars": {"$FOO_1": 'say "hi"! é'}},
        "list": [1, 2500.0, True, None],
        "long": "one line",
        "url": "https://example.org//x",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", 1),
        ("{a: 1 b: 2}", 1),
        ("{\n'a: 1\n}", 2),
        ("[1, 2", 1),
        ("{a: }", 1),
        ("{a: nope}", 1),
        ("{} {}", 1),
        ('{"a": "\\u12"}', 1),
        ("", 1),
        ("[" * 5_000, 1),
    ],
)
def test_a_broken_file_is_refused_with_the_line(text: str, line: int) -> None:
    with pytest.raises(InputError, match=f"line {line}:"):
        json5.loads(text)
