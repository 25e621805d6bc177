"""The archive: written before anything goes, whole or refused, read back, and emptied of what is forgotten."""

from __future__ import annotations

import gzip
import json
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from clawcortex import paths
from clawcortex.errors import CorruptedError, DiskFullError, InputError
from clawcortex.skills.context import Context
from clawcortex.store.records import Selection
from context_retention import operations as op
from context_retention import shapes
from context_retention.forgetting import archive, sealed
from context_retention.forgetting import operations as letting
from context_retention.forgetting.shapes import EvictInput

from .aged import hold, numbered
from .conftest import NOW, Asking, Making


def evict(context: Context, rows: int) -> list[Path]:
    return [Path(file) for file in letting.evict(context, EvictInput(rows=rows)).archives]


def read_back(context: Context, file: Path) -> shapes.Imported:
    return op.import_(context, shapes.ImportInput(path=str(file)))


def texts(context: Context) -> list[str]:
    return sorted(memory.text for memory in context.store.select(Selection()))


def archived(*files: Path) -> list[str]:
    return [json.loads(line)["text"] for file in files or archive.files() for line in sealed.read_lines(file)]


def test_what_was_evicted_is_archived_and_comes_back_with_its_vector(asking: Asking) -> None:
    context = asking()
    for text in ("My dentist is Dr. Weber", "The spare key hangs behind the green door", "ok"):
        op.capture(context, shapes.CaptureInput(text=text, timestamp=NOW - timedelta(days=9), speaker="Ann"))
    before = texts(context)
    [file] = evict(context, 1)
    assert file.name == "memories-2026-11-20T090000Z-1.jsonl.gz"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(archived(file)) == 2
    assert len(texts(context)) == 1
    back = read_back(context, file)
    assert (back.stored, back.known, back.refused) == (2, 0, [])
    assert texts(context) == before
    assert context.index.embedded == 3
    hits = op.recall(context, shapes.RecallInput(query="Where is the spare key?")).hits
    assert (hits[0].text, hits[0].speaker) == ("The spare key hangs behind the green door", "Ann")
    again = read_back(context, file)
    assert (again.stored, again.known) == (0, 2)


def test_history_comes_back_as_history(making: Making) -> None:
    context = making()
    old, copy, new = hold(context, ["Ann lives in Berlin", "Ann lives in Bonn!", "Ann lives in Bonn"])
    hold(context, ["something pinned"], pinned=True)
    context.store.link(old.n, superseded_by=new.id, valid_to=NOW)
    context.store.link(copy.n, duplicate_of=new.id)
    files = evict(context, 2)
    assert read_back(context, files[0]).stored == 2, "their successor was never away"
    files = evict(context, 1)
    assert read_back(context, files[0]).stored == 3, "all three came back together"
    by_text = {memory.text: memory for memory in context.store.select(Selection())}
    current = by_text["Ann lives in Bonn"].id
    assert (by_text["Ann lives in Berlin"].superseded_by, by_text["Ann lives in Berlin"].valid_to) == (
        current,
        NOW,
    )
    assert by_text["Ann lives in Bonn!"].duplicate_of == current
    assert by_text["Ann lives in Bonn"].superseded_by == ""


def test_a_copy_in_the_archive_of_what_was_not_deleted_is_known(making: Making) -> None:
    context = making()
    hold(context, numbered(3))
    with archive.alone():
        file = archive.keep(context.store.select(Selection()), NOW)
    back = read_back(context, file)
    assert (back.stored, back.known) == (0, 3)


def test_two_archives_of_one_second_are_two_files(making: Making) -> None:
    context = making()
    hold(context, numbered(6))
    files = evict(context, 4) + evict(context, 2)
    assert [file.name[-10:] for file in files] == ["1.jsonl.gz", "2.jsonl.gz"]
    assert len(archived()) == 4


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :]


def _line_lost(content: bytes) -> bytes:
    lines = gzip.decompress(content).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[1:]))


def _changed(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content).replace(b"topic1", b"topic9"))


def _foreign(content: bytes) -> bytes:
    return b"PK\x03\x04" + content


def _after_the_seal(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content) + gzip.decompress(content).splitlines(keepends=True)[0])


def _seal_broken(content: bytes) -> bytes:
    lines = gzip.decompress(content).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[:-1]) + b'{"sealed":\n')


@pytest.mark.parametrize(
    "damage", [_cut, _flipped, _line_lost, _changed, _foreign, _after_the_seal, _seal_broken]
)
def test_a_damaged_archive_is_refused_whole(making: Making, damage: Callable[[bytes], bytes]) -> None:
    context = making()
    hold(context, numbered(40))
    [file] = evict(context, 1)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CorruptedError, match=file.name) as caught:
        read_back(context, file)
    assert "nothing of it was read in" in caught.value.hint
    assert context.store.count() == 1


def test_any_compressed_export_is_read(making: Making) -> None:
    context = making()
    hold(context, numbered(3))
    exported = Path(op.export(context, shapes.ExportInput()).path)
    packed = exported.with_name("mine.jsonl.gz")
    packed.write_bytes(gzip.compress(exported.read_bytes() + b"no memory\n"))
    op.forget(context, shapes.ForgetInput(since=NOW - timedelta(days=99)))
    back = read_back(context, packed)
    assert (back.stored, [line.split(":")[0] for line in back.refused]) == (3, ["line 4"])


