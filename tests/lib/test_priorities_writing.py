"""PRIORITIES.md on disk: whole or as it was, against editors, full disks and killed writers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from clawcortex.errors import (
    BusyError,
    CorruptedError,
    InputError,
    NotFoundError,
    ReadOnlyError,
    StorageError,
)
from clawcortex.files import locked
from clawcortex.priorities import Priority, history, read, swapping, top, undo, update, writing

Python = Callable[..., "subprocess.Popen[str]"]


def alike(_: str, others: Sequence[str]) -> list[float]:
    return [1.0] * len(others)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace" / "PRIORITIES.md"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "priorities"


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_update_makes_the_file_private_and_leaves_nothing_beside_it(path: Path, state: Path) -> None:
    told = update(path, state, [Priority("Build the API")], alike)
    assert [one.text for one in told.added] == ["Build the API"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    assert names(path.parent) == ["PRIORITIES.md"]
    assert [one.id for one in history(state)] == [told.version]


def test_an_update_that_changes_nothing_writes_nothing(path: Path, state: Path) -> None:
    update(path, state, [Priority("Build the API")], alike)
    before = path.stat()
    assert update(path, state, [Priority("build API")], alike).version == ""
    now = path.stat()
    assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "reading may touch the rest"
    assert len(history(state)) == 1


def test_what_is_known_lasts_between_calls(path: Path, state: Path) -> None:
    update(path, state, [Priority("Build the API", due="Monday"), Priority("Call Bob")], alike)
    path.write_text(read(path).replace("Due: Monday", "Due: never"))
    told = update(path, state, [Priority("Build the API", due="Friday")], alike, when="2026-11-23")
    assert [(one.field, one.stands) for one in told.conflicts] == [("due", "never")]
    path.write_text("# Priorities\n")
    assert update(path, state, [Priority("Call Bob")], alike).refused
    assert read(path) == "# Priorities\n"


def test_top_gives_open_items_in_the_person_s_order(path: Path, state: Path) -> None:
    assert top(path) == []
    path.write_text(
        "# Priorities\n1. One\n2. ~~Two~~\n- [ ] Three\n4. Four\n   - Status: Done\n\n## Notes\n1. git pull\n"
    )
    assert [one.text for one in top(path)] == ["One", "Three"]
    assert [one.text for one in top(path, 1)] == ["One"]


def test_undo_restores_the_bytes(path: Path, state: Path) -> None:
    content = "\ufeff# Mine\r\n\r\n1. Call Bob".encode()
    path.write_bytes(content)
    update(path, state, [Priority("call bob", due="Friday"), Priority("Build the API", rank=1)], alike)
    undo(path, state)
    assert path.read_bytes() == content
    with pytest.raises(NotFoundError, match="left to undo"):
        undo(path, state)
    assert len(update(path, state, [Priority("Build the API")], alike).added) == 1


def test_undo_leaves_what_a_person_wrote_since(path: Path, state: Path) -> None:
    path.write_text("1. Call Bob\n")
    update(
        path, state, [Priority("call bob", due="Friday"), Priority("Build the API"), Priority("Sleep")], alike
    )
    path.write_text(read(path).replace("Build the API", "Build my API") + "\nfree words\n")
    told = undo(path, state)
    assert [one.text for one in told.kept] == ["Build my API"]
    assert not told.changed
    assert read(path).startswith("1. Call Bob\n2. Build my API <")
    assert read(path).endswith("\nfree words\n")
    assert "Sleep" not in read(path)
    assert "Friday" not in read(path)


def test_undo_keeps_lines_apart_where_the_last_one_had_no_end(path: Path, state: Path) -> None:
    path.write_text("1. Call Bob")
    update(path, state, [Priority("call bob", due="Friday"), Priority("Sleep")], alike)
    path.write_text(f"{read(path)}\n3. Mine")
    undo(path, state)
    assert read(path) == "1. Call Bob\n3. Mine"


def test_undo_goes_back_write_by_write(path: Path, state: Path) -> None:
    texts = [""]
    for word in ("One", "Two", "Three"):
        update(path, state, [Priority(word)], alike)
        texts.append(read(path))
    for text in reversed(texts[:-1]):
        undo(path, state)
        assert read(path) == text


def test_the_history_is_bounded(path: Path, state: Path) -> None:
    for number in range(5):
        update(path, state, [Priority(f"Task {number}")], alike, keep=3)
    assert len(history(state)) == 3


def test_a_link_and_a_missing_folder_are_refused(path: Path, state: Path) -> None:
    path.write_text("1. Mine\n")
    link = path.with_name("link.md")
    link.symlink_to(path)
    with pytest.raises(InputError, match="is a link"):
        update(link, state, [Priority("x")], alike)
    with pytest.raises(StorageError, match="No such file"):
        update(path.parent / "none" / "file.md", state, [Priority("x")], alike)


def test_a_read_only_disk(mount: Callable[[str], Path], state: Path) -> None:
    disk = mount("size=64k")
    update(disk / "file.md", state, [Priority("Build the API")], alike)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(ReadOnlyError):
        update(disk / "file.md", state, [Priority("Call Bob")], alike)
    assert len(top(disk / "file.md")) == 1


def test_a_damaged_ledger_is_named(path: Path, state: Path) -> None:
    update(path, state, [Priority("Build the API")], alike)
    before = path.read_bytes()
    (state / "known.json").write_bytes(b'{"items": ')
    with pytest.raises(CorruptedError, match=r"known\.json"):
        update(path, state, [Priority("Call Bob")], alike)
    assert path.read_bytes() == before


def test_a_writer_killed_behind_its_rename_is_taken_up(path: Path, state: Path, python: Python) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from clawcortex.priorities import Priority, keeping, update\n"
        "swap = keeping.replace_unless_changed\n"
        "def killed(*given, **named):\n"
        "    swap(*given, **named)\n"
        "    os.kill(os.getpid(), 9)\n"
        "keeping.replace_unless_changed = killed\n"
        "update(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), [Priority('Build the API', due='Monday')], None)"
    )
    writer = python(code, path, state)
    assert writer.wait(60) == -9
    told = update(path, state, [Priority("Build the API", due="Friday")], alike)
    assert not told.conflicts
    assert not told.added
    assert "Due: Friday" in read(path)


def test_a_writer_killed_before_its_rename_never_was(path: Path, state: Path, python: Python) -> None:
    update(path, state, [Priority("Call Bob")], alike)
    code = (
        "import os, sys, pathlib\n"
        "from clawcortex.priorities import Priority, keeping, update\n"
        "keeping.replace_unless_changed = lambda *_, **__: os.kill(os.getpid(), 9)\n"
        "update(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), [Priority('Build the API')], None)"
    )
    before = path.read_bytes()
    assert python(code, path, state).wait(60) == -9
    assert path.read_bytes() == before
    undo(path, state)
    assert path.read_bytes() == b""
    assert len(update(path, state, [Priority("Build the API")], alike).added) == 1


def test_writers_take_turns(path: Path, state: Path, python: Python) -> None:
    code = (
        "import sys, pathlib\n"
        "from clawcortex.priorities import Priority, update\n"
        "path, state, mine = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]\n"
        "for number in range(5):\n"
        "    update(path, state, [Priority(f'Task {mine} {number}')], None, seconds=120)"
    )
    writers = [python(code, path, state, name) for name in ("red", "green", "blue")]
    assert [writer.wait(150) for writer in writers] == [0, 0, 0]
    assert len(top(path, 100)) == 15


def test_a_writer_that_waits_too_long_says_so(path: Path, state: Path) -> None:
    state.mkdir(parents=True)
    with locked(state / "known.json"), pytest.raises(BusyError, match="in use by another process"):
        update(path, state, [Priority("x")], alike, seconds=0.05)


EDITOR = """
import os, pathlib, sys
path = pathlib.Path(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    words = f"{path.read_text()}note {line}"
    if sys.argv[2] == "rename":
        path.with_name("editor.tmp").write_text(words)
        os.replace(path.with_name("editor.tmp"), path)
    else:
        with path.open("a") as file:
            file.write(f"note {line}")
    print("saved", flush=True)
"""


@pytest.fixture
def _exchange(tmp_path: Path) -> None:
    """Skip where the file system cannot exchange two names in one step."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    if not swapping._exchanged(one, other):
        pytest.skip("this file system cannot exchange two names")


def saving_between(monkeypatch: pytest.MonkeyPatch, save: Callable[[], None]) -> list[str]:
    """Let an editor save between our last look at the file and the rename, in the first three tries."""
    calls: list[str] = []
    exchanged = swapping._exchanged

    def at(one: Path, other: Path) -> bool:
        calls.append(other.name)
        if len(calls) < 6 and len(calls) % 2 == 1:  # every second one puts back
            save()
        return exchanged(one, other)

    monkeypatch.setattr(swapping, "_exchanged", at)
    return calls


@pytest.mark.usefixtures("_exchange")
@pytest.mark.parametrize("how", ["rename", "append"])
def test_an_editor_that_saves_between_the_last_look_and_the_rename_loses_nothing(
    path: Path, state: Path, python: Python, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path.write_text("# Priorities\n")
    editor = python(EDITOR, path, how)
    assert editor.stdin is not None
    assert editor.stdout is not None
    assert editor.stdout.readline() == "ready\n"
    saved: list[int] = []

    def save() -> None:
        assert editor.stdin is not None
        assert editor.stdout is not None
        saved.append(len(saved))
        editor.stdin.write(f"{saved[-1]}\n")
        editor.stdin.flush()
        assert editor.stdout.readline() == "saved\n"

    calls = saving_between(monkeypatch, save)
    told = update(path, state, [Priority("Build the API")], alike)
    assert len(told.added) == 1
    assert len(calls) == 7, "three times put back, once kept"
    assert saved == [0, 1, 2]
    assert [line for line in read(path).splitlines() if line.startswith("note")] == [
        "note 0",
        "note 1",
        "note 2",
    ]
    assert len(top(path)) == 1
    assert names(path.parent) == ["PRIORITIES.md"]


@pytest.mark.usefixtures("_exchange")
def test_a_save_after_the_exchange_is_the_newest_and_stays(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("# Priorities\n")
    calls: list[bool] = []
    exchanged = swapping._exchanged

    def at(one: Path, other: Path) -> bool:
        calls.append(True)
        if len(calls) in (1, 2):
            path.write_text(f"# Priorities\nsave {len(calls)}\n")
        return exchanged(one, other)

    monkeypatch.setattr(swapping, "_exchanged", at)
    assert update(path, state, [Priority("Build the API")], alike).added
    assert "save 2\n" in read(path)
    assert "Build the API" in read(path)


@pytest.mark.usefixtures("_exchange")
def test_a_file_that_is_saved_again_and_again_is_left_to_its_editor(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("# Priorities\n")

    def save() -> None:
        path.write_text(f"{path.read_text()}saved\n")

    saving_between(monkeypatch, save)
    monkeypatch.setattr(writing, "TRIES", 3)
    with pytest.raises(BusyError, match="saved again and again") as found:
        update(path, state, [Priority("Build the API")], alike)
    assert found.value.hint == "Close it there, then call again."
    assert set(path.read_text().splitlines()) == {"# Priorities", "saved"}
    assert history(state) == []
    assert names(path.parent) == ["PRIORITIES.md"]


@pytest.mark.usefixtures("_exchange")
def test_what_an_editor_still_writes_into_the_replaced_file_is_kept_and_told(path: Path, state: Path) -> None:
    path.write_text("# Priorities\n")
    with path.open("a") as editor:
        update(path, state, [Priority("Build the API")], alike)
        editor.write("late words\n")
    kept = history(state)[0].before
    assert kept.read_text() == "# Priorities\nlate words\n"
    told = update(path, state, [Priority("Call Bob")], alike)
    assert [(one.field, one.said) for one in told.conflicts] == [("save", str(kept))]
    assert not update(path, state, [Priority("Sleep")], alike).conflicts


def test_editors_and_writers_at_once_lose_no_save(path: Path, state: Path, python: Python) -> None:
    path.write_text("# Priorities\n")
    code = (
        "import os, pathlib, sys\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "for number in range(200):\n"
        "    new = path.with_name('editor.tmp')\n"
        "    new.write_text(f'# Priorities\\nnote {number}\\n')\n"
        "    os.replace(new, path)\n"
        "print('done', flush=True)"
    )
    editor = python(code, path)
    rounds = 0
    while editor.poll() is None:
        rounds += 1
        update(path, state, [Priority(f"Task {rounds}")], alike)
    assert editor.returncode == 0
    assert "note 199\n" in read(path), "the editor's last save stands, whatever came between"
    update(path, state, [Priority("The last one")], alike)
    assert "note 199\n" in read(path)
    assert "The last one" in read(path)


def test_without_an_exchange_of_names_a_changed_file_is_still_seen(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_renamer", lambda: None)
    update(path, state, [Priority("Build the API")], alike)
    update(path, state, [Priority("Call Bob")], alike)
    assert len(top(path)) == 2
    temp = path.with_name("other")
    assert not swapping.replace_unless_changed(path, b"something else", b"new", old=temp)
    assert not swapping.replace_unless_changed(path, None, b"new", old=temp)
    assert len(top(path)) == 2
    assert names(path.parent) == ["PRIORITIES.md"]


def test_the_ledger_is_plain_json(path: Path, state: Path) -> None:
    update(path, state, [Priority("Build the API 🚀")], alike)
    assert list(json.loads((state / "known.json").read_bytes())) == ["items"]
    assert (state / "known.json").stat().st_mode & 0o777 == 0o600
    assert (state / "history").stat().st_mode & 0o777 == 0o700
