"""openai-whisper's own code, in the transcriber's process, on a checkpoint that says what the test wants."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clawcortex.errors import EngineError, InputError
from clawcortex.paths import models_dir
from clawcortex.speech.engines import load_engine
from clawcortex.speech.engines.base import Piece
from clawcortex.speech.gate import Gate
from clawcortex.speech.hearing import made_up, transcribe
from clawcortex.speech.protocol import Order
from tests.speech.conftest import Opener
from tests.speech.speaking import spoken

pytest.importorskip("whisper")

from tests.speech import checkpoints

NOTE = spoken("Call the dentist.")
TEXT = "Please send the report to Anna by Friday."


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.save(tmp_path_factory.mktemp("whisper") / "small.pt", TEXT)


def test_twenty_notes_of_eight_callers_load_the_model_once_and_are_heard_one_by_one(
    checkpoint: Path, tmp_path: Path, transcriber: Opener
) -> None:
    own = tmp_path / "own.pt"
    own.write_bytes(checkpoint.read_bytes())
    ear = transcriber(speech_engine="whisper", speech_model=str(own))
    first = ear.transcribe(NOTE)
    own.unlink()  # who loaded again would not find it
    process = ear.running()
    steps: list[tuple[int, int]] = []

    def call(number: int) -> str:
        return ear.transcribe(NOTE, progress=lambda done, total: steps.append((number, ear.running()))).text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(19))) == [TEXT] * 19
    assert {one for _, one in steps} == {process}
    turns = [number for number, _ in itertools.groupby(steps, key=lambda step: step[0])]
    assert sorted(turns) == list(range(19))  # no caller's steps stand between another's
    assert first.text == TEXT
    assert (first.language, first.engine, first.silence) == ("en", "whisper", "")
    assert first.model.startswith("own@")
    (segment,) = first.segments
    assert 0 <= segment.start_s < segment.end_s <= first.seconds
    assert segment.confidence > 0.9
    with pytest.raises(InputError, match="does not know the language 'xx'"):
        ear.transcribe(NOTE, language="xx")
    assert ear.transcribe(NOTE, language="de-AT").language == "de"


def test_more_memory_than_allowed_ends_it_while_it_loads(checkpoint: Path, transcriber: Opener) -> None:
    ear = transcriber(speech_engine="whisper", speech_model=str(checkpoint), speech_memory_mb=256)
    with pytest.raises(EngineError, match="takes more than the 256 MB of speech_memory_mb"):
        ear.transcribe(NOTE)
    assert ear.running() == 0


def test_what_the_engine_goes_round_in_is_not_said(tmp_path: Path) -> None:
    looping = checkpoints.save(tmp_path / "loop.pt", "responsibilities" + " responsibilities" * 9, places=16)
    order = Order(path=str(NOTE), engine="whisper", model=str(looping), max_bytes=10**9, max_s=60)
    found = transcribe(order, load_engine("whisper", order.model), Gate(), lambda kind, done, total: None)
    assert (found.text, found.silence) == ("", "nothing understood")
    assert found.dropped >= 1


def test_weights_that_are_missing_are_named_with_the_command_that_fetches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # openai-whisper's own cache is looked at too
    with pytest.raises(EngineError, match="'tiny' are not on this machine") as missing:
        load_engine("whisper", "tiny")
    assert "python -m clawcortex.speech.weights --engine whisper --model tiny" in missing.value.hint
    damaged = models_dir() / "whisper" / "tiny.pt"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half a download")
    with pytest.raises(EngineError, match=r"tiny\.pt: is damaged"):
        load_engine("whisper", "tiny")


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "no.pt"
    other.write_bytes(b"no checkpoint")
    with pytest.raises(EngineError, match=r"gone\.pt: there is no Whisper checkpoint"):
        load_engine("whisper", str(tmp_path / "gone.pt"))
    with pytest.raises(EngineError, match=r"no\.pt: is no checkpoint of Whisper"):
        load_engine("whisper", str(other))
    with pytest.raises(EngineError, match="Whisper has no model 'huge'") as unknown:
        load_engine("whisper", "huge")
    assert "turbo" in unknown.value.hint


@pytest.mark.parametrize(
    ("piece", "invented"),
    [
        (Piece(0, 1, "Thanks for watching!", 0.3, 0.9), True),
        (Piece(0, 1, "Thanks for watching!", 0.8, 0.9), False),
        (Piece(0, 1, "Thanks for watching!", 0.3, 0.1), False),
        (Piece(0, 1, "to turn", 0.07, 0.0), True),
        (Piece(0, 1, "no no no no no no no no no no no no no no no", 0.9, 0.0), True),
        (Piece(0, 1, "no no", 0.9, 0.0), False),
        (
            Piece(
                0, 9, "The report goes to Anna, the invoice to Ben, and the offer to both of them.", 0.9, 0.0
            ),
            False,
        ),
    ],
)
def test_what_an_engine_makes_up_is_told_from_what_it_heard(piece: Piece, invented: bool) -> None:
    assert made_up(piece, loops=True) is invented
    if (
        piece.confidence == 0.9
    ):  # who says the same again and again to an engine that hears word by word said it
        assert not made_up(piece, loops=False)
