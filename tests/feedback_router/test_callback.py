"""What a button carries: short, unguessable, and nothing else gets in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.errors import InputError
from clawcortex.openclaw.host import VALUE_BYTES
from feedback_router.callback import decode, encode, first_id, new_id

from .asks import NOW

OPTION = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)


@given(OPTION, st.integers(0, 32_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_what_is_encoded_comes_back_and_fits(option: str, moment: datetime) -> None:
    ask = new_id(moment)
    value = encode(ask, option)
    assert len(value.encode()) <= VALUE_BYTES
    assert decode(value) == decode(value.encode()) == (ask, option)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x" * 53,
        "clawcortex:" + "0" * 42,
        "x" * 10_000,
        "clawcortex:",
        "clawcortex::approve",
        "clawcortex:0123456789abcdefghjkm:",
        "clawcortex:0123456789abcdefghjkm:APPROVE",
        "clawcortex:0123456789abcdefghjkm:approve\n",
        "clawcortex:0123456789abcdefghjkm:approve:more",
        "other:0123456789abcdefghjkm:approve",
        "clawcortex:../../etc/passwd:approve",
        "clawcortex:0123456789abcdefghjkm:\u0661",
        "clawcortex:0123456789abcdefghjkm:\ud800",
        "clawcortex:0123456789abcdefghjkm:a\x00",
        b"\xff\xfe\x00",
        b"clawcortex:0123456789abcdefghjkm:\xc3\xbc",
        b"x" * 10_000,
    ],
    ids=repr,
)
def test_what_was_never_sent_is_refused(value: str | bytes) -> None:
    with pytest.raises(InputError):
        decode(value)


@given(st.text() | st.binary())
def test_no_value_does_more_than_be_refused(value: str | bytes) -> None:
    try:
        ask, option = decode(value)
    except InputError:
        return
    assert encode(ask, option) == (value if isinstance(value, str) else value.decode())


def test_an_option_that_would_not_come_back_is_not_sent() -> None:
    for option in ("", "Approve", "x" * 13, "a:b"):
        with pytest.raises(InputError):
            encode(new_id(NOW), option)


def test_ids_differ_and_sort_by_time() -> None:
    ids = [new_id(NOW) for _ in range(1_000)]
    assert len({one[9:] for one in ids}) == 1_000
    later = NOW + timedelta(milliseconds=1)
    assert all(first_id(NOW) <= one < first_id(later) <= new_id(later) for one in ids)
