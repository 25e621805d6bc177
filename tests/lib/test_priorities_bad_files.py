"""PRIORITIES.md as it may lie there: what can be read is updated and stays, what cannot is refused with what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from clawcortex.errors import ClawcortexError, DiskFullError, InputError, ReadOnlyError, StorageError
from clawcortex.priorities import Priority, Update, history, read, top, undo, update

BOM = "\ufeff"
MERGE = (
    "# Mine\n1. One\n<<<<<<< HEAD\n2. Two <!-- clawcortex:aaaaaa2 -->\n   - Due: 2026-12-01\n=======\n"
    "2. Zwei\n>>>>>>> other\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace" / "PRIORITIES.md"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def alike(_: str, others: Sequence[str]) -> list[float]:
    return [1.0] * len(others)


def say(path: Path, state: Path, *new: Priority) -> Update:
    return update(path, state, new or [Priority("Call Bob", due="2026-12-01")], alike, when="2026-11-23")


def refused(path: Path, state: Path, kind: type[ClawcortexError]) -> ClawcortexError:
    """Return the refusal of an update, after which the file is as it was and nothing lies beside it."""
    content = path.read_bytes() if path.is_file() else None
    with pytest.raises(kind) as found:
        say(path, state)
    assert (path.read_bytes() if path.is_file() else None) == content
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert str(path) in found.value.message
    return found.value


def test_a_missing_file_is_made_for_its_owner_alone(path: Path, state: Path) -> None:
    say(path, state)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("# Priorities\n\n1. Call Bob <")
    undo(path, state)
    assert path.read_bytes() == b""


def test_a_list_that_was_taken_away_whole_begins_anew(path: Path, state: Path) -> None:
    say(path, state, Priority("Call Bob"), Priority("Sleep"))
    path.write_text("# Priorities\n")
    assert say(path, state, Priority("Sleep")).refused, "an item that is deleted stays deleted"
    path.unlink()
    assert [one.text for one in say(path, state, Priority("Sleep")).added] == ["Sleep"]
    assert [one.text for one in top(path)] == ["Sleep"]


@pytest.mark.parametrize("content", ["", "\n", " \n\t\n", BOM, f"{BOM}\r\n"])
def test_an_empty_file_gets_a_title_and_the_item(path: Path, state: Path, content: str) -> None:
    path.write_bytes(content.encode())
    say(path, state)
    text = path.read_bytes().decode()
    assert text.startswith(content)
    assert "# Priorities" in text
    assert [(one.text, one.due) for one in top(path)] == [("Call Bob", "2026-12-01")]
    undo(path, state)
    assert path.read_bytes() == content.encode()


def test_windows_line_ends_stay_windows_line_ends(path: Path, state: Path) -> None:
    path.write_bytes(b"# Mine\r\n\r\n1. One\r\n2. Call Bob\r\n   my words\r\n")
    say(path, state, Priority("Call Bob", due="2026-12-01"), Priority("Sleep"))
    content = path.read_bytes()
    assert content.startswith(b"# Mine\r\n\r\n1. One\r\n2. Call Bob <!--")
    assert b"   my words\r\n" in content
    assert content.count(b"\n") == content.count(b"\r\n") == len(content.splitlines())


def test_an_unfinished_merge_is_read_never_touched_and_told(path: Path, state: Path) -> None:
    path.write_text(MERGE)
    told = say(path, state, Priority("Two", due="2026-12-24"), Priority("Sleep"))
    text = path.read_text()
    assert text.startswith(MERGE), "not one byte of the merge"
    assert [(one.text, one.field) for one in told.conflicts] == [("Two", "frozen")]
    assert "“due: 2026-12-24” was said" in text.partition("## Conflicts")[2]
    assert [one.text for one in top(path)] == ["One", "Two", "Zwei", "Sleep"]


def test_emoji_stay_and_are_part_of_the_words(path: Path, state: Path) -> None:
    mine = "# 🎯 Mein Plan\n1. 🚀 Launch für 👨‍👩‍👧‍👦\n   - Owner: 🇩🇪 Jürgen 👍🏽\n   - [ ] Kuchen 🎂\n2. ☎️ Call Bob\n"
    path.write_text(mine)
    say(path, state, Priority("🚀 Launch für 👨‍👩‍👧‍👦", due="2026-12-01"), Priority("Feed the 🐈"))
    text = path.read_text()
    kept = [line for line in mine.splitlines() if "Launch" not in line]
    assert [line for line in text.splitlines() if line in kept] == kept
    assert "1. 🚀 Launch für 👨‍👩‍👧‍👦 <!--" in text
    assert next((one.text, one.owner, one.due) for one in top(path)) == (
        "🚀 Launch für 👨‍👩‍👧‍👦", "🇩🇪 Jürgen 👍🏽", "2026-12-01",
    )  # fmt: skip
    assert [one.text for one in top(path)][1:] == ["☎️ Call Bob", "Feed the 🐈"]


def test_a_read_only_file_is_the_person_s_to_unlock(path: Path, state: Path) -> None:
    path.write_text("1. Mine\n")
    path.chmod(0o444)
    error = refused(path, state, ReadOnlyError)
    assert error.hint == f"Make it writable (chmod u+w '{path}'), then call again."
    path.chmod(0o644)
    assert say(path, state).added


@pytest.mark.parametrize(
    ("content", "what", "step"),
    [
        ("1. Täglich\n".encode("latin-1"), "not UTF-8", "Save it as UTF-8"),
        ("1. One\n".encode("utf-16"), "not UTF-8", "Save it as UTF-8"),
        (b"1. One\n\0", "not UTF-8", "Save it as UTF-8"),
        (b"1. One\n" * 5_000_000, "larger than 32 MB", "Move what is old to another file"),
    ],
    ids=["latin-1", "utf-16", "NUL", "33 MB"],
)
def test_what_cannot_be_read_is_left_as_it_is(
    path: Path, state: Path, content: bytes, what: str, step: str
) -> None:
    path.write_bytes(content)
    error = refused(path, state, InputError)
    assert what in error.message
    with pytest.raises(InputError, match=what):
        top(path)
    assert step in error.hint


def test_five_megabytes_go_back_byte_for_byte(path: Path, state: Path) -> None:
    content = b"".join(b"%d. Task %d\n   %s\n" % (n, n, b"words about it " * 40) for n in range(8_200))
    assert len(content) > 5_000_000
    path.write_bytes(content)
    say(path, state, Priority("Task 4000", due="2026-12-01"), Priority("Sleep", rank=2))
    assert [one.text for one in top(path, 3)] == ["Task 0", "Sleep", "Task 1"]
    changed = set(path.read_bytes().split(b"\n")) - set(content.split(b"\n"))
    assert sum(b"words" in line for line in changed) == 0
    undo(path, state)
    assert path.read_bytes() == content


def test_a_folder_of_that_name_is_named(path: Path, state: Path) -> None:
    path.mkdir()
    assert "directory" in refused(path, state, StorageError).message


@pytest.mark.parametrize("full", ["workspace", "state"])
def test_no_space_left_says_so_and_what_to_do(
    tmp_path: Path, mount: Callable[[str], Path], full: str
) -> None:
    disk = mount("size=64k")
    path = (disk if full == "workspace" else tmp_path) / "PRIORITIES.md"
    state = (disk if full == "state" else tmp_path) / "known"
    say(path, state)
    before = path.read_bytes()
    with (disk / "filler").open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize)
    with pytest.raises(DiskFullError, match="no space left") as found:
        say(path, state, Priority("Sleep"))
    assert found.value.hint.startswith("Free some space on the disk that holds it")
    assert path.read_bytes() == before
    assert len(history(state)) == 1
    (disk / "filler").unlink()
    assert [one.text for one in say(path, state, Priority("Sleep")).added] == ["Sleep"]
    assert read(path).startswith(before.decode().rstrip("\n"))