def test_a_file_that_unpacks_to_one_endless_line_is_refused(
    making: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "LONGEST_LINE", 1_000)
    bomb = paths.private_folder(paths.state_dir()) / "bomb.gz"
    bomb.write_bytes(gzip.compress(b"x" * 5_000))
    with pytest.raises(InputError, match="longer than"):
        read_back(making(), bomb)


def test_a_full_disk_deletes_nothing(making: Making, mount: Callable[[str], Path]) -> None:
    small = mount("size=16k,mode=0700")
    paths.private_folder(paths.state_dir())
    (paths.state_dir() / "archive").symlink_to(small)
    context = making()
    hold(context, [f"{text} {i:x}" for i, text in enumerate(numbered(2_000))])
    with pytest.raises(DiskFullError) as caught:
        letting.evict(context, EvictInput(rows=10))
    assert caught.value.hint
    assert context.store.count() == 2_000
    assert list(small.glob("*.gz")) == []
    assert not list(small.glob(".*tmp"))


def test_what_is_forgotten_leaves_the_archive_too(making: Making) -> None:
    context = making()
    said = hold(context, ["the vault code is 4711", "lunch was fine", "the vault code is 4711 still"])
    hold(context, ["pinned"], pinned=True)
    evict(context, 1)
    dry = op.forget(context, shapes.ForgetInput(ids=[said[0].id], dry_run=True))
    assert (dry.count, dry.archived, len(archived())) == (0, 1, 3)
    done = op.forget(context, shapes.ForgetInput(ids=[said[0].id]))
    assert (done.count, done.archived, done.left) == (0, 1, [])
    assert op.forget(context, shapes.ForgetInput(query="vault code")).archived == 1
    assert archived() == ["lunch was fine"]
    assert sealed.verify(archive.files()[0]) == 1
    assert op.forget(context, shapes.ForgetInput(agent="main", until=NOW)).archived == 1
    assert archive.files() == []


def test_what_is_forgotten_while_the_first_archive_is_written_leaves_it_too(making: Making) -> None:
    context = making()
    [added] = hold(context, ["a secret that was let go"])
    memories = context.store.rows([added.n])
    erased: list[int] = []
    forgetting = threading.Thread(target=lambda: erased.append(archive.erase(lambda _: True)[0]))
    with archive.alone():
        forgetting.start()
        archive.keep(memories, NOW)
    forgetting.join()
    assert erased == [1]
    assert archive.files() == []


def test_forgetting_what_came_back_forgets_the_archived_copy(making: Making) -> None:
    context = making()
    hold(context, ["the vault code is 4711", "lunch was fine"])
    hold(context, ["pinned"], pinned=True)
    [file] = evict(context, 1)
    read_back(context, file)
    [back] = [one for one in context.store.select(Selection()) if "vault" in one.text]
    assert op.forget(context, shapes.ForgetInput(ids=[back.id])).archived == 1
    assert archived() == ["lunch was fine"]


@pytest.mark.parametrize(
    ("request_", "stays"),
    [
        ({"session": "work"}, ["b"]),
        ({"chat": "telegram:default:1"}, ["a", "b"]),
        ({"agent": "other"}, ["a", "b"]),
        ({"agent": "main", "session": "home"}, ["a"]),
        ({"query": "which one of them is it?"}, ["a", "b"]),
        ({"until": NOW - timedelta(days=20)}, ["a"]),
        ({"since": NOW - timedelta(days=20)}, ["b"]),
    ],
)
def test_only_what_every_given_field_matches_leaves_the_archive(
    making: Making, request_: dict[str, object], stays: list[str]
) -> None:
    context = making()
    hold(context, ["a"], session="work", days_ago=10)
    hold(context, ["b"], session="home", days_ago=30)
    hold(context, ["pinned"], pinned=True)
    evict(context, 1)
    op.forget(context, shapes.ForgetInput.model_validate({**request_, "dry_run": False}))
    assert sorted(archived()) == stays


def test_an_archive_that_cannot_be_read_is_named_when_something_is_forgotten(making: Making) -> None:
    context = making()
    said = hold(context, numbered(4))
    [file] = evict(context, 1)
    file.write_bytes(b"rubbish")
    done = op.forget(context, shapes.ForgetInput(ids=[said[0].id], wait=True))
    assert done.left == [str(file)]
    assert not done.scrubbed
    assert file.read_bytes() == b"rubbish"


def test_forget_wait_leaves_no_byte_in_any_file(making: Making) -> None:
    context = making()
    said = hold(context, ["the quokka keeps the zyxwvut", "lunch was fine"])
    hold(context, ["pinned"], pinned=True)
    evict(context, 1)
    done = op.forget(context, shapes.ForgetInput(ids=[said[0].id], wait=True))
    assert done.scrubbed
    for file in (one for one in paths.state_dir().rglob("*") if one.is_file()):
        content = file.read_bytes()
        assert b"quokka" not in (gzip.decompress(content) if file.suffix == ".gz" else content), file
