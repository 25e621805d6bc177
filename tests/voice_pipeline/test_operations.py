"""The operation `extract`, as a caller sees it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from clawcortex.errors import InputError
from clawcortex.server.resources import Residence
from clawcortex.testing import FakeHost
from voice_pipeline.operations import extract
from voice_pipeline.shapes import ExtractInput

from .calls import calling

SAID = "Ben has to send the offer by Friday. Remind me to call Weber tomorrow at nine."


@pytest.mark.parametrize(
    ("given", "due"),
    [
        ({}, date(2026, 11, 25)),
        ({"timezone": "Europe/London"}, date(2026, 11, 24)),
        ({"at": "2026-11-20T12:00+01:00"}, date(2026, 11, 21)),
    ],
)
def test_dates_count_from_when_and_where_it_was_said(
    residence: Residence, given: dict[str, str], due: date
) -> None:
    found = extract(
        calling(residence, "cli", FakeHost()), ExtractInput.model_validate({"text": SAID, **given})
    )
    offer, call = found.actions
    assert (offer.owner, offer.due_phrase, call.due) == ("Ben", "by Friday", due)
    assert [SAID[one.start : one.end] for one in found.actions] == [offer.quote, call.quote]


def test_the_model_is_asked_for_the_owner_and_never_by_its_own_tool_call(residence: Residence) -> None:
    host = FakeHost()
    extract(calling(residence, "tool", host), ExtractInput(text=SAID))
    extract(calling(residence, "cli", host), ExtractInput(text=SAID, by_model=False))
    assert host.requests == []
    found = extract(calling(residence, "cli", host), ExtractInput(text=SAID))
    assert len(host.requests) == 1
    assert found.by == "rules"
    assert "No model configured" in found.note


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"at": "2026-11-20T12:00"}, "no offset"),
        ({"timezone": "Mars/Base"}, "no time zone"),
        ({"timezone": "../../etc/passwd"}, "no time zone"),
        ({"text": "x" * 1_000_001}, "1,000,001 characters"),
    ],
)
def test_a_bad_call_is_refused_with_what_to_do(
    residence: Residence, given: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        extract(calling(residence, "cli", FakeHost()), ExtractInput.model_validate({"text": SAID, **given}))
    assert refused.value.hint


def test_the_grammars_load_with_the_first_call_only() -> None:
    script = "import sys, voice_pipeline; print('re2' in sys.modules, 'dateparser' in sys.modules)"
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {paths!r}; {script}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False"]
