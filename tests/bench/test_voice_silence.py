"""Where nobody speaks nothing is heard, and the benchmark would see it if something were."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pocketsphinx")
BENCH = Path(__file__).parents[2] / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

import voice_silence  # noqa: E402 - found by the line above
from clawcortex.settings import Settings  # noqa: E402 - as above
from clawcortex.speech import Transcriber  # noqa: E402 - as above
from tests.speech.speaking import decode, spoken  # noqa: E402 - as above


@pytest.fixture(scope="module")
def ear() -> Iterator[Transcriber]:
    made = Transcriber(Settings(speech_engine="pocketsphinx"))
    yield made
    made.close()


def test_nothing_is_heard_where_nobody_speaks(ear: Transcriber) -> None:
    figures, told = voice_silence.measure(10, 7, ear)
    assert not told
    assert (figures["clips"], figures["words"], figures["tasks"]) == (10, 0, 0)


def test_the_benchmark_sees_what_is_heard(ear: Transcriber, monkeypatch: pytest.MonkeyPatch) -> None:
    def speech(rng: Any, t: Any) -> Any:
        return decode(spoken("Please send the report to Anna by Friday."))

    monkeypatch.setattr(voice_silence, "KINDS", (speech,))
    figures, told = voice_silence.measure(1, 1, ear)
    assert figures["words"] >= 6
    assert figures["tasks"] == 1
    assert len(told) == 1
