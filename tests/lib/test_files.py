from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clawcortex.errors import BusyError, DiskFullError, ReadOnlyError, StorageError, storage_error
from clawcortex.files import locked, remove_leftovers, write_atomic

Mount = Callable[[str], Path]


def run(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_whole_private_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    before = os.umask(0)
    try:
        write_atomic(path, b"one")
        write_atomic(path, b"two")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["file"]


def test_a_looser_file_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomic(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_full_disk_keeps_the_old_file(mount: Mount) -> None:
    folder = mount("size=64k")
    path = folder / "file"
    write_atomic(path, b"old")
    with pytest.raises(DiskFullError, match="no space left") as caught:
        write_atomic(path, b"x" * 1_000_000)
    assert str(path) in caught.value.message
    assert path.read_bytes() == b"old"
    assert names(folder) == ["file"]
    write_atomic(path, b"fits again")


def test_read_only_disk(mount: Mount) -> None:
    folder = mount("size=64k")
    write_atomic(folder / "file", b"old")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with pytest.raises(ReadOnlyError, match="cannot be written"):
        write_atomic(folder / "file", b"new")
    with pytest.raises(ReadOnlyError), locked(folder / "file"):
        pass
    assert (folder / "file").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EROFS, ReadOnlyError),
        (errno.EACCES, ReadOnlyError),
        (errno.EPERM, ReadOnlyError),
        (errno.EIO, StorageError),
    ],
)
def test_every_fault_names_path_and_next_step(number: int, kind: type[StorageError]) -> None:
    error = storage_error(OSError(number, os.strerror(number)), Path("/state/memory.db"))
    assert type(error) is kind
    assert "/state/memory.db" in error.message
    assert error.hint


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        write_atomic(tmp_path / "none" / "file", b"x")


def test_crash_between_temp_and_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    code = (
        "import os, sys, pathlib; from clawcortex.files import write_atomic\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "write_atomic(pathlib.Path(sys.argv[1]), b'new')"
    )
    writer = run(code, path)
    writer.communicate(timeout=60)
    assert writer.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    leftover = remove_leftovers(tmp_path)
    assert len(leftover) == 1
    assert leftover[0].name.startswith(f".file.{writer.pid}-")
    assert names(tmp_path) == ["file"]


def test_leftovers_of_living_processes_and_other_files_stay(tmp_path: Path) -> None:
    mine = tmp_path / f".file.{os.getpid()}-0123abcd.tmp"
    other = tmp_path / ".notes.tmp"
    mine.touch()
    other.touch()
    assert remove_leftovers(tmp_path) == []


def test_a_reader_sees_one_content_or_the_other_whatever_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = {b"a" * 300_000, b"b" * 300_000}
    code = (
        "import sys, pathlib; from clawcortex.files import write_atomic\n"
        "while True:\n"
        "    for letter in b'ab':\n"
        "        write_atomic(pathlib.Path(sys.argv[1]), bytes([letter]) * 300_000)\n"
        "        sys.stdout.write('.'); sys.stdout.flush()"
    )
    for kills in range(5):
        writer = run(code, path)
        assert writer.stdout is not None
        writer.stdout.read(kills + 1)
        seen = {path.read_bytes() for _ in range(20)}
        writer.kill()
        writer.communicate(timeout=60)
        assert seen | {path.read_bytes()} <= contents
        remove_leftovers(tmp_path)
    assert names(tmp_path) == ["file"]


def test_locked_lets_one_process_in_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "count"
    write_atomic(path, b"0")
    code = (
        "import sys, pathlib; from clawcortex.files import locked, write_atomic\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "for _ in range(25):\n"
        "    with locked(path, seconds=60):\n"
        "        write_atomic(path, str(int(path.read_bytes()) + 1).encode())"
    )
    writers = [run(code, path) for _ in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    for writer in writers:
        writer.communicate()
    assert path.read_bytes() == b"100"
    assert (tmp_path / "count.lock").stat().st_mode & 0o777 == 0o600


def test_locked_says_when_another_process_holds_it_and_frees_what_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = (
        "import sys, pathlib; from clawcortex.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = run(code, path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BusyError, match="in use by another process"), locked(path, seconds=0.05):
        pass
    holder.kill()
    holder.communicate(timeout=60)
    with locked(path, seconds=60):
        pass


def test_locked_keeps_threads_apart(tmp_path: Path) -> None:
    path = tmp_path / "file"
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with locked(path, seconds=60):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
