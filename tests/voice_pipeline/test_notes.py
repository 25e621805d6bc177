"""A voice note's way: kept before it is heard, heard once, filed, waiting and retried where something is missing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clawcortex.errors import (
    AudioTooLargeError,
    BrokenAudioError,
    DeniedError,
    DiskFullError,
    EngineError,
    InputError,
    NotAudioError,
    NotFoundError,
    TranscriberError,
)
from clawcortex.server.looping import Loop
from clawcortex.server.resources import Residence
from clawcortex.server.tasks import run_one
from clawcortex.skills.context import Context
from clawcortex.skills.events import VoiceTranscribed
from voice_pipeline.notes import operations, queueing
from voice_pipeline.notes.copying import queue_folder
from voice_pipeline.notes.incoming import look
from voice_pipeline.notes.records import Note
from voice_pipeline.shapes import PendingInput, RetryInput, TranscribeInput, TranscriptFile

from .noting import OFFER, Desk

Open = Callable[..., Desk]
MISSING = EngineError("openai-whisper is not installed", hint="Run `python3 install.py`.")


@pytest.fixture
def desk(residence: Residence, tmp_path: Path) -> Open:
    """Open a desk whose ears hear what the test says."""
    return partial(Desk, residence, tmp_path)


def test_a_recording_is_kept_heard_once_and_filed(desk: Open) -> None:
    here = desk(OFFER)
    note = here.bring()
    assert here.kept(note)
    assert note.state == "waiting"
    here.work()
    heard = here.note(note)
    assert (heard.state, heard.text, heard.listing) == ("heard", OFFER, "done")
    assert not here.kept(note), "what was heard is not kept twice"
    file = json.loads((here.workspace / heard.file).read_text())
    assert file.pop("$schema") == "urn:clawcortex:voice-pipeline.transcript:1"
    assert TranscriptFile.model_validate(file).speaker == "telegram:111"
    (event,) = here.context.store.read_events("t", kinds=["voice.transcribed"])
    told = VoiceTranscribed.of(event)
    assert (told.text, told.speaker, told.file) == (OFFER, "telegram:111", heard.file)
    again = here.bring()
    here.work()
    assert again.text == OFFER
    assert len(here.ears.heard) == 1, "the same recording is one job"
    assert here.priorities.count("Send the offer") == 1
    assert list(queue_folder().iterdir()) == []


def test_a_note_waits_for_a_missing_engine_and_is_heard_when_it_is_there(desk: Open) -> None:
    here = desk(MISSING, MISSING, OFFER, OFFER, at=datetime.now(UTC))  # what is put off is not due yet
    first, second = here.bring(b"1"), here.bring(b"2")
    here.hear_once()
    here.hear_once()
    found = operations.pending(here.context, PendingInput())
    assert (found.waiting, found.failed) == (2, 0)
    assert {(one.reason, one.hint) for one in found.notes} == {(MISSING.message, MISSING.hint)}
    assert all(one.next_try is not None for one in found.notes)
    assert operations.retry(here.context, RetryInput(id=first.id[:8])).queued == [first.id]
    here.work()
    assert [here.note(one).state for one in (first, second)] == ["heard", "heard"], (
        "the second needs no retry"
    )
    assert operations.pending(here.context, PendingInput()).notes == []


def test_what_is_being_heard_shows_how_far_it_is(desk: Open) -> None:
    seen: list[str] = []

    def look(_: Path) -> str:
        seen.extend(one.progress for one in operations.pending(here.context, PendingInput()).notes)
        return OFFER

    here = desk(look)
    here.bring()
    here.hear_once()
    assert seen == ["0 of 1 s heard"]
    assert here.context.store.list_records("voice.progress") == {}


def test_each_try_waits_twice_as_long(desk: Open) -> None:
    here = desk()
    note = here.bring()
    waits = []
    for _ in range(9):
        note = queueing.put_off(note, MISSING, here.clock())
        assert note.next_try is not None
        waits.append((note.next_try - here.clock()).total_seconds() / 60)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    "error", [NotAudioError("no sound in it"), BrokenAudioError("cut"), NotFoundError("gone")]
)
def test_what_will_never_do_is_given_up_with_its_reason(desk: Open, error: Exception) -> None:
    here = desk(error)
    note = here.bring()
    here.work()
    failed = here.note(note)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem.message == str(error)
    assert not here.kept(note)
    assert here.bring().state == "failed", "brought twice at once it is heard once"
    assert len(here.ears.heard) == 1
    assert operations.pending(here.context, PendingInput()).failed == 1
    with pytest.raises(NotFoundError, match="was not kept"):
        operations.retry(here.context, RetryInput(id=note.id))
    here.later(minutes=2)
    here.ears.script.append(OFFER)
    here.bring()
    here.work()
    assert here.note(note).text == OFFER, "brought again later it is tried again"


def test_what_failed_long_ago_is_forgotten(desk: Open) -> None:
    here = desk(NotAudioError("no sound in it"))
    here.bring()
    here.work()
    here.later(days=31)
    look.run(here.context)
    assert operations.pending(here.context, PendingInput()).notes == []


def test_a_recording_that_ends_the_transcriber_each_time_is_given_up(desk: Open) -> None:
    here = desk(*[TranscriberError("it died")] * 6, OFFER)
    note = here.bring()
    here.work()
    assert here.note(note).state == "failed"
    assert len(here.ears.heard) == 6


def test_a_note_that_a_kill_cut_off_is_heard_again_and_one_that_always_kills_is_given_up(desk: Open) -> None:
    def kill(_: Path) -> str:
        raise KeyboardInterrupt

    here = desk(kill, OFFER)
    note = here.bring()
    with pytest.raises(KeyboardInterrupt):
        run_one(here.opened, slow=True)
    store = here.context.store
    store.extend(_leased(here), 0)  # as time does that goes by
    here.work()
    assert here.note(note).text == OFFER
    deadly = here.bring(b"deadly")
    here.ears.script.extend([kill] * 3)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run_one(here.opened, slow=True)
        store.extend(_leased(here), 0)
    here.work()
    assert here.note(deadly).state == "failed"
    assert here.kept(deadly)
    here.ears.script.append("it was the machine")
    assert operations.retry(here.context, RetryInput(id=deadly.id[:10])).queued == [deadly.id]
    here.work()
    assert here.note(deadly).text == "it was the machine"


def _leased(here: Desk) -> Any:
    from clawcortex.store.records import Job

    rows = here.context.store._read(  # type: ignore[attr-defined]
        lambda c: c.execute("SELECT id, kind, attempts FROM jobs WHERE state = 'leased'").fetchall()
    )
    ((id_, kind, attempts),) = rows
    return Job(id_, kind, {}, attempts)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: path.write_bytes(b""), NotAudioError),
        (lambda path: path.symlink_to("/etc/hostname"), DeniedError),
        (lambda path: path.mkdir(), NotAudioError),
        (lambda path: _sparse(path, 600_000_000), AudioTooLargeError),
        (lambda path: None, NotFoundError),
    ],
    ids=["empty", "a link", "a folder", "too large", "missing"],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    desk: Open, tmp_path: Path, make: Callable[[Path], Any], error: type[Exception]
) -> None:
    here, path = desk(), tmp_path / "x.ogg"
    make(path)
    with pytest.raises(error):
        here.bring(path)
    assert list(queue_folder().iterdir()) == []
    assert operations.pending(here.context, PendingInput()).notes == []


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def test_a_pipe_keeps_nobody_waiting(desk: Open, tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "x.ogg")
    with pytest.raises(NotAudioError):
        desk().bring(tmp_path / "x.ogg")


def test_without_space_nothing_is_taken_and_nothing_is_left(
    desk: Open, mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk(OFFER)
    small = mount("size=64k")
    monkeypatch.setattr("voice_pipeline.notes.copying.queue_folder", lambda: small)
    with pytest.raises(DiskFullError):
        here.bring(b"x" * 200_000)
    assert list(small.iterdir()) == []
    assert here.bring(b"x" * 2_000).state == "waiting"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "a recording is needed"),
        ({"audio": "!!"}, "not base64"),
        ({"path": "memo.ogg"}, "no full path"),
        ({"path": "/etc/passwd"}, "outside the allowed folders"),
        ({"path": "{ws}/../secret.ogg"}, "outside the allowed folders"),
        ({"path": "{ws}/link.ogg"}, "outside the allowed folders"),
        ({"audio": "eA==", "channel": "telegram"}, "without a chat"),
    ],
)
def test_a_bad_call_is_refused_with_what_to_do(
    desk: Open, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    here = desk()
    (tmp_path / "secret.ogg").write_bytes(b"mine")
    (here.workspace / "link.ogg").symlink_to(tmp_path / "secret.ogg")
    filled = {name: value.replace("{ws}", str(here.workspace)) for name, value in given.items()}
    with pytest.raises(InputError, match=said) as refused:
        operations.transcribe(here.context, TranscribeInput.model_validate(filled))
    assert refused.value.hint


class Running:
    """The desk's slow thread, as the server has it."""

    def __init__(self, residence: Residence) -> None:
        self._loop = Loop("slow tasks", residence, partial(run_one, slow=True), failed=lambda: None)

    def __enter__(self) -> None:
        self._loop.start()

    def __exit__(self, *_: object) -> None:
        assert self._loop.stop(60)


