"""A command that may be anybody's: what it can, and what it cannot, on the real kernel."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from clawcortex.errors import HostError
from clawcortex.openclaw import confined
from clawcortex.openclaw.confined import Limits, Ran, run


@pytest.fixture(scope="module", autouse=True)
def confinement() -> None:
    """Skip where the machine cannot confine; there nothing runs, which is tested below everywhere."""
    try:
        run(["x.py"], files={"x.py": ""}, limits=Limits())
    except HostError as error:
        pytest.skip(error.message)


def go(code: str, *, seconds: float = 60, reads: tuple[Path, ...] = (), memory_mb: int = 512) -> Ran:
    limits = Limits(seconds, memory_mb, 20_000)
    return run(["x.py"], files={"x.py": code, "beside.txt": "näher"}, limits=limits, reads=reads)


def test_it_computes_and_reads_what_lies_beside_it() -> None:
    ran = go(
        "import sys, asyncio, sqlite3, zoneinfo; asyncio.run(asyncio.sleep(0)); print(open('beside.txt').read())"
    )
    assert (ran.ended, ran.code, ran.output) == ("well", 0, "näher\n")
    assert go("import sys; print('no', file=sys.stderr); sys.exit(3)") == Ran("badly", 3, "no\n")


def test_its_environment_is_empty_and_its_folder_goes() -> None:
    ran = go("import os; print(sorted(os.environ), os.getcwd())")
    assert ran.output.startswith("['LC_ALL', 'PYTHONHASHSEED'] ")
    assert not Path(ran.output.split()[-1]).exists()


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import os; os.fork()",
        "import subprocess; subprocess.run(['true'])",
        "import threading; threading.Thread(target=print).start()",
        "import os; os.kill(os.getppid(), 0)",
        "open('new.txt', 'w')",
        "open('beside.txt', 'a')",
        "import os; os.unlink('beside.txt')",
        "import os; os.mkdir('folder')",
        "import os; os.truncate('beside.txt', 1)",
        "import os; os.chmod('beside.txt', 0o777)",
        "import os; os.chown('beside.txt', os.getuid(), -1)",
        "import os; os.utime('beside.txt')",
        "import os; os.setxattr('beside.txt', 'user.x', b'y')",
        "import os; os.rename('beside.txt', 'other.txt')",
        "import os; os.symlink('beside.txt', 'other.txt')",
        "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), 0)",
        "import os; os.sched_setaffinity(os.getppid(), {0})",
        "import os; os.chroot('.')",
        "import os; os.listdir('/')",
        "open('/etc/passwd')",
        "import os; open(f'/proc/{os.getppid()}/environ').read()",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
    ],
)
def test_it_can_do_nothing_to_anybody(code: str) -> None:
    ran = go(code)
    assert (ran.ended, ran.code) == ("badly", 1), ran.output
    assert "Error: " in ran.output


def test_only_what_is_named_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("42")
    code = f"print(open({str(secret)!r}).read())"
    assert "PermissionError" in go(code).output
    assert go(code, reads=(tmp_path,)).output == "42\n"


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(3600)"])
def test_what_does_not_end_is_ended(code: str) -> None:
    before = {one.pid for one in psutil.Process().children()}
    ran = go(code, seconds=0.5)
    assert (ran.ended, ran.code) == ("late", -signal.SIGKILL)
    assert {one.pid for one in psutil.Process().children()} <= before


def test_memory_and_output_have_bounds() -> None:
    assert "MemoryError" in go("b'x' * 10**9", memory_mb=256).output
    ran = go("while True: print('x' * 1000)")
    assert ran.ended == "badly"
    assert len(ran.output) == 20_000


def test_what_cannot_be_confined_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    jail = tmp_path / "jail.py"
    jail.write_text(
        confined.JAIL.read_text().replace('"x86_64": (', '"vax": (').replace('"aarch64": (', '"pdp": (')
    )
    monkeypatch.setattr(confined, "JAIL", jail)
    with pytest.raises(HostError, match="no confinement for") as raised:
        go(f"open({str(tmp_path / 'ran')!r}, 'w')", reads=(tmp_path,))
    assert raised.value.lasting
    assert not (tmp_path / "ran").exists()


def test_no_descriptor_of_ours_reaches_it(tmp_path: Path) -> None:
    held = os.open(tmp_path / "mine", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(held, True)
    ran = go(f"import os; os.write({held}, b'x')")
    os.close(held)
    assert "Bad file descriptor" in ran.output
