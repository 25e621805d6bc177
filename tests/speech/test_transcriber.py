from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clawcortex.errors import (
    AudioTooLargeError,
    EngineError,
    InputError,
    NotAudioError,
    NotFoundError,
    TranscriberError,
    UnavailableError,
)
from clawcortex.settings import Settings
from clawcortex.speech import get_transcriber
from clawcortex.speech.process import asked_mb, resident_mb
from tests.speech.conftest import Opener
from tests.speech.speaking import spoken

REPORT = "Please send the report to Anna by Friday."
SHORT, WORDS = "Call the dentist.", "call the dentist"


def test_a_voice_note_becomes_words(transcriber: Opener) -> None:
    clip = spoken(REPORT)
    told: list[tuple[float, float]] = []
    found = transcriber().transcribe(clip, progress=lambda done, total: told.append((done, total)))
    assert found.text == "please send the report to anna by friday"
    assert (found.language, found.engine, found.silence, found.cut) == ("en", "pocketsphinx", "", False)
    assert found.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    (segment,) = found.segments
    assert 0 <= segment.start_s < segment.end_s <= found.seconds
    assert 0 < segment.confidence <= 1
    assert told[0] == (0.0, 0.0)
    assert told[-1][0] == pytest.approx(found.seconds, abs=0.1)


def test_the_process_stays_for_the_next_note_and_ends_when_idle(transcriber: Opener) -> None:
    ear = transcriber()
    ear.transcribe(spoken(SHORT))
    first = ear.running()
    ear.transcribe(spoken(SHORT))
    assert ear.running() == first != 0
    assert ear._rest is not None
    ear._rest.cancel()
    ear._rest = timer = threading.Timer(0, ear._end_idle, (ear._child,))
    timer.start()
    timer.join(60)
    assert ear.running() == 0


def test_a_killed_process_is_a_typed_error_and_the_next_note_is_heard(transcriber: Opener) -> None:
    ear = transcriber()

    def kill(done: float, total: float) -> None:
        assert ear._child is not None
        ear._child._child.kill()  # never os.kill: what it said before it died is told too

    with pytest.raises(TranscriberError, match="SIGKILL"):
        ear.transcribe(spoken(SHORT), progress=kill)
    assert ear.transcribe(spoken(SHORT)).text == WORDS
    assert ear._child is not None
    ear._child._child.kill()
    ear._child._child.wait()
    assert ear.transcribe(spoken(SHORT)).text == WORDS  # died between two notes: nobody needs to know


def test_a_refused_file_costs_the_process_nothing(transcriber: Opener, tmp_path: Path) -> None:
    ear = transcriber()
    assert ear.transcribe(spoken(SHORT)).text == WORDS
    process = ear.running()
    text = tmp_path / "note.ogg"
    text.write_text("no sound at all")
    with pytest.raises(NotAudioError, match=r"note\.ogg: is not a recording"):
        ear.transcribe(text)
    with pytest.raises(NotFoundError):
        ear.transcribe(tmp_path / "gone.ogg")
    with pytest.raises(InputError, match="no speech engine 'parrot'"):
        ear.transcribe(text, engine="parrot")
    with pytest.raises(InputError, match="no language"):
        ear.transcribe(text, language="../../etc")
    with pytest.raises(InputError, match="English only"):
        ear.transcribe(spoken(SHORT), language="de-AT")
    assert ear.running() == process


def test_a_caller_that_fails_in_between_leaves_no_half_answer_behind(transcriber: Opener) -> None:
    ear = transcriber()

    def fail(done: float, total: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ear.transcribe(spoken(SHORT), progress=fail)
    assert ear.transcribe(spoken(SHORT)).text == WORDS


def test_more_memory_than_is_allowed_ends_the_process(
    transcriber: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = transcriber()
    ear.transcribe(spoken(SHORT))
    assert ear._child is not None
    monkeypatch.setattr(ear._child, "_bounds", ear._child._bounds.__class__(memory_mb=20, stall_s=60))
    with pytest.raises((AudioTooLargeError, EngineError, TranscriberError), match="more than the 20 MB"):
        ear.transcribe(spoken(SHORT))
    assert ear.running() == 0


def test_closing_tells_whoever_waits_and_whoever_comes_later(transcriber: Opener) -> None:
    ear = transcriber()
    begun, closing = threading.Event(), threading.Event()

    def hold(done: float, total: float) -> None:
        begun.set()
        assert closing.wait(120)

    def hear(number: int) -> str:
        try:
            return ear.transcribe(spoken(SHORT), progress=hold).text
        except UnavailableError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(hear, number) for number in range(3)]
        assert begun.wait(120)
        assert ear._child is not None
        closed = pool.submit(ear.close)
        ear._child._child.wait()
        closing.set()
        closed.result(120)
        assert [call.result(120) for call in calls] == ["the transcriber is closed"] * 3
    assert ear.running() == 0
    with pytest.raises(UnavailableError, match="closed"):
        ear.transcribe(spoken(SHORT))


def test_one_transcriber_a_process_and_a_new_one_after_it_was_closed() -> None:
    settings = Settings(speech_engine="pocketsphinx")
    first = get_transcriber(settings)
    assert get_transcriber(Settings(speech_engine="pocketsphinx")) is first
    first.close()
    second = get_transcriber(settings)
    assert second is not first
    second.close()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux lets one wait for a stranger's process")
def test_the_process_ends_with_the_server_that_started_it() -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from clawcortex.settings import Settings\n"
        "from clawcortex.speech import get_transcriber\n"
        "ear = get_transcriber(Settings(speech_engine='pocketsphinx'))\n"
        "def die(done, total):\n"
        "    print(ear.running(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"ear.transcribe(Path({str(spoken(SHORT))!r}), progress=die)\n"
    )
    server = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    assert server.returncode == -signal.SIGKILL
    wait_for_end(int(server.stdout))


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps here")
def test_memory_is_known_without_proc_too() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert asked_mb(process.pid) > 0
        assert resident_mb(process.pid) > 0
    assert asked_mb(process.pid) == resident_mb(process.pid) == 0


def wait_for_end(pid: int) -> None:
    """Return when a process that is no child of ours has ended; fail when it does not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = select.select([descriptor], [], [], 60)
    os.close(descriptor)
    assert ready