def test_a_caller_waits_for_the_text_and_is_told_plainly_when_nothing_was_heard(
    desk: Open, residence: Residence
) -> None:
    here = desk(OFFER, "")
    with Running(residence):
        spoken = operations.transcribe(here.context, TranscribeInput(audio="eA=="))
        silent = operations.transcribe(here.context, TranscribeInput(audio="eQ=="))
    assert (spoken.state, spoken.text, spoken.say) == ("heard", OFFER, OFFER)
    assert (silent.state, silent.text) == ("heard", "")
    assert silent.say == "(Nothing was heard in this voice note: only silence.)"


def test_a_caller_is_told_at_once_what_is_missing(desk: Open, residence: Residence) -> None:
    here = desk(MISSING)
    with Running(residence):
        told = operations.transcribe(here.context, TranscribeInput(audio="eA==", wait_s=60))
    assert (told.state, told.reason, told.hint) == ("waiting", MISSING.message, MISSING.hint)
    assert told.next_try is not None


def test_behind_too_many_a_caller_does_not_wait(desk: Open, residence: Residence) -> None:
    here = desk(OFFER, voice_queue_notes=2)
    for recording in (b"1", b"2"):
        here.bring(recording)
        here.later(seconds=1)
    told = operations.transcribe(here.context, TranscribeInput(audio="eA==", wait_s=600))
    assert (told.state, told.position, told.reason) == ("waiting", 3, "busy, queued as 3")
    behind_long = desk(voice_queue_s=10)
    behind_long.bring(b"RIFF" + bytes(400_000))
    behind_long.later(seconds=1)
    told = operations.transcribe(behind_long.context, TranscribeInput(audio="eg==", wait_s=600))
    assert told.reason.startswith("busy, queued as")


