"""Commands that may be anybody's: run in a process that can compute and nothing else; see `jail`.

    ran = run(["check.py"], files={"check.py": "print(6 * 7)"}, limits=Limits())
    ran.code, ran.output, ran.ended            0, "42", "well"

OpenClaw's own way to run a command has no limits, so that it is not asked: this is a child of ours.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal

from clawcortex.errors import HostError

JAIL = Path(__file__).with_name("jail.py")
PYTHON = os.path.realpath(sys.executable)
END_S = 5.0
OPEN_FILES = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use: seconds by the clock (and of CPU), megabytes of memory, bytes of output."""

    seconds: float = 10.0
    memory_mb: int = 512
    output_bytes: int = 100_000


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    ended: Literal["well", "badly", "late"]
    """By itself with exit code 0, or not; or cut off, since it did not end in time."""
    code: int
    """Its exit code; below 0 the signal that ended it."""
    output: str
    """What it wrote to both of its outputs."""


def run(
    arguments: Sequence[str], *, files: Mapping[str, str], limits: Limits, reads: Sequence[Path] = ()
) -> Ran:
    """Run `python ARGUMENTS` in a folder of its own that holds these files; it can read them, and `reads`.

    Its environment is empty. Raise HostError when this machine cannot confine it: it does not run then.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="clawcortex-") as name:
            folder = Path(name) / "work"
            folder.mkdir()
            for file, text in files.items():
                (folder / file).write_text(text, encoding="utf-8", errors="replace")
            with (Path(name) / "output").open("w+b") as output:
                ended, code = _run(folder, arguments, output.fileno(), limits, reads)
                output.seek(0)
                said = output.read(limits.output_bytes).decode("utf-8", "replace")
    except OSError as error:
        raise HostError(f"no command can be started: {error}", hint="Look at the disk of $TMPDIR.") from error
    return Ran(ended, code, said)


def _run(
    folder: Path, arguments: Sequence[str], output: int, limits: Limits, reads: Sequence[Path]
) -> tuple[Literal["well", "badly", "late"], int]:
    told, tell = os.pipe()
    asked = {
        "argv": [PYTHON, "-I", "-S", "-B", *arguments],
        "told": tell,
        "reads": [str(one) for one in (folder, sys.base_prefix, sys.base_exec_prefix, *reads)],
        "limits": {
            "CPU": ceil(limits.seconds) + 1,
            "AS": limits.memory_mb * 2**20,
            "FSIZE": limits.output_bytes,
            "NOFILE": OPEN_FILES,
            "NPROC": 0,
            "CORE": 0,
        },
    }
    try:
        process = subprocess.Popen(
            [PYTHON, "-I", "-S", "-B", str(JAIL), json.dumps(asked)],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(tell,),
            start_new_session=True,
        )
    except OSError:
        os.close(told)
        raise
    finally:
        os.close(tell)
    try:
        code = process.wait(limits.seconds)
        late = False
    except subprocess.TimeoutExpired:
        late = True
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait(END_S)
        with os.fdopen(told, "rb") as reading:
            why = reading.read().decode("utf-8", "replace")
    if why:
        raise HostError(
            f"this machine cannot confine a command: {why}",
            hint="Code is checked on Linux 5.13 or newer with Landlock and seccomp; elsewhere it is not run.",
            lasting=True,
        )
    return "late" if late else "well" if code == 0 else "badly", code
