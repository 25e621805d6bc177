"""Said into the telephone, on the list: voice notes on the real OpenClaw, heard by a real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from .house import ANN, BOB, FAMILY, House
from .loopback import until

pytest.importorskip("pocketsphinx")
speaking = pytest.importorskip("tests.speech.speaking")

RENT, DENTIST = "Peter has to pay the rent by Friday.", "Call the dentist."
TRANSCRIPT = "[Audio transcript (machine-generated, untrusted)]"
NOTES = "You take notes of what one person said aloud"
"""In the question what a transcript says."""


@pytest.fixture
def listed(house: House) -> Iterator[Path]:
    """Return the shared list, with nothing on it before and after."""
    house.model.completes(NOTES, "I cannot tell.")
    path = house.folder / "ws-main" / "PRIORITIES.md"
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def on(path: Path, text: str) -> str:
    """Wait until the list holds this, and return the list."""
    found: str = until(
        lambda: path.exists() and text in path.read_text() and path.read_text(), f"{text!r} listed"
    )
    return found


def messages(house: House, chat: int, text: str) -> list[str]:
    sent = [one for one in house.telegram.sent if one.method == "sendMessage" and one.chat == chat]
    return [one.text for one in sent if text in one.text]


def test_what_is_said_stands_on_the_list_and_the_reply_confirms_it(house: House, listed: Path) -> None:
    says = "Noted: Peter pays the rent by Friday. It is on your list."
    reply = house.hears(ANN, speaking.spoken(RENT), says)
    assert TRANSCRIPT in reply.received
    assert "peter has to pay the rent by friday" in reply.received
    text = on(listed, "Pay the rent")
    due = house.ask("/v1/voice-pipeline/extract", {"text": RENT, "by_model": False})["actions"][0]["due"]
    assert "Peter" in text
    assert due in text
    mine = text.replace("Pay the rent", "Pay the RENT") + "\nA line of mine.\n"
    listed.write_text(mine)
    before = len(house.telegram.sent)
    house.hears(ANN, speaking.spoken(DENTIST), "Fine.")
    house.telegram.reads(ANN.chat(), "Put on your list: Call the dentist", before, 120.0)
    text = on(listed, "Call the dentist")
    assert "Pay the RENT" in text
    assert text.count("A line of mine.") == 1
    told = [
        json.loads(one.read_text())
        for one in sorted((listed.parent / "voice" / "transcripts").glob("*.json"))
    ]
    assert {one["text"] for one in told} >= {"peter has to pay the rent by friday", "call the dentist"}
    assert {one["speaker"] for one in told} == {"telegram:111"}
    assert len(messages(house, ANN.id, "Call the dentist")) == 1
    heard = house.ask("/v1/voice-pipeline/transcribe", {"audio": _base64(speaking.spoken(RENT))})
    assert heard["state"] == "heard", "the same recording is known"


def _base64(clip: Path) -> str:
    import base64

    return base64.b64encode(clip.read_bytes()).decode()


def test_silence_is_told_plainly(house: House, listed: Path, tmp_path: Path) -> None:
    hush = np.random.default_rng(5).normal(0, 0.0005, 48_000).astype(np.float32)
    clip = speaking.encode(hush, tmp_path / "hush.ogg", bit_rate=64_000)
    reply = house.hears(ANN, clip, "I heard nothing.")
    assert "Nothing was heard in this voice note" in reply.received
    assert not listed.exists()


@pytest.fixture
def deaf(house: House) -> Iterator[House]:
    """A house whose server has no weights; it hears again when the test is over."""
    house.set_speech("whisper")
    house.restart_server()
    yield house
    if house.speech != "pocketsphinx":  # the test did not come so far
        house.set_speech("pocketsphinx")
        house.restart_server()


def test_without_its_engine_a_note_waits_and_its_person_is_told_once_and_gets_the_result(
    deaf: House, listed: Path
) -> None:
    before = len(deaf.telegram.sent)
    first = deaf.hears(
        ANN, speaking.spoken("Peter has to sign the contract by Friday."), "I could not listen."
    )
    assert "sign the contract" not in first.received
    deaf.telegram.reads(ANN.chat(), "is kept, but cannot be transcribed yet", before, 120.0)
    second = deaf.hears(ANN, speaking.spoken("Call the doctor tomorrow."), "Nor to that.")
    assert "cannot be transcribed yet" not in second.block
    found = deaf.ask("/v1/voice-pipeline/pending", {})
    assert (found["waiting"], found["failed"]) == (2, 0)
    assert len(messages(deaf, ANN.id, "cannot be transcribed yet")) == 1
    deaf.set_speech("pocketsphinx")
    deaf.restart_server()
    deaf.ask("/v1/voice-pipeline/retry", {})
    for words in ("Put on your list: Sign the contract — Peter", "Put on your list: Call the doctor"):
        assert "│ " in deaf.telegram.reads(ANN.chat(), words, before, 120.0).text
    assert {"Sign the contract", "Call the doctor"} <= {
        one["text"] for one in deaf.ask("/v1/voice-pipeline/priorities", {})["priorities"]
    }


def test_what_others_say_and_what_is_forwarded_is_only_transcribed(house: House, listed: Path) -> None:
    clip = speaking.spoken("Please send the report to Anna by Friday.")
    reply = house.hears(BOB, clip, "I heard Bob.", FAMILY)
    assert "please send the report to anna by friday" in reply.received
    other = speaking.spoken("Peter has to pay the rent by Friday.", voice="slt")
    reply = house.hears(ANN, other, "I heard what Bob said.", forwarded=BOB)
    assert TRANSCRIPT in reply.received
    assert "nothing of it was put on PRIORITIES.md" in reply.received
    assert not listed.exists()