def test_the_same_recording_by_many_at_once_is_one_job(desk: Open, residence: Residence) -> None:
    here = desk(OFFER)
    texts: list[str] = []

    def ask() -> None:
        texts.append(operations.transcribe(here.context, TranscribeInput(audio="eA==", wait_s=60)).text)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    with Running(residence):
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
    assert texts == [OFFER] * 4
    assert len(here.ears.heard) == 1


def test_too_many_at_all_are_refused(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    here = desk()
    monkeypatch.setattr(queueing, "MOST", 1)
    here.bring(b"1")
    with pytest.raises(Exception, match="wait already"):
        here.bring(b"2")
    assert len(list(queue_folder().iterdir())) == 1


def test_notes_that_were_given_up_keep_nobody_out_and_the_oldest_are_forgotten(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk(NotAudioError("no sound in it"), NotAudioError("no sound in it"), OFFER)
    monkeypatch.setattr(queueing, "MOST", 1)
    here.bring(b"1")
    here.work()
    here.later(minutes=1)
    last = here.bring(b"2")
    here.work()
    look.run(here.context)
    assert [one.id for one in operations.pending(here.context, PendingInput()).notes] == [last.id]
    good = here.bring(b"3")
    here.work()
    assert here.note(good).text == OFFER


def test_a_note_that_waited_for_its_engine_is_not_given_up_for_one_death(desk: Open) -> None:
    here = desk(*[MISSING] * 6, TranscriberError("it died"), OFFER)
    note = here.bring()
    here.work()
    assert here.note(note).text == OFFER


def test_a_record_of_a_newer_version_is_left_alone(desk: Open) -> None:
    here = desk()
    here.context.store.put_record("voice.waiting", "0" * 64, {"version": 2})
    assert operations.pending(here.context, PendingInput()).notes == []


def test_without_space_for_the_transcript_the_note_waits(
    desk: Open, mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk(OFFER, OFFER, at=datetime.now(UTC))
    full = mount("size=64k")
    with suppress(OSError), (full / "filler").open("wb", buffering=0) as file:
        while True:  # until it is full
            file.write(bytes(4_096))
    monkeypatch.setattr(Context, "shared_folder", lambda *_: full)
    note = here.bring()
    here.hear_once()
    waiting = here.note(note)
    assert waiting.problem is not None
    assert (waiting.state, waiting.problem.code) == ("waiting", "disk_full")
    assert here.kept(note)
    (full / "filler").unlink()
    operations.retry(here.context, RetryInput())
    here.hear_once()
    assert here.note(note).state == "heard"


def test_secrets_are_not_stored(desk: Open) -> None:
    here = desk("My password is hunter22secret! Ben has to call.")
    note = here.bring()
    here.work()
    stored: Note = here.note(note)
    assert "hunter22secret" not in stored.model_dump_json()
    assert "hunter22secret" not in (here.workspace / stored.file).read_text()
