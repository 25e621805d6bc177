"""faster-whisper's own code on CTranslate2, with weights that say what the test wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawcortex.errors import EngineError, InputError
from clawcortex.speech.engines import load_engine
from tests.speech.conftest import Opener
from tests.speech.speaking import spoken

pytest.importorskip("ctranslate2")
pytest.importorskip("whisper")

from tests.speech import checkpoints, converted

NOTE = spoken("Call the dentist.")
TEXT = "Bitte schick Anna den Bericht."


def test_a_note_is_heard_with_a_converted_model(tmp_path: Path, transcriber: Opener) -> None:
    folder = converted.convert(
        checkpoints.save(tmp_path / "small.pt", TEXT, language="de"), tmp_path / "small"
    )
    ear = transcriber(speech_engine="faster-whisper", speech_model=str(folder))
    found = ear.transcribe(NOTE)
    assert (found.text, found.language, found.engine, found.model) == (TEXT, "de", "faster-whisper", "small")
    assert found.segments[0].confidence > 0.9
    with pytest.raises(InputError, match="does not know the language 'xx'"):
        ear.transcribe(NOTE, language="xx")
    assert ear.transcribe(NOTE, language="de").text == TEXT


def test_weights_that_are_missing_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="'tiny' are not on this machine") as missing:
        load_engine("faster-whisper", "tiny")
    assert "python -m clawcortex.speech.weights --engine faster-whisper --model tiny" in missing.value.hint
    with pytest.raises(EngineError, match=r"holds no model of faster-whisper"):
        load_engine("faster-whisper", str(tmp_path))
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(EngineError, match="cannot be loaded by faster-whisper"):
        load_engine("faster-whisper", str(tmp_path))
