"""voice/incoming: what lies there is heard and filed, what cannot be is set aside with its reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from clawcortex.errors import BrokenAudioError, EngineError
from clawcortex.server.resources import Residence
from voice_pipeline.notes import filing, operations
from voice_pipeline.notes.incoming import look as chore
from voice_pipeline.shapes import PendingInput

from .noting import OFFER, Desk, settle

Open = Callable[..., Desk]
look = chore.run


@pytest.fixture
def desk(residence: Residence, tmp_path: Path) -> Open:
    """Open a desk whose ears hear what the test says."""
    return partial(Desk, residence, tmp_path)


def names(desk: Desk, folder: str) -> list[str]:
    found = desk.workspace / "voice" / folder
    return sorted(one.name for one in found.iterdir()) if found.exists() else []


def test_a_file_is_heard_put_on_the_list_and_moved(desk: Open) -> None:
    here = desk(OFFER, owners=("telegram:111",))
    here.drop("memo.ogg")
    look(here.context)
    assert names(here, "incoming") == ["memo.ogg"], "it lies there until it is heard"
    look(here.context)
    here.work(saying=True)
    assert (names(here, "incoming"), names(here, "processed")) == ([], ["memo.ogg"])
    assert "Send the offer" in here.priorities
    assert len(names(here, "transcripts")) == 1
    (told,) = here.said
    assert told.startswith("🎙️ Your recording memo.ogg of 11:00:")
    assert "Put on your list: Send the offer — Ben, Fri 8 May" in told
    assert here.host.told[0].sent.target == "111"
    here.drop("memo.ogg")
    look(here.context)
    here.work(saying=True)
    assert names(here, "processed") == ["memo-2.ogg", "memo.ogg"]
    assert len(here.ears.heard) == len(here.said) == 1, "the same recording again is not heard again"


def test_what_cannot_be_heard_lies_beside_its_reason(desk: Open) -> None:
    here = desk(BrokenAudioError("it ends in the middle", hint="Record it again."))
    here.drop("bad.ogg", b"OggS")
    here.drop("empty.ogg", b"")
    link = here.drop("x", b"x").with_name("link.ogg")
    link.symlink_to("/etc/passwd")
    settle(link, here.clock())
    pipe = link.with_name("pipe.ogg")
    os.mkfifo(pipe)
    settle(pipe, here.clock())
    (link.parent / "x").unlink()
    look(here.context)
    here.work()
    assert names(here, "incoming") == []
    kept = ["bad.ogg", "empty.ogg", "link.ogg", "pipe.ogg"]
    assert names(here, "failed") == sorted([*kept, *(f"{name}.reason.txt" for name in kept)])
    failed = here.workspace / "voice" / "failed"
    assert (failed / "bad.ogg.reason.txt").read_text() == "it ends in the middle\nRecord it again.\n"
    assert (failed / "link.ogg").is_symlink()
    assert Path("/etc/passwd").exists()
    assert here.said == []
    here.ears.script.append(OFFER)
    (failed / "bad.ogg").rename(link.with_name("bad.ogg"))
    look(here.context)
    here.work()
    assert names(here, "processed") == ["bad.ogg"], "put there again, it is tried again"


def test_what_is_still_written_or_hidden_or_a_folder_is_left(desk: Open) -> None:
    here = desk()
    here.drop("young.ogg")
    young = here.workspace / "voice" / "incoming" / "young.ogg"
    os.utime(young, (here.clock().timestamp(),) * 2)
    here.drop(".hidden.ogg")
    (young.parent / "folder").mkdir()
    look(here.context)
    assert operations.pending(here.context, PendingInput()).notes == []
    here.later(seconds=6)
    look(here.context)
    assert [one.name for one in operations.pending(here.context, PendingInput()).notes] == ["young.ogg"]
    assert names(here, "incoming") == [".hidden.ogg", "folder", "young.ogg"]


def test_a_file_that_is_deleted_while_it_waits_is_not_heard(desk: Open) -> None:
    here = desk(OFFER)
    file = here.drop("memo.ogg")
    look(here.context)
    file.unlink()
    here.work()
    (note,) = operations.pending(here.context, PendingInput()).notes
    assert note.state == "failed"
    assert "taken out of voice/incoming" in note.reason
    assert here.ears.heard == []
    here.drop("memo.ogg")
    look(here.context)
    here.work()
    assert names(here, "processed") == ["memo.ogg"]


def test_a_file_that_takes_the_name_meanwhile_is_heard_too(desk: Open) -> None:
    here = desk("first words", "other words")
    here.drop("memo.ogg", b"one")
    look(here.context)
    here.drop("memo.ogg", b"three")
    here.work()
    assert names(here, "incoming") == ["memo.ogg"], "not what was heard, so it is not moved"
    look(here.context)
    here.work()
    assert names(here, "processed") == ["memo.ogg"]
    assert len(names(here, "transcripts")) == 2


def test_a_folder_that_leads_elsewhere_is_not_followed(desk: Open, tmp_path: Path) -> None:
    here = desk()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "memo.ogg").write_bytes(b"x")
    (here.workspace / "voice").mkdir()
    (here.workspace / "voice" / "incoming").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="outside the allowed folders"):
        look(here.context)
    assert (tmp_path / "elsewhere" / "memo.ogg").exists()


def test_without_the_folder_nothing_is_looked_for(desk: Open) -> None:
    here = desk()
    assert look(here.context) is False
    assert filing.incoming(here.context) is None


def test_a_waiting_file_stays_and_a_lost_job_is_queued_again(desk: Open) -> None:
    here = desk(EngineError("nothing hears here"), OFFER)
    here.drop("memo.ogg")
    look(here.context)
    here.hear_once()
    look(here.context)
    assert names(here, "incoming") == ["memo.ogg"]
    store = here.context.store
    store._write(lambda c: c.execute("DELETE FROM jobs"))  # type: ignore[attr-defined]
    here.later(hours=1)
    look(here.context)
    here.work()
    assert names(here, "processed") == ["memo.ogg"]


def test_a_name_as_long_as_names_may_be_has_room_for_its_reason(desk: Open) -> None:
    here = desk(BrokenAudioError("it ends in the middle", hint="Record it again."))
    here.drop("語" * 83 + ".ogg")
    look(here.context)
    here.work()
    assert names(here, "failed") == ["語" * 40 + ".ogg", "語" * 40 + ".ogg.reason.txt"]


def test_a_name_that_is_no_text_is_set_aside(desk: Open) -> None:
    here = desk()
    folder = here.drop("x").parent
    (folder / "x").unlink()
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/me\xffmo.ogg"))
    odd.write_bytes(b"x")
    settle(odd, here.clock())
    look(here.context)
    assert names(here, "incoming") == []
    assert len(names(here, "failed")) == 2


def test_a_real_engine_sets_aside_what_is_no_recording(residence: Residence, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    speaking = pytest.importorskip("tests.speech.speaking")
    clip = speaking.spoken("Peter has to pay the rent by Friday.").read_bytes()
    here = Desk(residence, tmp_path, hears=None, speech_engine="pocketsphinx")
    here.drop("text.ogg", b"Dear diary, " * 400)
    here.drop("head.ogg", clip[:60])
    here.drop("film.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(4_000))
    here.drop("memo.ogg", clip)
    look(here.context)
    try:
        here.work()
    finally:
        here.context.transcriber.close()
    assert names(here, "processed") == ["memo.ogg"]
    assert [name for name in names(here, "failed") if "reason" not in name] == [
        "film.mp4",
        "head.ogg",
        "text.ogg",
    ]
    reasons = [
        (here.workspace / "voice" / "failed" / f"{name}.reason.txt").read_text()
        for name in ("text.ogg", "head.ogg")
    ]
    assert all(len(reason.splitlines()) == 2 for reason in reasons)
    assert "Pay the rent" in here.priorities
